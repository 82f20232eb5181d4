"""`CallbackDelegate`: requests for a plain function, `async` or not."""

import asyncio
import logging
from collections.abc import Awaitable
from collections.abc import Callable
from time import monotonic
from typing import Final

from http1 import HTTP1ServerConnection
from http1 import HTTPConnection
from http1 import HTTPHeaders
from http1 import HTTPMessageDelegate
from http1 import HTTPServerConnectionDelegate
from http1 import RequestStartLine
from http1 import ResponseStartLine
from iostream import StreamClosedError

from ._error_answer import answer_error
from ._exchange import Exchange
from ._forms import FormError
from ._request import HTTPServerRequest

logger = logging.getLogger(__name__)

_new_request: Final = HTTPServerRequest.__new__

# What a callback can be answered for; `http.HTTPStatus` takes a while to import.
_REASONS: Final = {
    400: "Bad Request",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    500: "Internal Server Error",
}

RequestCallback = Callable[[HTTPServerRequest], object]
"""Takes a request and answers it through `request.connection`; what it awaits may go on for long.

It may be `async`, or return any awaitable. Another result means nothing.
"""


class CallbackDelegate(HTTPServerConnectionDelegate):
    """Calls `callback` with each request, once it is there with its whole body.

    What the callback raises is logged with the request line, and answered with 500 if no answer had
    begun; then the connection is closed, so that the client never takes half an answer for a whole
    one. A `FormError` that it lets pass is the client's mistake: it is answered with its own status.

    ```python
    async def hello(request):
        body = b"Hello, " + request.arguments["name"][0]
        headers = HTTPHeaders({"Content-Length": str(len(body))})
        await request.connection.write_headers(
            ResponseStartLine("HTTP/1.1", 200, "OK"), headers, body
        )
        request.connection.finish()


    server = HTTPServer(CallbackDelegate(hello))  # the same as HTTPServer(hello)
    ```
    """

    def __init__(self, callback: RequestCallback) -> None:
        if not callable(callback):
            raise TypeError(f"expected a function that takes a request, not {callback!r}")
        #: What is called.
        self.callback = callback
        # The loop itself only keeps weak references to its tasks.
        self._running: set[asyncio.Task[None]] = set()

    def start_request(
        self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        collector = _Collector()
        collector._owner = self
        collector._connection = request_conn
        collector._server = server_conn
        return collector

    def on_result(self, request: HTTPServerRequest, result: object) -> None:
        """The callback has returned `result`, which is not None."""
        if isinstance(result, asyncio.Future) and result.done():
            # What `write` returned, passed on: not worth a task.
            result.result()
        elif isinstance(result, Awaitable):
            task = asyncio.get_running_loop().create_task(_see_through(request, result))
            self._running.add(task)
            task.add_done_callback(self._running.discard)


class _Collector(HTTPMessageDelegate):
    """Collects one request, and calls the callback when it is complete."""

    # Set by who makes it, because an `__init__` takes half as long again as all that it does: this
    # is done with every request.
    _owner: CallbackDelegate
    _connection: HTTPConnection
    _server: HTTP1ServerConnection

    # Class attributes: most requests have no body, and then the instances don't have these.
    _body: bytes = b""
    _chunks: list[bytes] | None = None  # all of the body, when it came in pieces

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> None:
        # A server's delegate gets requests only; a cast would be a call with each of them.
        self._start_line: RequestStartLine = start_line  # type: ignore[assignment]
        self._headers = headers

    def data_received(self, chunk: bytes) -> None:
        if self._chunks is not None:
            self._chunks.append(chunk)
        elif self._body:
            self._chunks = [self._body, chunk]
        else:
            # The usual body is one chunk, and stays the object that it came as.
            self._body = chunk

    def finish(self) -> None:
        # What `HTTPServerRequest(...)` would make of it, in two thirds of the time.
        start_line = self._start_line
        request = _new_request(HTTPServerRequest)
        request.method = start_line[0]
        request.uri = start_line[1]
        request.version = start_line[2]
        request.headers = self._headers
        request.body = self._body if self._chunks is None else b"".join(self._chunks)
        request.connection = self._connection
        request.server_connection = self._server
        request._received_at = monotonic()
        owner = self._owner
        try:
            result = owner.callback(request)
        except FormError as error:
            _refuse(request, error)
        else:
            if result is not None:
                owner.on_result(request, result)

    def on_connection_close(self) -> None:
        self._chunks = None
        self._body = b""


async def _see_through(request: HTTPServerRequest, awaitable: Awaitable[object]) -> None:
    try:
        await awaitable
    except FormError as error:
        _refuse(request, error)
    except Exception as error:
        if isinstance(error, StreamClosedError) and _is_gone(request):
            # The client went away in the middle: there is nobody to tell, and nothing to mend.
            return
        logger.exception("Uncaught exception in the callback for %r", request)
        _answer(request, 500, "the application failed")


def _refuse(request: HTTPServerRequest, error: FormError) -> None:
    logger.info("Refused %r: %s", request, error)
    _answer(request, error.status_code, str(error))


def _is_gone(request: HTTPServerRequest) -> bool:
    connection = request.connection
    return isinstance(connection, Exchange) and connection.stream.closed()


def _answer(request: HTTPServerRequest, status: int, text: str) -> None:
    if request.connection is not None:
        answer_error(request.connection, status, _REASONS[status], text)
