"""The input of a stream: who is given what arrives, and when."""

from __future__ import annotations

import logging
from typing import Final

from ._mypyc import mypyc_attr
from ._output import OutputHalf
from ._pull_reader import PullReader
from ._receive_buffer import ReceiveBuffer
from ._receiver import Receiver
from ._states import BLOCKED
from ._states import CLOSED
from ._states import CONNECTING
from ._states import FILLING
from ._states import FLOWING
from ._states import HELD
from ._states import IDLE
from ._states import INPUT_ENDED
from ._states import OPEN
from ._states import PAUSED
from ._states import Input

logger = logging.getLogger(__name__)

# The first receive of a connection asks for this much: enough for any usual request head, and
# from the allocator's point of view still a cheap block. It doubles whenever a receive filled it.
_FIRST_RECEIVE: Final = 8192

# How far it grows unless read_chunk_size says otherwise. The kernel copies into a block of this size
# that is still in the cache from the time before: with four times as much every byte costs a sixth
# more, and with half as much the calls do.
_LARGEST_RECEIVE: Final = 98304

# How many receives one event may bring, as long as each was full, so that a large body does not cost
# an event for each; then it is the turn of the other streams.
_MOST_AT_ONCE: Final = 8

_MAX_BUFFER_SIZE: Final = 100 * 1024 * 1024

# The inbox of every stream until something is to be kept in it: a receiver takes all there is.
_NEVER_FILLED: Final = ReceiveBuffer()


