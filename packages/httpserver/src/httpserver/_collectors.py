"""`Collectors`: what `CallbackDelegate` has its requests collected by, apart from it to be compiled.

Neither class here has a base: mypyc makes what stands below an ordinary class larger, slower to make,
and leaves weak references to it dangling.
"""

import logging
from time import monotonic
from typing import TYPE_CHECKING
from typing import Final

from http1 import HTTP1ServerConnection
from http1 import HTTPConnection
from http1 import HTTPHeaders
from http1 import RequestStartLine
from http1 import ResponseStartLine

from ._error_answer import answer_error
from ._forms import FormError
from ._request import HTTPServerRequest

if TYPE_CHECKING:
    from ._callback import CallbackDelegate

logger = logging.getLogger(__name__)

_new_request: Final = HTTPServerRequest.__new__

# What a callback can be answered for; `http.HTTPStatus` takes a while to import.
_REASONS: Final = {
    400: "Bad Request",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    500: "Internal Server Error",
}


class Collectors:
    """Gives each request a `Collector`; what an `HTTPServerConnectionDelegate` has to do."""

    __slots__ = ("_owner",)

    def __init__(self, owner: "CallbackDelegate") -> None:
        self._owner = owner

    def start_request(
        self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection
    ) -> "Collector":
        collector = Collector()
        collector.owner = self._owner
        collector.connection = request_conn
        collector.server = server_conn
        return collector

    def on_close(self, server_conn: HTTP1ServerConnection) -> None:
        """Nothing: what a callback has begun goes on without the connection."""


class Collector:
    """Collects one request, and calls the callback of `owner` when it is complete.

    It has the methods of an `HTTPMessageDelegate`.
    """

    # Set by who makes it, because an `__init__` takes half as long again as all that it does: this
    # is done with every request.
    owner: "CallbackDelegate"
    connection: HTTPConnection
    server: HTTP1ServerConnection

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
        request.connection = self.connection
        request.server_connection = self.server
        request._received_at = monotonic()
        owner = self.owner
        try:
            result = owner.callback(request)
        except FormError as error:
            refuse(request, error)
        else:
            if result is not None:
                owner.on_result(request, result)

    def on_connection_close(self) -> None:
        self._chunks = None
        self._body = b""


def refuse(request: HTTPServerRequest, error: FormError) -> None:
    """Tell the client what is wrong with its form."""
    logger.info("Refused %r: %s", request, error)
    answer(request, error.status_code, str(error))


def answer(request: HTTPServerRequest, status: int, text: str) -> None:
    """Tell the client that no answer comes from the callback."""
    if request.connection is not None:
        answer_error(request.connection, status, _REASONS[status], text)
