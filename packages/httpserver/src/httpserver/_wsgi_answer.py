"""`WSGIAnswer`: what an application gives of its answer, on its way from its thread to the loop."""

import asyncio
import os
import stat
import threading
from collections.abc import Callable
from collections.abc import Iterable
from types import TracebackType
from typing import BinaryIO
from typing import Protocol
from typing import TypeAlias

from iostream import StreamClosedError

from ._wsgi_body import MAX_KEPT
from ._wsgi_environ import FileWrapper
from ._wsgi_head import ResponseHead

ExcInfo: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


class Writer(Protocol):
    """Who writes the answer, in the loop."""

    def write(self, head: ResponseHead | None, pieces: list[bytes], last: bool) -> None:
        """Write a head, if it has not been written, and a part of the body."""

    def write_file(self, head: ResponseHead, file: BinaryIO, offset: int, size: int) -> None:
        """Write a whole answer whose body is a part of a file."""


class WSGIAnswer:
    """What the application has given of its answer, and how much of that waits."""

    def __init__(self, writer: Writer, loop: asyncio.AbstractEventLoop) -> None:
        self._writer = writer
        self._loop = loop
        self._condition = threading.Condition(threading.Lock())
        self._head: ResponseHead | None = None
        self._head_given = False  # whether the loop has it
        self._pieces: list[bytes] = []  # what the loop is going to write
        self._unsent = 0  # bytes that are in _pieces or wait for the client
        self._called = False  # whether the loop is going to look
        self._gone = False
        self._head_written = False
        self._over = False  # whether that is all

    # --- In the thread

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], None]:
        """PEP 3333, "The start_response() Callable"."""
        if exc_info is not None:
            try:
                if self._head_given and exc_info[1] is not None:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self._head is not None:
            raise RuntimeError("start_response() was called before, and this is not about an error")
        self._head = ResponseHead(status, headers)
        return self._put

    def take(self, result: Iterable[bytes]) -> None:
        """Hand on all of what the application has returned."""
        if isinstance(result, FileWrapper) and self._head is not None and not self._head_given:
            if self._take_file(result.file):
                return
        if isinstance(result, (list, tuple)):
            pieces = [piece for piece in result if piece]
            if self._head is not None and not self._head_given:
                self._head.add_length(sum(map(len, pieces)))
            self._hand_over(pieces, last=True)
            return
        for piece in result:
            if piece:
                self._put(piece)
        self._hand_over([], last=True)

    def _put(self, piece: bytes) -> None:
        """Hand on a piece of the body. Waits while much of what came before it is unsent."""
        if piece:
            self._hand_over([piece], last=False)
            self._wait_until(MAX_KEPT)

    def _hand_over(self, pieces: list[bytes], *, last: bool) -> None:
        if self._head is None:
            raise RuntimeError("the application has not called start_response()")
        for piece in pieces:
            if not isinstance(piece, bytes):
                raise TypeError(f"a body is made of bytes, not of {type(piece).__name__}")
        with self._condition:
            if self._gone:
                raise StreamClosedError
            self._head_given = True
            self._pieces += pieces
            self._unsent += sum(map(len, pieces))
            self._over = self._over or last
            call = not self._called
            self._called = True
        if call:
            self._loop.call_soon_threadsafe(self._pass_on)

    def _wait_until(self, unsent: int) -> None:
        with self._condition:
            while self._unsent > unsent and not self._gone:
                self._condition.wait()

    def _take_file(self, file: BinaryIO) -> bool:
        """Leave a regular file to the kernel; False if it is anything else."""
        try:
            status = os.fstat(file.fileno())
            offset = file.tell()
        except (AttributeError, OSError):
            return False
        size = status.st_size - offset
        head = self._head
        assert head is not None
        if not stat.S_ISREG(status.st_mode) or size <= 0:
            return False
        size = head.add_length(size)
        if size > status.st_size - offset:
            return False
        with self._condition:
            if self._gone:
                raise StreamClosedError
            self._head_given = True
            self._unsent = size
            self._over = True
        self._loop.call_soon_threadsafe(self._writer.write_file, head, file, offset, size)
        # It is going to be closed.
        self._wait_until(0)
        return True

    # --- In the loop

    def _pass_on(self) -> None:
        with self._condition:
            pieces = self._pieces
            self._pieces = []
            self._called = False
            last = self._over
        head = None if self._head_written else self._head
        self._head_written = True
        self._writer.write(head, pieces, last)

    def written(self, future: asyncio.Future[None], size: int) -> None:
        """The client has taken `size` bytes, or has gone."""
        if future.cancelled() or future.exception() is not None:
            self.client_gone()
            return
        with self._condition:
            self._unsent -= size
            self._condition.notify()

    def client_gone(self) -> None:
        """Nothing more can be written."""
        with self._condition:
            self._gone = True
            self._condition.notify()