@mypyc_attr(allow_interpreted_subclasses=True)
class InputHalf(OutputHalf):
    """A descriptor that can also be read from.

    The receiver, if there is one, gets what arrives; the ``read_*`` methods put one of their own
    there. ``_inbox`` has what arrived and was not used: it goes first.
    """

    __slots__ = (
        "_inbox",
        "_pull",
        "_receive_ceiling",
        "_receive_floor",
        "_receive_size",
        "bytes_received",
        "max_buffer_size",
        "read_chunk_size",
    )

    def __init__(
        self,
        max_buffer_size: int | None = None,
        read_chunk_size: int | None = None,
        max_write_buffer_size: int | None = None,
    ) -> None:
        # Not by super(), here and in the other constructors of streams: each would cost a
        # connection as much as all of its attributes.
        OutputHalf.__init__(self, max_write_buffer_size)
        limit = max_buffer_size or _MAX_BUFFER_SIZE
        chunk = read_chunk_size or _LARGEST_RECEIVE
        if chunk > limit:
            # Never more at once than a reader may keep, so that the limit holds within one chunk.
            chunk = limit
        self.max_buffer_size = limit
        self.read_chunk_size = chunk
        self.bytes_received = 0
        self._pull: PullReader | None = None
        self._inbox = _NEVER_FILLED
        self._receive_size = _FIRST_RECEIVE if chunk > _FIRST_RECEIVE else chunk
        # A receive of as many bytes as the floor or fewer, or as the ceiling or more, changes the
        # size, or is the end of input: one comparison in the readable event covers all three.
        self._receive_floor = 0
        self._receive_ceiling = self._receive_size

    def reading(self) -> bool:
        """Whether a read is pending."""
        return self._pull is not None and self._pull.busy()

    @property
    def receiver(self) -> Receiver | None:
        """What `set_receiver` was given last; None as well once the stream is closed."""
        return self._receiver if self._pull is None else None

    def set_receiver(self, receiver: Receiver | None) -> None:
        """Have ``receiver`` called with everything that arrives, from now on.

        Bytes that are buffered already are delivered at once, before this method returns, unless
        reading is paused. None detaches the receiver; it is not told, and the ``read_*`` methods
        work again. Replacing one receiver by another is fine at any moment, from inside
        ``data_received`` too.

        Raises `StreamClosedError`, and `RuntimeError` while a read is pending.
        """
        if receiver is not None and self._life is CLOSED:
            self._check_open()
        if self._pull is not None:
            if self._pull.busy():
                raise RuntimeError("A read is pending")
            self._pull.leave()
            self._pull = None
        self._receiver = receiver
        if self._input is INPUT_ENDED:
            self._deliver_rest()
        elif self._input is not PAUSED:
            self._input = IDLE
            if receiver is not None and self._inbox.size:
                self._deliver(self._inbox.take(self._inbox.size))
            if self._receiver is receiver and self._input is IDLE:
                self._flow()

    def unread(self, data: bytes) -> None:
        """Give back ``data``, the end of what was received and was not used.

        Whoever reads next gets it first: a pull method, the next receiver, or the present one in
        the loop's next round. ``start_tls`` refuses to begin while such bytes are there.
        """
        if data:
            self._own_inbox().prepend(data)
            if self._input is FLOWING and self._pull is None:
                self._hold()

    def pause_reading(self) -> None:
        """Deliver nothing until `resume_reading`. Does nothing when reading is paused already."""
        if self._input is not INPUT_ENDED:
            self._input = PAUSED

    def resume_reading(self) -> None:
        """Deliver again: first, in the loop's next round, what is buffered."""
        if self._input is PAUSED:
            self._input = IDLE
            self._flow()

    def receive_now(self) -> None:
        """Receive what has come already, if somebody waits for it, as if the loop had told of it.

        With ``watch_later`` the loop is asked to watch the descriptor from here on, unless that
        is of no use now: the stream is closed, or has what somebody waited for.
        """
        if self._watching_read:
            self._receive_and_announce()
        if self.watch_later:
            self.watch_later = False
            if self._input is IDLE:
                self._watching_read = False  # the next read will ask
            elif self._watching_read:
                self._watch_read()

    def _receive_and_announce(self) -> None:
        """Receive; if that was the end of the stream, tell its receiver before this returns.

        It would be told by the loop, in its next round, so that it is not called while something
        of its own runs. Here nothing does, once the readable event is over, and the round is saved.
        """
        if self._corks or self._close_callback is not None:
            self._on_readable()
            return
        self._announced_here = True
        try:
            self._on_readable()
        finally:
            self._announced_here = False
            if self._life is CLOSED:
                self._announce()

    def _flow(self) -> None:
        """Leave `Input.IDLE` for the state in which whoever reads gets what it wants."""
        if self._life is CLOSED:
            return
        if self._pull is not None:
            self._pull.flow()
        elif self._receiver is not None:
            if self._inbox.size:
                self._hold()
            else:
                self._start_input(FLOWING)

    def _hold(self) -> None:
        self._input = HELD
        self._loop.call_soon(self._release_inbox)

    def _release_inbox(self) -> None:
        if self._input is HELD and self._life is not CLOSED:
            self._input = FLOWING
            if self._inbox.size:
                self._deliver(self._inbox.take(self._inbox.size))
            if self._input is FLOWING:
                self._start_input(FLOWING)

    def _start_input(self, state: Input) -> None:
        """Let input flow, or fill the buffer of ``read_into``."""
        self._input = state
        if self._life is OPEN:
            self._start_watching_read()

    # ---- What arrives ----

    def _on_readable(self) -> None:
        """The hot path. See performance.md before adding anything to it."""
        if self._input is not FLOWING:
            self._on_readable_aside()
            return
        receives = _MOST_AT_ONCE
        while True:
            asked = self._receive_size
            try:
                data = self._recv(asked)
            except BlockingIOError:
                return
            except OSError as exc:
                self._fail(exc)
                return
            if data is None:
                return
            size = len(data)
            if not self._receive_floor < size < self._receive_ceiling:
                if not size:
                    self._on_end()
                    return
                self._adapt_receive_size(size)
            self.bytes_received += size
            receiver = self._receiver
            assert receiver is not None
            self._corks += 1
            try:
                receiver.data_received(data)
            except BaseException as exc:
                self._receiver_failed(exc)
            if self._corked and self._corks == 1:
                self._turn.uncork(self)
            else:
                self._corks -= 1
            if size < asked:
                return
            # As much as was asked for: most likely there is more.
            receives -= 1
            if not receives or self._input is not FLOWING:
                return
            del data  # or the next one could not have its place in memory

    def _on_readable_aside(self) -> None:
        """The descriptor is readable and input does not flow."""
        if self._input is FILLING:
            self._fill()
        else:
            self._stop_watching_read()

    def _fill(self) -> None:
        """Receive into the buffer of ``read_into``."""
        vacancy = None if self._pull is None else self._pull.vacancy()
        if vacancy is None:  # the read was dropped
            self._input = IDLE
            return
        try:
            received = self.read_from_fd(vacancy)
        except OSError as exc:
            self._fail(exc)
            return
        if received:
            self.bytes_received += received
            if self._pull is not None:
                self._pull.filled(received)
        elif received == 0:
            self._on_end()

    def _adapt_receive_size(self, size: int) -> None:
        """A receive was full, or used a small part of what it asked for: ask for more, or less.

        Less matters because ``recv`` allocates all that it asks for before it knows what it gets.
        """
        wanted = self._receive_size
        wanted = wanted * 2 if size >= wanted else wanted // 2
        first = min(_FIRST_RECEIVE, self.read_chunk_size)
        self._receive_size = max(first, min(wanted, self.read_chunk_size))
        # Shrink when less than an eighth comes; at the smallest size only the end stands out. What
        # fills the largest size changes nothing.
        size = self._receive_size
        self._receive_floor = 0 if size == first else size // 8
        self._receive_ceiling = size if size < self.read_chunk_size else size + 1

    def _deliver(self, data: bytes) -> None:
        """Hand ``data`` to the receiver as the readable event does."""
        if self._receiver is not None:
            self._corks += 1
            try:
                self._receiver.data_received(data)
            except BaseException as exc:
                self._receiver_failed(exc)
            self.uncork()

    def _deliver_rest(self) -> None:
        """Hand the receiver what is left of an input that has ended."""
        if self._receiver is not None:
            if self._inbox.size:
                self._deliver(self._inbox.take(self._inbox.size))
            self._deliver_end()

    def _on_end(self) -> None:
        """The peer will send nothing more."""
        self._input = INPUT_ENDED
        self._stop_watching_read()
        self._deliver_end()

    def _deliver_end(self) -> None:
        if self._receiver is not None and self._life is not CLOSED:
            self._corks += 1
            try:
                self._receiver.eof_received()
            except BaseException as exc:
                self._receiver_failed(exc)
            self.uncork()

    def _receiver_failed(self, exc: BaseException) -> None:
        if isinstance(exc, (KeyboardInterrupt, SystemExit)):
            self._fail(exc)
            raise exc
        logger.error("Receiver %r raised: closing %r", self._receiver, self, exc_info=exc)
        self._fail(exc)

    # ---- Pull ----

    def _reader(self) -> PullReader:
        """The reader behind the five methods, made at the first of them."""
        if self._pull is None:
            if self._receiver is not None:
                raise RuntimeError("The stream has a receiver: set_receiver(None) before reading")
            self._pull = PullReader(self, self._own_inbox())
            if self._life is CLOSED:
                self._pull.connection_lost(self.error)
            else:
                self._receiver = self._pull
        return self._pull

    def _own_inbox(self) -> ReceiveBuffer:
        if self._inbox is _NEVER_FILLED:
            self._inbox = ReceiveBuffer()
        return self._inbox

    def _notice_end(self) -> None:
        if self._receiver is None:
            self._reader()
        if self._pull is not None:
            self._pull.flow()

    # ---- Connecting ----

    def _connecting(self) -> None:
        """Have everything wait until `_open`."""
        self._life = CONNECTING
        self._output = BLOCKED

    def _open(self) -> None:
        """The connection stands: let go what waited for it."""
        self._life = OPEN
        if self._input is FLOWING or self._input is FILLING:
            self._start_input(self._input)
        self._on_writable()
