"""The receiver behind the ``read_*`` methods."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING
from typing import Final

from ._errors import StreamBufferFullError
from ._errors import StreamClosedError
from ._errors import UnsatisfiableReadError
from ._fail_quietly import fail_quietly
from ._into_buffer import IntoBuffer
from ._pending_read import NOT_YET
from ._pending_read import PendingRead
from ._receive_buffer import ReceiveBuffer
from ._states import Input

if TYPE_CHECKING:
    from ._input import InputHalf

logger = logging.getLogger(__name__)

# The readable event and every read compare with these: a global is found faster than a member.
_IDLE: Final = Input.IDLE
_FLOWING: Final = Input.FLOWING


class PullReader:
    """Turns what is pushed into answers to one read at a time.

    Input flows only while a read is pending that the inbox can't satisfy (and, into an empty
    inbox, while a close callback wants to know when the peer goes away). So what nobody has asked
    for stays in the kernel, where it slows down the peer, and where ``start_tls`` can take over.
    """

    __slots__ = ("_error", "_future", "_inbox", "_into", "_loop", "_read", "_stream")

    def __init__(self, stream: InputHalf, inbox: ReceiveBuffer) -> None:
        self._stream: InputHalf | None = stream  # None once it is closed, or lets go of us
        self._loop = stream._loop
        self._inbox = inbox
        self._error: BaseException | None = None
        self._read: PendingRead | None = None
        self._future: asyncio.Future[bytes] | None = None
        self._into: IntoBuffer | None = None

    def busy(self) -> bool:
        """Whether a read is pending that is still waited for."""
        if self._into is not None:
            return not self._into.future.done()
        return self._future is not None and not self._future.done()

    def start(self, read: PendingRead) -> asyncio.Future[bytes]:
        """Begin ``read``; the Future may be done at once."""
        if self._read is not None:
            self._refuse_second()
        stream = self._stream
        if stream is None or stream.closed():
            return self._start_closed(read)
        future: asyncio.Future[bytes] = asyncio.Future(loop=self._loop)
        self._read = read
        self._future = future
        if not self._inbox.size or not self._advance(stream):
            if stream._input is _IDLE and stream._watching_read:
                stream._input = _FLOWING
            else:
                self.flow()
        return future

    def _start_closed(self, read: PendingRead) -> asyncio.Future[bytes]:
        try:
            size = read.ready_at_end(self._inbox)
        except UnsatisfiableReadError as exc:
            raise StreamClosedError(real_error=exc) from None
        if size == NOT_YET:
            raise self._closed_error()
        return self._done(self._inbox.take(size))

    def start_empty(self) -> asyncio.Future[bytes]:
        """A read of no bytes: it is done at once, whatever state the stream is in."""
        self._refuse_second()
        return self._done(b"")

    def start_into(self, view: memoryview, partial: bool) -> asyncio.Future[int]:
        """Begin to fill ``view``; the Future may be done at once."""
        self._refuse_second()
        size = len(view)
        future: asyncio.Future[int] = asyncio.Future(loop=self._loop)
        into = IntoBuffer(view, min(size, 1) if partial else size, future)
        if into.filled(self._inbox.take_into(view)):
            future.set_result(into.finish())
            return future
        stream = self._stream
        if stream is None or stream.closed():
            into.give_back(self._inbox)
            raise self._closed_error()
        self._into = into
        future.add_done_callback(self._into_done)
        self.flow()
        return future

    def flow(self) -> None:
        """Let input flow if anything is wanted of it."""
        stream = self._stream
        if stream is None or stream._input is Input.PAUSED:
            return
        if stream._input is Input.ENDED:
            self.eof_received()
        elif self._into is not None:
            stream._start_input(Input.FILLING)
        elif self._read is not None or (
            stream._close_callback is not None and not self._inbox.size
        ):
            stream._start_input(Input.FLOWING)

    def leave(self) -> None:
        """The stream gets another receiver."""
        self._stream = None

    # ---- Called by the stream ----

    def data_received(self, data: bytes) -> None:
        """Bytes arrived: see whether the pending read is satisfied now."""
        self._inbox.append(data)
        stream = self._stream
        if stream is not None and self._advance(stream):
            if stream._close_callback is None:
                stream._input = _IDLE
            else:
                self._rest(stream)

    def vacancy(self) -> memoryview:
        """Where the bytes for ``read_into`` go."""
        assert self._into is not None
        return self._into.vacancy()

    def filled(self, size: int) -> None:
        """``size`` bytes went there."""
        into = self._into
        assert into is not None
        if into.filled(size):
            self._into = None
            if not into.future.done():
                into.future.set_result(into.finish())
            if self._stream is not None:
                self._rest(self._stream)

    def eof_received(self) -> None:
        """Nothing more will come: a read that is pending ends, and with it the stream.

        While none is pending the stream stays open, so that what is still to be written goes out;
        unless somebody has asked to be told when the peer goes away.
        """
        stream = self._stream
        if stream is None:
            return
        read = self._read
        future = self._future
        if read is not None and future is not None:
            size = read.ready_at_end(self._inbox)
            if size != NOT_YET:
                self._finish(future, size)
        elif self._into is None and (stream._close_callback is None or self._inbox.size):
            return
        stream.close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """The stream is closed. What is in the inbox can still be read."""
        self._stream = None
        self._error = exc
        read = self._read
        if self._future is not None and read is not None:
            size = NOT_YET if exc is not None else read.ready_at_end(self._inbox)
            if size != NOT_YET:
                self._finish(self._future, size)
            else:
                fail_quietly(self._future, StreamClosedError(real_error=exc))
        self._read = self._future = None
        if self._into is not None:
            fail_quietly(self._into.future, StreamClosedError(real_error=exc))

    # ---- Inside ----

    def _done(self, data: bytes) -> asyncio.Future[bytes]:
        future: asyncio.Future[bytes] = asyncio.Future(loop=self._loop)
        future.set_result(data)
        return future

    def _closed_error(self) -> StreamClosedError:
        stream = self._stream
        return StreamClosedError(real_error=self._error if stream is None else stream.error)

    def _refuse_second(self) -> None:
        if self.busy():
            if self._stream is None or self._stream.closed():
                raise self._closed_error()
            raise RuntimeError("Already reading")

    def _advance(self, stream: InputHalf) -> bool:
        """Whether no read is pending any more, now that the inbox is as it is."""
        read = self._read
        future = self._future
        if read is None or future is None:
            return True
        if future.done():  # cancelled: the bytes are for the next read
            self._read = self._future = None
            return True
        try:
            size = read.ready(self._inbox)
        except UnsatisfiableReadError as exc:
            logger.info("Closing %r: %s", stream, exc)
            stream._fail(exc)
            return False
        if size >= 0:
            self._read = self._future = None
            future.set_result(self._inbox.take(size))
            return True
        if self._inbox.size > stream.max_buffer_size:
            limit = f"more than {stream.max_buffer_size} bytes (max_buffer_size) were buffered"
            stream._fail(StreamBufferFullError(limit))
        return False

    def _finish(self, future: asyncio.Future[bytes], size: int) -> None:
        self._read = self._future = None
        if not future.done():
            future.set_result(self._inbox.take(size))

    def _rest(self, stream: InputHalf) -> None:
        """Nothing more is wanted, unless to notice that the peer goes away."""
        if stream._input is Input.FLOWING or stream._input is Input.FILLING:
            if stream._close_callback is None or self._inbox.size:
                stream._input = Input.IDLE
            else:
                stream._input = Input.FLOWING

    def _into_done(self, future: asyncio.Future[int]) -> None:
        """The read is over; if it was given up, keep what it has got so far."""
        into = self._into
        if into is not None and into.future is future:
            self._into = None
            into.give_back(self._inbox)
            if self._stream is not None:
                self._rest(self._stream)
