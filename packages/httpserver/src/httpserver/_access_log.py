"""`AccessLog`: tells a function about each request that has been answered."""

import logging
import os
import time
from asyncio import Future
from collections.abc import Awaitable
from collections.abc import Callable
from typing import BinaryIO
from typing import NamedTuple

from http1 import HTTP1ServerConnection
from http1 import HTTPConnection
from http1 import HTTPHeaders
from http1 import HTTPMessageDelegate
from http1 import HTTPServerConnectionDelegate
from http1 import OutgoingHeaders
from http1 import RequestStartLine
from http1 import ResponseStartLine
from iostream import IOStream

from ._exchange import Exchange
from ._exchange import ExchangeWrapper

logger = logging.getLogger(__name__)


class AccessRecord(NamedTuple):
    """A request and what became of it. All text is as the client sent it: escape it in a log."""

    #: The client: its address, or `"unix"`.
    remote_ip: str
    method: str
    #: The request target, with its query.
    target: str
    #: `"HTTP/1.1"` or `"HTTP/1.0"`.
    version: str
    #: The request's fields.
    headers: HTTPHeaders
    #: The status of the answer; 0 if the connection was closed before there was one.
    status: int
    #: The bytes of the answer's body, chunked framing not counted.
    body_size: int
    #: When the request's head was there, in seconds since the epoch.
    received_at: float
    #: Seconds from then until the answer was complete, the connection closed, or taken over.
    duration: float


class AccessLog(HTTPServerConnectionDelegate):
    """Passes requests on to `delegate`, and calls `log` with an `AccessRecord` after each.

    An exception from `log` is logged, and does no harm to the request.
    """

    def __init__(
        self, delegate: HTTPServerConnectionDelegate, log: Callable[[AccessRecord], object]
    ) -> None:
        self._delegate = delegate
        self._log = log

    def start_request(
        self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        assert isinstance(request_conn, Exchange)
        exchange = _LoggedExchange(request_conn, self._log)
        return _LoggedMessage(self._delegate.start_request(server_conn, exchange), exchange)

    def on_close(self, server_conn: HTTP1ServerConnection) -> None:
        self._delegate.on_close(server_conn)


class _LoggedMessage(HTTPMessageDelegate):
    """Passes a request on, and notices when that fails: it is then answered behind our back."""

    __slots__ = ("_delegate", "_exchange")

    def __init__(self, delegate: HTTPMessageDelegate, exchange: "_LoggedExchange") -> None:
        self._delegate = delegate
        self._exchange = exchange

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        assert isinstance(start_line, RequestStartLine)
        self._exchange.begin(start_line, headers)
        try:
            return self._delegate.headers_received(start_line, headers)
        except Exception:
            self._exchange.failed()
            raise

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        try:
            return self._delegate.data_received(chunk)
        except Exception:
            self._exchange.failed()
            raise

    def finish(self) -> None:
        try:
            self._delegate.finish()
        except Exception:
            self._exchange.failed()
            raise

    def on_connection_close(self) -> None:
        self._delegate.on_connection_close()


class _LoggedExchange(ExchangeWrapper):
    """Notes what is answered."""

    __slots__ = (
        "_body_size",
        "_close_callback",
        "_head",
        "_headers",
        "_log",
        "_received_at",
        "_started",
        "_status",
    )

    def __init__(self, inner: Exchange, log: Callable[[AccessRecord], object]) -> None:
        super().__init__(inner)
        self._log: Callable[[AccessRecord], object] | None = log
        self._status = 0
        self._body_size = 0
        self._close_callback: Callable[[], None] | None = None

    def begin(self, start_line: RequestStartLine, headers: HTTPHeaders) -> None:
        self._head = start_line
        self._headers = headers
        self._received_at = time.time()
        self._started = time.monotonic()
        self.inner.set_close_callback(self._closed)

    def failed(self) -> None:
        """The delegate raised. If it has not begun an answer, the connection answers with 500."""
        self._status = self._status or 500
        self._report()

    def set_close_callback(self, callback: Callable[[], None] | None) -> None:
        self._close_callback = callback

    def write_headers(
        self,
        start_line: RequestStartLine | ResponseStartLine,
        headers: OutgoingHeaders,
        chunk: bytes | None = None,
    ) -> Future[None]:
        future = self.inner.write_headers(start_line, headers, chunk)
        self._status = int(start_line[1])
        if chunk:
            self._body_size += len(chunk)
        return future

    def write(self, chunk: bytes) -> Future[None]:
        future = self.inner.write(chunk)
        self._body_size += len(chunk)
        return future

    def write_file(self, file: BinaryIO, offset: int = 0, count: int | None = None) -> Future[None]:
        if count is None:
            count = max(0, os.fstat(file.fileno()).st_size - offset)
        future = self.inner.write_file(file, offset, count)
        self._body_size += count
        return future

    def finish(self, trailers: OutgoingHeaders | None = None) -> None:
        self.inner.finish(trailers)
        self._close_callback = None
        self._report()

    def abort(self) -> None:
        self._report()
        self.inner.abort()

    def detach(self) -> IOStream:
        self._report()
        return self.inner.detach()

    def _closed(self) -> None:
        self._report()
        if self._close_callback is not None:
            self._close_callback()

    def _report(self) -> None:
        """Call the log, the first time that this is called."""
        log = self._log
        if log is None:
            return
        self._log = None
        method, target, version = self._head
        record = AccessRecord(
            str(self.context),
            method,
            target,
            version,
            self._headers,
            self._status,
            self._body_size,
            self._received_at,
            time.monotonic() - self._started,
        )
        try:
            log(record)
        except Exception:
            logger.exception("Uncaught exception in the access log")
