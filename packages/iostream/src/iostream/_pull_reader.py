"""The receiver behind the ``read_*`` methods."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING
from typing import Any
from typing import TypeVar

from ._errors import StreamBufferFullError
from ._errors import StreamClosedError
from ._errors import UnsatisfiableReadError
from ._into_buffer import IntoBuffer
from ._read_future import NOT_YET
from ._read_future import ReadFuture
from ._receive_buffer import ReceiveBuffer
from ._states import CLOSED
from ._states import FILLING
from ._states import FLOWING
from ._states import IDLE
from ._states import INPUT_ENDED
from ._states import OPEN
from ._states import PAUSED

if TYPE_CHECKING:
    from ._input import InputHalf

logger = logging.getLogger(__name__)

# What a read results in is between it and the caller.
_ReadT = TypeVar("_ReadT", bound=ReadFuture[Any])


class PullReader:
    """Turns what is pushed into answers to one read at a time.

    Input flows only while a read is pending that the inbox can't satisfy (and, into an empty
    inbox, while a close callback wants to know when the peer goes away). So what nobody has asked
    for stays in the kernel, where it slows down the peer, and where ``start_tls`` can take over.

    Mostly a piece comes into an empty inbox and is all that was asked for. For it the inbox is
    filled and emptied here, as its own methods would: two calls less for each read.
    """

    __slots__ = ("_error", "_inbox", "_read", "_stream", "loop")

    def __init__(self, stream: InputHalf, inbox: ReceiveBuffer) -> None:
        self._stream: InputHalf | None = stream  # None once it is closed, or lets go of us
        self.loop = stream._loop
        self._inbox = inbox
        self._error: BaseException | None = None
        # The last read, until it is over and its bytes have been taken.
        self._read: ReadFuture[Any] | None = None

    def busy(self) -> bool:
        """Whether a read is pending."""
        return self._read is not None and self._read.size < 0

    def start(self, read: _ReadT) -> _ReadT:
        """Begin ``read``; it may be satisfied at once."""
        if self._read is not None:
            self._finish_last()
        stream = self._stream
        read.source = self
        read.size = NOT_YET
        read.waiter = None
        read.failure = None
        read.collected = None
        if stream is None or stream._life is CLOSED:
            self._start_closed(read)
            return read
        self._read = read
        if self._inbox.size:
            self._advance(stream, read)
            if read.size >= 0:
                return read
        if stream._input is IDLE and stream._watching_read and type(read) is not IntoBuffer:
            stream._input = FLOWING
        elif stream._watching_read or stream.watch_later or stream._life is not OPEN:
            self.flow()
        else:
            # The loop does not watch the descriptor, and is asked to only if nothing is there yet.
            stream.watch_later = True
            self.flow()
            stream.receive_now()
        return read

    def start_empty(self, read: _ReadT) -> _ReadT:
        """Begin a ``read`` of no bytes: it is satisfied whatever state the stream is in."""
        if self._read is not None:
            self._finish_last()
        read.source = self
        read.waiter = None
        read.failure = None
        read.collected = None
        read.satisfy(0)
        self._read = read
        return read

    def flow(self) -> None:
        """Let input flow if anything is wanted of it."""
        stream = self._stream
        if stream is None or stream._life is CLOSED or stream._input is PAUSED:
            return
        read = self._read
        if read is not None and read.size >= 0:
            return
        if stream._input is INPUT_ENDED:
            self.eof_received()
        elif isinstance(read, IntoBuffer):
            stream._start_input(FILLING)
        elif read is not None or (stream._close_callback is not None and not self._inbox.size):
            stream._start_input(FLOWING)

    def leave(self) -> None:
        """The stream gets another receiver."""
        self._stream = None

    # ---- Called by the stream ----

    def data_received(self, data: bytes) -> None:
        """Bytes arrived: see whether the pending read is satisfied now."""
        inbox = self._inbox
        if inbox.size:
            inbox.append(data)
        else:
            inbox.data = data
            inbox.start = 0
            inbox.size = len(data)
        stream = self._stream
        if stream is not None:
            read = self._read
            if read is None or read.size >= 0:  # they are for the next
                stream._input = IDLE
            else:
                self._advance(stream, read)

    def vacancy(self) -> memoryview | None:
        """Where the bytes for ``read_into`` go; None if that is not what is pending."""
        read = self._read
        return read.vacancy() if isinstance(read, IntoBuffer) and read.size < 0 else None

    def filled(self, size: int) -> None:
        """``size`` bytes went there."""
        read = self._read
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
        if self.busy():
            self._end()
        elif stream._close_callback is None or self._inbox.size:
            return
        stream.close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """The stream is closed. What is in the inbox can still be read."""
        self._stream = None
        self._error = exc
        if exc is None and self.busy():
            self._end()
        read = self._read
        self._read = None
        if read is not None:
            if read.size < 0:
                self._keep(read.give_back())
                read.fail(StreamClosedError(real_error=exc))
            elif read.collected is None:
                read.collected = read.collect()

    # ---- Called by the read ----

    def take(self, size: int) -> bytes:
        """Take ``size`` bytes for the read that is satisfied: it is over."""
        self._read = None
        inbox = self._inbox
        data = inbox.data
        if size == inbox.size and not inbox.start and type(data) is bytes:
            inbox.data = b""
            inbox.size = 0
        else:
            data = inbox.take(size)
        if self._stream is not None and self._stream._close_callback is not None:
            self.flow()
        return data

    def give_up(self, read: ReadFuture[Any]) -> None:
        """Nobody waits for ``read`` any more: its bytes are for the next one."""
        if read.failure is None:
            self._keep(read.give_back())
            read.failure = asyncio.CancelledError()
        if self._read is read:
            self._read = None
            stream = self._stream
            if stream is not None and (stream._input is FLOWING or stream._input is FILLING):
                stream._input = IDLE
                self.flow()

    # ---- Inside ----

    def _finish_last(self) -> None:
        """A new read begins: let the last one have its bytes. Raises when it has none yet."""
        read = self._read
        if read is not None:
            if read.size < 0:
                if self._stream is None or self._stream.closed():
                    raise self._closed_error()
                raise RuntimeError("Already reading")
            if read.collected is None:
                read.collected = read.collect()
            self._read = None

    def _start_closed(self, read: ReadFuture[Any]) -> None:
        try:
            size = read.ready_at_end(self._inbox)
        except UnsatisfiableReadError as exc:
            raise StreamClosedError(real_error=exc) from None
        if size == NOT_YET:
            self._keep(read.give_back())
            raise self._closed_error()
        read.satisfy(size)
        read.collected = read.collect()

    def _keep(self, data: bytes) -> None:
        if data:
            self._inbox.prepend(data)

    def _closed_error(self) -> StreamClosedError:
        stream = self._stream
        return StreamClosedError(real_error=self._error if stream is None else stream.error)

    def _end(self) -> None:
        """Ask the pending read for the last time."""
        read = self._read
        if read is not None:
            size = read.ready_at_end(self._inbox)
            if size >= 0:
                read.satisfy(size)

    def _advance(self, stream: InputHalf, read: ReadFuture[Any]) -> None:
        """See whether ``read`` is satisfied, now that the inbox is as it is."""
        try:
            size = read.ready(self._inbox)
        except UnsatisfiableReadError as exc:
            logger.info("Closing %r: %s", stream, exc)
            stream._fail(exc)
            return
        if size >= 0:
            if stream._input is FLOWING or stream._input is FILLING:
                stream._input = IDLE
            read.satisfy(size)
        elif self._inbox.size > stream.max_buffer_size:
            limit = f"more than {stream.max_buffer_size} bytes (max_buffer_size) were buffered"
            stream._fail(StreamBufferFullError(limit))
