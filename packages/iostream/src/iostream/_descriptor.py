"""The descriptor under a stream: the hooks, its watch on the loop, and how it ends."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from types import TracebackType
from typing import TypeAlias

from ._errors import StreamClosedError
from ._file_segment import FileSegment
from ._mypyc import mypyc_attr
from ._receiver import Receiver
from ._send_queue import JOIN_LIMIT
from ._send_queue import Batch
from ._states import CLOSED
from ._states import IDLE
from ._states import INPUT_ENDED
from ._states import OPEN
from ._states import OUTPUT_ENDED
from ._states import READY
from ._states import Input
from ._states import Life
from ._states import Output

logger = logging.getLogger(__name__)

ExcInfo: TypeAlias = (
    bool
    | BaseException
    | tuple[type[BaseException] | None, BaseException | None, TracebackType | None]
    | None
)


@mypyc_attr(allow_interpreted_subclasses=True)
class Descriptor:
    """A non-blocking descriptor, on a loop, with a life: connecting, open, closed.

    `BaseIOStream` describes the whole; this is the part that input and output share.
    """

    __slots__ = (
        "__weakref__",
        "_announced_here",
        "_close_callback",
        "_input",
        "_life",
        "_loop",
        "_output",
        "_receiver",
        "_recv",
        "_send_some",
        "_watching_read",
        "_watching_write",
        "error",
        "watch_later",
    )

    def __init__(self) -> None:
        self._loop = asyncio.get_event_loop()
        self.error: BaseException | None = None
        self._life: Life = OPEN
        self._input: Input = IDLE
        self._output: Output = READY
        self._receiver: Receiver | None = None
        self._close_callback: Callable[[], None] | None = None
        self.watch_later = False
        self._announced_here = False  # whether the end, if it comes now, is told without the loop
        self._watching_read = False
        self._watching_write = False
        # The two system calls of the hot path, bound once: a socket's own, without a frame between.
        self._recv: Callable[[int], bytes | None] = self._receive
        self._send_some: Callable[[bytes | memoryview], int] = self._transmit

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._life.name.lower()}>"

    # ---- What a stream of one's own defines ----

    def fileno(self) -> int:
        """The file descriptor that the loop watches."""
        raise NotImplementedError

    def close_fd(self) -> None:
        """Close the descriptor. Called once, by the stream; others call `close`."""
        raise NotImplementedError

    def write_to_fd(self, data: memoryview) -> int:
        """Write what can be written of ``data`` without waiting; return how many bytes that was.

        Zero, or `BlockingIOError`, says that there is no room now.
        """
        raise NotImplementedError

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        """Read into ``buf``; return how many bytes came, 0 at the end, None if there is nothing now."""
        raise NotImplementedError

    def shutdown_fd(self) -> None:
        """Tell the peer that nothing more will be written. Called once at most; by default nothing."""

    def get_fd_error(self) -> Exception | None:
        """The error that is pending on the descriptor, None if there is none or it can't be told."""
        return None

    # ---- What a transport overrides when it can do better than with those hooks ----

    def _receive(self, size: int) -> bytes | None:
        """Up to ``size`` bytes, b"" at the end, None if there is nothing now.

        `BlockingIOError` says that too.
        """
        buffer = bytearray(size)
        received = self.read_from_fd(buffer)
        if received is None:
            return None
        del buffer[received:]
        return bytes(buffer)

    def _transmit(self, data: bytes | memoryview) -> int:
        """Give ``data`` to the kernel; return how many of its bytes were taken.

        Zero, or `BlockingIOError`, says that there is no room now.
        """
        return self.write_to_fd(memoryview(data))

    def _transmit_batch(self, batch: Batch) -> int:
        """Give what `SendQueue.batch` made up to the kernel, as `_transmit` does."""
        if isinstance(batch, list):
            return self._send_some(batch[0])
        if isinstance(batch, FileSegment):
            return self._send_some(batch.peek(JOIN_LIMIT))
        return self._send_some(batch)

    def _before_queueing(self) -> None:
        """For the first time so much is written that the kernel may not have room for it."""

    def _before_end(self) -> None:
        """What is sent from now on is the last, and the end of output follows it at once."""

    def _before_close(self) -> None:
        """The stream is about to be closed in good order: a last chance to say good-bye."""

    def _on_readable(self) -> None:
        raise NotImplementedError

    def _on_writable(self) -> None:
        raise NotImplementedError

    # ---- The loop ----

    def _watch_read(self) -> None:
        self._loop.add_reader(self.fileno(), self._on_readable)

    def _unwatch_read(self) -> None:
        self._loop.remove_reader(self.fileno())

    def _watch_write(self) -> None:
        self._loop.add_writer(self.fileno(), self._on_writable)

    def _unwatch_write(self) -> None:
        self._loop.remove_writer(self.fileno())

    def _start_watching_read(self) -> None:
        if not self._watching_read:
            self._watching_read = True
            if not self.watch_later:
                self._watch_read()

    def _stop_watching_read(self) -> None:
        if self._watching_read:
            self._watching_read = False
            if not self.watch_later:
                self._unwatch_read()

    def _start_watching_write(self) -> None:
        if not self._watching_write:
            self._watching_write = True
            self._watch_write()

    def _stop_watching_write(self) -> None:
        if self._watching_write:
            self._watching_write = False
            self._unwatch_write()

    # ---- The end ----

    def closed(self) -> bool:
        """Whether the stream has been closed, by either side."""
        return self._life is CLOSED

    def close(self, exc_info: ExcInfo = False) -> None:
        """Close the stream at once. Does nothing when it is closed already.

        What was written while corked is sent if the kernel takes it; what the kernel had no room
        for is dropped: await the Future of the last ``write`` first. Pending operations fail with
        `StreamClosedError`. ``exc_info`` is kept as ``error``: an exception, the tuple of
        `sys.exc_info`, or True for the exception being handled.
        """
        if self._life is CLOSED:
            return
        error = _exception_of(exc_info) if exc_info else None
        if self._life is OPEN and self._output is not OUTPUT_ENDED:
            self._flush_corked()
            if self.closed():  # because that failed
                return
            if error is None:
                self._before_close()
        self._shut(error)

    def set_close_callback(self, callback: Callable[[], None] | None) -> None:
        """Have ``callback`` called once, from the loop, when the stream has been closed.

        While it is set, a peer that goes away is noticed when no read is pending too. When the
        stream is closed already it is called in the loop's next round.
        """
        self._close_callback = callback
        if callback is not None:
            if self._life is CLOSED:
                self._loop.call_soon(self._run_close_callback)
            else:
                self._notice_end()

    def _flush_corked(self) -> None:
        raise NotImplementedError

    def _notice_end(self) -> None:
        raise NotImplementedError

    def _check_open(self) -> None:
        if self._life is CLOSED:
            raise StreamClosedError(real_error=self.error)

    def _fail(self, exc: BaseException) -> None:
        """An operation on the descriptor failed with ``exc``: that is the end of the stream."""
        if self._life is not CLOSED:
            # Without its traceback, whose frames refer to this stream, there is no cycle.
            self._shut(exc.with_traceback(None))

    def _shut(self, error: BaseException | None) -> None:
        self._leave_loop()
        self.error = error
        self.close_fd()
        if not self._announced_here:
            self._loop.call_soon(self._announce)

    def _leave_loop(self) -> None:
        """Take the descriptor off the loop; the stream has no further use for it."""
        self._stop_watching_read()
        if self._watching_write:
            self._stop_watching_write()
        self._life = CLOSED
        self._input = INPUT_ENDED
        self._output = OUTPUT_ENDED
        # They may be bound to this stream, which must not refer to itself once it is closed.
        self._recv = _nothing
        self._send_some = _nowhere

    def _announce(self) -> None:
        """Tell everybody who waits that the stream is closed."""
        receiver = self._receiver
        self._receiver = None
        if receiver is not None:
            try:
                receiver.connection_lost(self.error)
            except Exception:
                logger.exception("Receiver %r raised in connection_lost", receiver)
        if self._close_callback is not None:
            self._run_close_callback()

    def _run_close_callback(self) -> None:
        callback = self._close_callback
        self._close_callback = None
        if callback is not None:
            callback()


def _exception_of(exc_info: ExcInfo) -> BaseException | None:
    """What ``close`` was given, as an exception."""
    if isinstance(exc_info, tuple):
        return exc_info[1]
    if isinstance(exc_info, BaseException):
        return exc_info
    return sys.exc_info()[1]


def _nothing(size: int) -> None:
    """What a closed stream receives."""


def _nowhere(data: bytes | memoryview) -> int:
    """What a closed stream sends."""
    return 0
