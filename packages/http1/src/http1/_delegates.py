"""The interfaces between a connection and what handles its messages."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from ._headers import HTTPHeaders
from ._http_connection import HTTPConnection
from ._start_line import RequestStartLine
from ._start_line import ResponseStartLine

if TYPE_CHECKING:
    from ._server import HTTP1ServerConnection


class HTTPMessageDelegate:
    """Receives one message: a request on a server, a response on a client. Made to be subclassed.

    A method that returns an awaitable holds the message up: nothing more is read and no other
    method is called until it is done.

    An exception from any of them closes the connection. On a server it is logged and, if no answer
    had begun, answered with 500; an `HTTPInputError`, which says that it is the client's fault,
    with its own status. On a client `read_response` raises it; not an `HTTPInputError`, which says
    that the response is none, as if the connection itself had found that out.
    """

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        """The head is here. On a client, an interim response (status 1xx) comes here too."""
        return None

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """A piece of the body is here, never an empty one."""
        return None

    def finish(self) -> None:
        """The whole message is here."""

    def on_connection_close(self) -> None:
        """The connection was closed before the whole message came. `finish` is not called."""


class HTTPServerConnectionDelegate:
    """Receives the requests of all connections of a server. Made to be subclassed."""

    def start_request(
        self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """A request has begun; give the delegate that receives it.

        `request_conn` writes the answer, `server_conn` is the connection as a whole, the same
        object for all of its requests.
        """
        raise NotImplementedError

    def on_close(self, server_conn: HTTP1ServerConnection) -> None:
        """The connection is closed, or has been detached: no request comes from it any more."""
