"""`StreamedBody`: a request's body on its way from the loop to the thread that reads it."""

import asyncio
import io
import threading
from collections import deque
from typing import TYPE_CHECKING
from typing import Final

from iostream import StreamClosedError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# How much of a body is kept for an application that does not read it, before no more is received.
MAX_KEPT: Final = 64 * 1024


class StreamedBody(io.RawIOBase):
    """A file that ends where the body ends. Reading it waits for what the client sends.

    The methods of a file are called in the thread, the others in the loop. What is kept for the
    thread is bounded: `wanted` is a Future that is done when the thread wants more. There is one
    from the beginning, which comes when all that there is room for has been received.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, begin: list[bytes]) -> None:
        super().__init__()
        self._loop = loop
        self._condition = threading.Condition()
        self._kept: deque[bytes] = deque(begin)
        self._size = sum(map(len, begin))
        self._ended = False
        self._gone = False
        #: Done when the thread waits for more, or has little left; None while it can have more.
        self.wanted: asyncio.Future[None] | None = loop.create_future()

    # --- In the loop

    def feed(self, chunk: bytes) -> asyncio.Future[None] | None:
        """A piece of the body has come. Wait for the result before the next one."""
        with self._condition:
            self._kept.append(chunk)
            self._size += len(chunk)
            self._condition.notify()
            # Decided under the lock, or the thread could have waited in vain meanwhile.
            if self._size > MAX_KEPT:
                self.wanted = self._loop.create_future()
            return self.wanted

    def end(self, *, gone: bool) -> None:
        """Nothing more comes: because that was all, or because the client has gone."""
        with self._condition:
            self._ended = self._ended or not gone
            self._gone = gone
            self._condition.notify()
        self._release()

    def _release(self) -> None:
        wanted = self.wanted
        self.wanted = None
        if wanted is not None and not wanted.done():
            wanted.set_result(None)

    # --- In the thread

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read into `buffer`, as much as there is; wait if that is nothing. 0 is the end.

        Raises `iostream.StreamClosedError` if the client has gone before the end.
        """
        view = memoryview(buffer).cast("B")
        with self._condition:
            while not self._kept:
                if self._ended:
                    return 0
                if self._gone:
                    raise StreamClosedError
                self._want()
                self._condition.wait()
            chunk = self._kept.popleft()
            size = min(len(chunk), len(view))
            if size < len(chunk):
                self._kept.appendleft(chunk[size:])
            self._size -= size
            if self._size <= MAX_KEPT // 2:
                self._want()
        view[:size] = chunk[:size]
        return size

    def _want(self) -> None:
        if self.wanted is not None:
            self._loop.call_soon_threadsafe(self._release)
