"""`ExchangeWrapper`: an exchange that passes everything on, for those who change a part of that."""

from asyncio import Future
from collections.abc import Callable
from typing import BinaryIO

from http1 import HTTP1Connection
from http1 import HTTPConnection
from http1 import OutgoingHeaders
from http1 import RequestStartLine
from http1 import ResponseStartLine
from iostream import IOStream


class ExchangeWrapper(HTTPConnection):
    """Stands in for `inner`, an exchange of a server, with all that applications use of one."""

    __slots__ = ("inner",)

    def __init__(self, inner: "Exchange") -> None:
        self.inner: Exchange = inner

    @property
    def context(self) -> object:
        """Where the request comes from."""
        return self.inner.context

    @context.setter
    def context(self, context: object) -> None:
        self.inner.context = context

    @property
    def stream(self) -> IOStream:
        """The stream of the whole connection."""
        return self.inner.stream

    @property
    def no_keep_alive(self) -> bool:
        """Whether connections close after one request."""
        return self.inner.no_keep_alive

    def set_close_callback(self, callback: Callable[[], None] | None) -> None:
        self.inner.set_close_callback(callback)

    def set_body_timeout(self, timeout: float) -> None:
        self.inner.set_body_timeout(timeout)

    def set_max_body_size(self, max_body_size: int) -> None:
        self.inner.set_max_body_size(max_body_size)

    def write_headers(
        self,
        start_line: RequestStartLine | ResponseStartLine,
        headers: OutgoingHeaders,
        chunk: bytes | None = None,
    ) -> Future[None]:
        return self.inner.write_headers(start_line, headers, chunk)

    def write(self, chunk: bytes) -> Future[None]:
        return self.inner.write(chunk)

    def write_file(self, file: BinaryIO, offset: int = 0, count: int | None = None) -> Future[None]:
        return self.inner.write_file(file, offset, count)

    def finish(self, trailers: OutgoingHeaders | None = None) -> None:
        self.inner.finish(trailers)

    def abort(self) -> None:
        self.inner.abort()

    def close(self) -> None:
        self.inner.close()

    def detach(self) -> IOStream:
        return self.inner.detach()


Exchange = HTTP1Connection | ExchangeWrapper
"""The writing side of a request as delegates and callbacks get it."""
