"""`ProxiedDelegate`: gives a request the context of its client instead of that of the proxy."""

from collections.abc import Awaitable

from http1 import HTTP1Connection
from http1 import HTTP1ServerConnection
from http1 import HTTPConnection
from http1 import HTTPHeaders
from http1 import HTTPMessageDelegate
from http1 import HTTPServerConnectionDelegate
from http1 import RequestStartLine
from http1 import ResponseStartLine

from ._context import ConnectionContext
from ._proxies import TrustedProxies


class ProxiedDelegate(HTTPServerConnectionDelegate):
    """Passes requests on to `delegate`, from the clients that `policy` finds behind them.

    The connection's own context stays as it is: each request's `connection.context` is replaced,
    before the delegate sees the head, by one that is about the client.
    """

    def __init__(self, delegate: HTTPServerConnectionDelegate, policy: TrustedProxies) -> None:
        self._delegate = delegate
        self._policy = policy

    def start_request(
        self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        message = self._delegate.start_request(server_conn, request_conn)
        return _ProxiedMessage(message, self._policy, request_conn)

    def on_close(self, server_conn: HTTP1ServerConnection) -> None:
        self._delegate.on_close(server_conn)


class _ProxiedMessage(HTTPMessageDelegate):
    __slots__ = ("_connection", "_delegate", "_policy")

    def __init__(
        self, delegate: HTTPMessageDelegate, policy: TrustedProxies, connection: HTTPConnection
    ) -> None:
        self._delegate = delegate
        self._policy = policy
        self._connection = connection

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        connection = self._connection
        if isinstance(connection, HTTP1Connection):
            peer = connection.context
            if isinstance(peer, ConnectionContext):
                client = self._policy.resolve(peer.remote_ip, peer.protocol, headers)
                connection.context = peer.of_client(client)
        return self._delegate.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._delegate.data_received(chunk)

    def finish(self) -> None:
        self._delegate.finish()

    def on_connection_close(self) -> None:
        self._delegate.on_connection_close()
