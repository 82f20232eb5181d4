"""`TornadoStream`: a stream of ours with the face of a `tornado.iostream.IOStream`."""

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Generator
from typing import Any
from typing import TypeVar
from typing import cast

from tornado.ioloop import IOLoop
from tornado.iostream import StreamClosedError as TornadoStreamClosedError
from tornado.iostream import UnsatisfiableReadError as TornadoUnsatisfiableReadError

from iostream import IOStream
from iostream import SSLIOStream
from iostream import StreamClosedError
from iostream import UnsatisfiableReadError

T = TypeVar("T")


class TornadoStream:
    """What `RequestHandler.detach` gives an application that is Tornado's.

    It has the methods of Tornado's stream, and fails with Tornado's exceptions. Underneath it is
    `inner`, so that TLS goes on where it is, and nothing that has been read is lost.
    """

    def __init__(self, inner: IOStream) -> None:
        self.inner = inner
        self.io_loop = IOLoop.current()

    @property
    def socket(self) -> "socket.socket | TLSSocket":
        """The socket; for TLS with the methods of `ssl.SSLSocket` that tell of the session."""
        inner = self.inner
        if isinstance(inner, SSLIOStream) and inner.ssl_object is not None:
            return TLSSocket(inner.socket, inner.ssl_object)
        return inner.socket

    @property
    def error(self) -> BaseException | None:
        """What closed the stream, if that was an error."""
        return self.inner.error

    @property
    def max_buffer_size(self) -> int:
        """The most bytes that a pending read may pile up."""
        return self.inner.max_buffer_size

    def fileno(self) -> int:
        return self.inner.fileno()

    def read_bytes(self, num_bytes: int, partial: bool = False) -> Awaitable[bytes]:
        return self._read(self.inner.read_bytes, num_bytes, partial)

    def read_into(self, buf: bytearray, partial: bool = False) -> Awaitable[int]:
        return self._read(self.inner.read_into, buf, partial)

    def read_until(self, delimiter: bytes, max_bytes: int | None = None) -> Awaitable[bytes]:
        return self._read(self.inner.read_until, delimiter, max_bytes)

    def read_until_regex(
        self, regex: bytes | re.Pattern[bytes], max_bytes: int | None = None
    ) -> Awaitable[bytes]:
        return self._read(self.inner.read_until_regex, regex, max_bytes)

    def read_until_close(self) -> Awaitable[bytes]:
        return self._read(self.inner.read_until_close)

    def write(self, data: bytes | bytearray | memoryview) -> asyncio.Future[None]:
        try:
            return translated(self.inner.write(data))
        except StreamClosedError as error:
            raise translate(error) from None

    def set_close_callback(self, callback: Callable[[], None] | None) -> None:
        self.inner.set_close_callback(callback)

    def set_nodelay(self, value: bool) -> None:
        self.inner.set_nodelay(value)

    def close(self, exc_info: Any = False) -> None:
        self.inner.close(exc_info)

    def closed(self) -> bool:
        return self.inner.closed()

    def reading(self) -> bool:
        return self.inner.reading()

    def writing(self) -> bool:
        return self.inner.writing()

    def _read(self, method: Callable[..., Awaitable[T]], *args: object) -> Awaitable[T]:
        try:
            return _Translated(method(*args))
        except StreamClosedError as error:
            raise translate(error) from None


class _Translated(Awaitable[T]):
    """`inner`, failing with Tornado's exceptions. Without a Future between, a turn of the loop is saved."""

    __slots__ = ("_inner",)

    def __init__(self, inner: Awaitable[T]) -> None:
        self._inner = inner

    def __await__(self) -> Generator[Any, Any, T]:
        try:
            return (yield from self._inner.__await__())
        except StreamClosedError as error:
            raise translate(error) from None


class TLSSocket:
    """A socket, and what `ssl.SSLSocket` tells of its session: `getpeercert`, `cipher`, ..."""

    def __init__(self, plain: socket.socket, session: ssl.SSLObject) -> None:
        self._plain = plain
        self._session = session

    def __getattr__(self, name: str) -> object:
        if hasattr(self._plain, name):
            return getattr(self._plain, name)
        return getattr(self._session, name)


def translated(future: asyncio.Future[T]) -> asyncio.Future[T]:
    """`future`, or one like it that fails with Tornado's exceptions instead of ours."""
    if future.done() and not future.cancelled() and future.exception() is None:
        return future
    outer: asyncio.Future[T] = future.get_loop().create_future()

    def copy(inner: asyncio.Future[T]) -> None:
        if outer.done():
            return
        if inner.cancelled():
            outer.cancel()
            return
        error = inner.exception()
        if error is None:
            outer.set_result(inner.result())
            return
        outer.set_exception(translate(error) if isinstance(error, StreamClosedError) else error)
        # As with ours, nobody has to look at it.
        outer.exception()

    def cancel(_: asyncio.Future[T]) -> None:
        if outer.cancelled():
            future.cancel()

    if future.done():
        copy(future)
    else:
        future.add_done_callback(copy)
        outer.add_done_callback(cancel)
    return outer


def translate(error: StreamClosedError) -> BaseException:
    """Tornado's exception for `error`."""
    reason = error.real_error
    if isinstance(reason, UnsatisfiableReadError):
        reason = TornadoUnsatisfiableReadError(*reason.args)
    return cast(BaseException, TornadoStreamClosedError(real_error=reason))
