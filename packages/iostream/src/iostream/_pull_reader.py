"""The receiver behind the ``read_*`` methods."""

from __future__ import annotations

import logging
import weakref
from typing import TYPE_CHECKING
from typing import Final
from typing import TypeVar

from ._errors import StreamBufferFullError
from ._errors import StreamClosedError
from ._errors import UnsatisfiableReadError
from ._into_buffer import IntoBuffer
from ._pending_read import NOT_YET
from ._pending_read import PendingRead
from ._receive_buffer import ReceiveBuffer
from ._states import Input
from ._states import Life

if TYPE_CHECKING:
    from ._input import InputHalf

logger = logging.getLogger(__name__)

_ReadT = TypeVar("_ReadT", bound=PendingRead)

# The readable event and every read compare with these: a global is found faster than a member.
_IDLE: Final = Input.IDLE
_FLOWING: Final = Input.FLOWING
_CLOSED: Final = Life.CLOSED


class PullReader:
    """Turns what is pushed into answers to one read at a time.

    Input flows only while a read is pending that the inbox can't satisfy (and, into an empty
    inbox, while a close callback wants to know when the peer goes away). So what nobody has asked
    for stays in the kernel, where it slows down the peer, and where ``start_tls`` can take over.

    The read belongs to the caller. A weak reference to it tells when it was dropped without being
    awaited, as by ``asyncio.wait_for`` when its time is up before it begins.
    """

    __slots__ = ("_error", "_inbox", "_read", "_stream")

    def __init__(self, stream: InputHalf, inbox: ReceiveBuffer) -> None:
        self._stream: InputHalf | None = stream  # None once it is closed, or lets go of us
        self._inbox = inbox
        self._error: BaseException | None = None
        self._read: weakref.ref[PendingRead] | None = None

    def pending(self) -> PendingRead | None:
        """The read that is not over: not satisfied yet, or not awaited yet."""
        return None if self._read is None else self._read()

    def start(self, read: _ReadT) -> _ReadT:
        """Begin ``read``; it may be satisfied at once."""
        if self._read is not None:
            self._refuse_second()
        stream = self._stream
        if stream is None or stream._life is _CLOSED:
            return self._start_closed(read)
        read.source = self
        read.size = NOT_YET
        read.waiter = None
        read.failure = None
        self._read = weakref.ref(read)
        if self._inbox.size:
            self._advance(stream, read)
            if read.size >= 0:
                return read
        if stream._input is _IDLE and stream._watching_read and type(read) is not IntoBuffer:
            stream._input = _FLOWING
        else:
            self.flow()
        return read

    def start_empty(self, read: _ReadT) -> _ReadT:
        """Begin a ``read`` of no bytes: it is satisfied whatever state the stream is in."""
        if self._read is not None:
            self._refuse_second()
        read.source = self
        read.size = 0
        read.waiter = None
        read.failure = None
        self._read = weakref.ref(read)
        return read

    def flow(self) -> None:
        """Let input flow if anything is wanted of it."""
        stream = self._stream
        if stream is None or stream._life is _CLOSED or stream._input is Input.PAUSED:
            return
        read = self.pending()
        if read is not None and read.size >= 0:
            return
        if stream._input is Input.ENDED:
            self.eof_received()
        elif isinstance(read, IntoBuffer):
            stream._start_input(Input.FILLING)
        elif read is not None or (stream._close_callback is not None and not self._inbox.size):
            stream._start_input(_FLOWING)

    def leave(self) -> None:
        """The stream gets another receiver."""
        self._stream = None

    # ---- Called by the stream ----

    def data_received(self, data: bytes) -> None:
        """Bytes arrived: see whether the pending read is satisfied now."""
        inbox = self._inbox
        inbox.append(data)
        stream = self._stream
        if stream is not None:
            read = None if self._read is None else self._read()
            if read is None:  # it was dropped, or there was none: they are for the next
                stream._input = _IDLE
            else:
                self._advance(stream, read)

    def vacancy(self) -> memoryview | None:
        """Where the bytes for ``read_into`` go; None if that is not what is pending."""
        read = self.pending()
        return read.vacancy() if isinstance(read, IntoBuffer) else None

    def filled(self, size: int) -> None:
        """``size`` bytes went there."""
        read = self.pending()
        if isinstance(read, IntoBuffer) and self._stream is not None:
            read.filled(size)
            self._advance(self._stream, read)

    def eof_received(self) -> None:
        """Nothing more will come: a read that is pending ends, and with it the stream.

        While none is pending the stream stays open, so that what is still to be written goes out;
        unless somebody has asked to be told when the peer goes away.
        """
        stream = self._stream
        if stream is None:
            return
        read = self.pending()
        if read is None:
            if stream._close_callback is None or self._inbox.size:
                return
        elif read.size < 0:
            self._end(read)
        stream.close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """The stream is closed. What is in the inbox can still be read."""
        self._stream = None
        self._error = exc
        read = self.pending()
        if read is not None and read.size < 0:
            if exc is None:
                self._end(read)
            if read.size < 0:
                read.fail(StreamClosedError(real_error=exc))
                self.give_up(read)

    # ---- Called by the read ----

    def take(self, size: int) -> bytes:
        """Take ``size`` bytes for the read that is satisfied: it is over."""
        self._read = None
        data = self._inbox.take(size)
        if self._stream is not None and self._stream._close_callback is not None:
            self.flow()
        return data

    def give_up(self, read: PendingRead) -> None:
        """Nobody waits for ``read`` any more: its bytes are for the next one."""
        if isinstance(read, IntoBuffer):
            data = read.take_back()
            if data:
                self._inbox.prepend(data)
        if self.pending() in (None, read):
            self._read = None
            stream = self._stream
            if stream is not None and (stream._input is _FLOWING or stream._input is Input.FILLING):
                stream._input = _IDLE
                self.flow()

    # ---- Inside ----

    def _refuse_second(self) -> None:
        if self.pending() is not None:
            if self._stream is None or self._stream.closed():
                raise self._closed_error()
            raise RuntimeError("Already reading")

    def _start_closed(self, read: _ReadT) -> _ReadT:
        read.source = self
        read.waiter = None
        read.failure = None
        try:
            read.size = read.ready_at_end(self._inbox)
        except UnsatisfiableReadError as exc:
            raise StreamClosedError(real_error=exc) from None
        if read.size == NOT_YET:
            self.give_up(read)
            raise self._closed_error()
        self._read = weakref.ref(read)
        return read

    def _closed_error(self) -> StreamClosedError:
        stream = self._stream
        return StreamClosedError(real_error=self._error if stream is None else stream.error)

    def _end(self, read: PendingRead) -> None:
        size = read.ready_at_end(self._inbox)
        if size >= 0:
            read.satisfy(size)

    def _advance(self, stream: InputHalf, read: PendingRead) -> None:
        """See whether ``read`` is satisfied, now that the inbox is as it is."""
        try:
            size = read.ready(self._inbox)
        except UnsatisfiableReadError as exc:
            logger.info("Closing %r: %s", stream, exc)
            stream._fail(exc)
            return
        if size >= 0:
            if stream._input is _FLOWING or stream._input is Input.FILLING:
                stream._input = _IDLE
            read.size = size
            waiter = read.waiter
            if waiter is not None and not waiter.done():
                waiter.set_result(None)
        elif self._inbox.size > stream.max_buffer_size:
            limit = f"more than {stream.max_buffer_size} bytes (max_buffer_size) were buffered"
            stream._fail(StreamBufferFullError(limit))
