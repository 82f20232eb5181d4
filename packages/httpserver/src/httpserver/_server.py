"""`HTTPServer`: accepted connections for HTTP/1.x, and requests for what answers them."""

import asyncio
import contextlib
from collections.abc import Callable
from collections.abc import Iterable
from socket import socket
from ssl import SSLContext
from typing import TYPE_CHECKING
from typing import Any
from typing import Final
from typing import Literal
from typing import Never
from typing import Protocol
from typing import TypedDict
from typing import Unpack
from typing import cast

from http1 import HTTP1ConnectionParameters
from http1 import HTTP1ServerConnection
from http1 import HTTPConnection
from http1 import HTTPMessageDelegate
from http1 import HTTPServerConnectionDelegate
from iostream import IOStream
from netsock import SocketOptions
from tcpserver import Drained
from tcpserver import TCPServer

from ._callback import CallbackDelegate
from ._callback import RequestCallback
from ._collectors import Collectors
from ._configurable import Configurable
from ._context import ConnectionContext
from ._counters import HTTPCounters
from ._https_stream import HTTPSStream

if TYPE_CHECKING:
    from tornado.httputil import HTTPServerConnectionDelegate as TornadoConnectionDelegate

    from ._access_log import AccessRecord
    from ._proxies import TrustedProxies


# How long a drain waits for TLS handshakes, which may be followed by a request.
_HANDSHAKE_GRACE: Final = 1.0


class ForeignDelegate(Protocol):
    """A delegate of another framework: a `tornado.web.Application`, or what has its two methods.

    What its methods take are classes of its own; ours have the same attributes.
    """

    def start_request(self, server_conn: Never, request_conn: Never, /) -> object: ...

    def on_close(self, server_conn: Never, /) -> object: ...


class TCPOptions(TypedDict, total=False):
    """What `HTTPServer` passes on to `tcpserver.TCPServer`: see there."""

    ssl_handshake_timeout: float
    max_connections: int | None
    proxy_protocol: bool
    proxy_networks: Iterable[str]
    proxy_timeout: float
    drain_timeout: float
    socket_options: SocketOptions


class HTTPServer(TCPServer, HTTPServerConnectionDelegate, metaclass=Configurable):
    """Serves HTTP/1.0 and HTTP/1.1, over TLS if it has `ssl_options`.

    Requests go to `request_callback`: a function that is called with each `HTTPServerRequest` once
    it is complete (see `CallbackDelegate`), or an `HTTPServerConnectionDelegate`, which gets the
    pieces as they come. A `tornado.web.Application` is one. A subclass can override `start_request`
    instead.

    It is started in one of three ways:

    ```python
    server = HTTPServer(app)  # 1. one process
    server.listen(8888)
    IOLoop.current().start()

    server = HTTPServer(app)  # 2. one process for each CPU
    server.bind(8888)
    server.start(0)
    IOLoop.current().start()

    sockets = bind_sockets(8888)  # 3. the same, in single steps
    fork_processes(0)
    server = HTTPServer(app)
    server.add_sockets(sockets)
    IOLoop.current().start()
    ```

    or, in a coroutine, with `listen` and `await server.serve_forever()`.

    Args:
        request_callback: what answers requests: a delegate, or a function.
        no_keep_alive: close every connection after one request.
        xheaders: believe what a proxy says about the client. True: `X-Real-Ip` or else
            `X-Forwarded-For`, `X-Scheme` or else `X-Forwarded-Proto`, which is safe only if the
            server can't be reached but through the proxy. Better is a `TrustedProxies`, which says
            whose word counts and which field.
        ssl_options: serve TLS: an `ssl.SSLContext`, or a dict of `certfile`, `keyfile`, `ca_certs`,
            `cert_reqs`, `ciphers`, `ssl_version`.
        protocol: the `protocol` of requests, `"http"` or `"https"`, if that is not what the
            connection speaks: behind a proxy that speaks TLS and does not say so.
        decompress_request: hand over bodies without their content coding (gzip, deflate, and br and
            zstd if their library is there).
        chunk_size: the most bytes of a body that are handed over, and received, at a time.
        max_header_size: the most bytes of a request's head; 64 KiB by default.
        idle_connection_timeout: seconds that a connection may be silent between two requests, and
            before the first; 75 by default.
        body_timeout: seconds that a body may take; by default as long as it keeps coming (see
            `HTTP1ConnectionParameters`).
        max_body_size: the most bytes of a body: by default `max_buffer_size`.
        max_buffer_size: the most bytes that a stream buffers; 100 MiB by default.
        trusted_downstream: with `xheaders=True`, the addresses and networks of the proxies. Only
            they are believed, and they are passed over in `X-Forwarded-For`.
        parameters: for all other limits and timeouts of HTTP/1.x: `HTTP1ConnectionParameters`,
            instead of the arguments above that it has too.
        access_log: called with an `AccessRecord` when a request has been answered.
        tcp_options: the keyword-only arguments of `tcpserver.TCPServer`.

    Raises:
        ValueError: an argument that makes no sense, `ssl_options` without a certificate, or
            `parameters` together with an argument that is a part of it.
        TypeError: an argument of the wrong type.
        OSError: (`ssl.SSLError` is one) the certificate or its key can't be used.
    """

    counters_class = HTTPCounters
    counters: HTTPCounters
    tls_stream_class = HTTPSStream

    def __init__(
        self,
        request_callback: HTTPServerConnectionDelegate | ForeignDelegate | RequestCallback,
        no_keep_alive: bool = False,
        xheaders: "bool | TrustedProxies" = False,
        ssl_options: SSLContext | dict[str, Any] | None = None,
        protocol: Literal["http", "https"] | None = None,
        decompress_request: bool = False,
        chunk_size: int | None = None,
        max_header_size: int | None = None,
        idle_connection_timeout: float | None = None,
        body_timeout: float | None = None,
        max_body_size: int | None = None,
        max_buffer_size: int | None = None,
        trusted_downstream: Iterable[str] | None = None,
        *,
        parameters: HTTP1ConnectionParameters | None = None,
        access_log: "Callable[[AccessRecord], object] | None" = None,
        **tcp_options: Unpack[TCPOptions],
    ) -> None:
        if protocol not in (None, "http", "https"):
            raise ValueError(f"protocol must be 'http' or 'https', not {protocol!r}")
        if parameters is None:
            parameters = HTTP1ConnectionParameters(
                no_keep_alive=no_keep_alive,
                chunk_size=chunk_size,
                max_header_size=max_header_size,
                max_body_size=max_buffer_size if max_body_size is None else max_body_size,
                body_timeout=body_timeout,
                decompress=decompress_request,
                idle_timeout=idle_connection_timeout,
            )
        elif not isinstance(parameters, HTTP1ConnectionParameters):
            raise TypeError(f"parameters must be HTTP1ConnectionParameters, not {parameters!r}")
        elif (
            no_keep_alive
            or decompress_request
            or (chunk_size, max_header_size, idle_connection_timeout, body_timeout, max_body_size)
            != (None, None, None, None, None)
        ):
            raise ValueError("parameters: give the limits there or one by one, not both")
        if access_log is not None and not callable(access_log):
            raise TypeError(f"access_log is called with each record, {access_log!r} can't be")
        super().__init__(ssl_options, max_buffer_size, parameters.chunk_size, **tcp_options)
        #: The limits and habits of connections.
        self.parameters = parameters
        #: What answers requests.
        self.request_callback = request_callback
        self._protocol = protocol or ("http" if ssl_options is None else "https")
        # RFC 9110 section 7.4: what a gateway has made of a request may name another scheme.
        behind_gateway = (
            protocol is not None or xheaders is not False or self._proxy_gate is not None
        )
        self._scheme = "" if behind_gateway else self._protocol
        self._is_tornados = _is_tornados(request_callback)
        self._delegate = _delegate_for(request_callback)
        # What connections talk to: this server, behind whatever else was asked for.
        entry: HTTPServerConnectionDelegate = self
        if access_log is not None:
            from ._access_log import AccessLog

            entry = AccessLog(entry, access_log)
        if xheaders is not False or trusted_downstream is not None:
            entry = _behind_proxies(entry, xheaders, trusted_downstream)
        self._entry = entry
        self._serving: set[HTTP1ServerConnection] = set()
        self._detached: set[IOStream] = set()
        self._draining = False
        self._drains: set[asyncio.Task[None]] = set()

    # --- What a subclass may override

    def start_request(
        self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """Called with each request; gives the delegate that receives it."""
        return self._delegate.start_request(server_conn, request_conn)

    def on_close(self, server_conn: HTTP1ServerConnection) -> None:
        """Called when a connection has been closed, or detached. Overridden, call this one too."""
        self._serving.discard(server_conn)
        if server_conn.timed_out:
            self.counters.count_timeout(server_conn.timed_out)
        if not server_conn.stream.closed():
            self._detached.add(server_conn.stream)
            self._check_drained()
        self._delegate.on_close(server_conn)

    # --- From the accepted connection to its requests

    def add_socket(self, sock: socket) -> None:
        """Accept on one more listening socket. The server owns it from now on."""
        super().add_socket(sock)
        if self._is_tornados:
            from ._tornado import take_tornados_loop

            take_tornados_loop()

    def handle_stream(self, stream: IOStream, address: object) -> None:
        """Serve the requests that come on `stream`."""
        context = ConnectionContext.of_peer(address, self._protocol)
        connection = HTTP1ServerConnection(stream, self.parameters, context, self._scheme)
        self._serving.add(connection)
        connection.start_serving(self._entry)
        if self._draining:
            self._drain_connection(connection)

    def stream_closed(self, stream: IOStream) -> None:
        """Called by a stream of this server when it closes."""
        TCPServer.stream_closed(self, stream)
        self._detached.discard(stream)
        if self._draining:
            self._check_drained()

    # --- The end

    async def close_all_connections(self) -> None:
        """Close all connections at once, and wait until that is done.

        Connections that were detached, as those of WebSockets are, are not closed. Call `stop`
        before, or new connections come while this waits.
        """
        while self._serving:
            await next(iter(self._serving)).close()

    async def drain(self, timeout: float | None = None) -> Drained:  # noqa: ASYNC109  # its documented name
        """Stop listening, answer what has been asked, and close all connections.

        A connection between two requests is closed at once. A request that is under way is
        answered, with `Connection: close`. A connection on which nothing has come yet, or a part of
        a head, gets a second to go on: what it sends may have crossed with the decision to stop.
        Connections that were detached are left alone.

        `timeout`: seconds after which what is left is closed; None takes `drain_timeout`. The
        result says how many connections ended by themselves, and how many had to be cut.
        """
        self.stop()
        before = self._undetached()
        if before:
            self._draining = True
            loop = asyncio.get_running_loop()
            self._empty = loop.create_future()
            grace = loop.call_later(_HANDSHAKE_GRACE, self._close_handshakes)
            for connection in list(self._serving):
                self._drain_connection(connection)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._drain_timeout if timeout is None else timeout):
                    await self._empty
            grace.cancel()
            self._empty = None
            self._draining = False
        cut = self._undetached()
        self._close_handshakes()
        await self.close_all_connections()
        return Drained(finished=max(before - cut, 0), cut=cut)

    def _drain_connection(self, connection: HTTP1ServerConnection) -> None:
        task = asyncio.get_running_loop().create_task(connection.drain())
        # The loop itself only keeps weak references to its tasks.
        self._drains.add(task)
        task.add_done_callback(self._drains.discard)

    def _undetached(self) -> int:
        """How many streams are this server's to end: all but those that were detached."""
        return len(self._streams) - len(self._detached)

    def _check_drained(self) -> None:
        empty = self._empty
        if empty is not None and not empty.done() and not self._undetached():
            empty.set_result(None)

    def _close_handshakes(self) -> None:
        """Close what is not a connection for HTTP yet."""
        if self._proxy_gate is not None:
            self._proxy_gate.close()
        served = {connection.stream for connection in self._serving}
        for stream in self._streams - served - self._detached:
            stream.close()


def _is_tornados(request_callback: object) -> bool:
    """Whether it is a delegate of Tornado's: told by names, for who uses Tornado has imported it."""
    return any(
        base.__module__ == "tornado.httputil" and base.__name__ == "HTTPServerConnectionDelegate"
        for base in type(request_callback).__mro__
    )


def _delegate_for(
    request_callback: HTTPServerConnectionDelegate | ForeignDelegate | RequestCallback,
) -> HTTPServerConnectionDelegate:
    if isinstance(request_callback, HTTPServerConnectionDelegate):
        return request_callback
    if _is_tornados(request_callback):
        from ._tornado import TornadoDelegate

        return TornadoDelegate(cast("TornadoConnectionDelegate", request_callback))
    if hasattr(request_callback, "start_request"):
        return cast(HTTPServerConnectionDelegate, request_callback)
    # What `start_request` of the delegate would go through with each request.
    return cast(HTTPServerConnectionDelegate, Collectors(CallbackDelegate(request_callback)))


def _behind_proxies(
    delegate: HTTPServerConnectionDelegate,
    xheaders: "bool | TrustedProxies",
    trusted_downstream: Iterable[str] | None,
) -> HTTPServerConnectionDelegate:
    """The delegate, told who is behind a proxy if `xheaders` says so; checks both in any case."""
    from ._proxied import ProxiedDelegate
    from ._proxies import TrustedProxies
    from ._proxies import XHeaders

    if isinstance(xheaders, TrustedProxies):
        if trusted_downstream is not None:
            raise ValueError("trusted_downstream: the TrustedProxies given as xheaders says that")
        return ProxiedDelegate(delegate, xheaders)
    if not isinstance(xheaders, bool):
        raise TypeError(f"xheaders must be a bool or a TrustedProxies, not {xheaders!r}")
    by_header = XHeaders(trusted_downstream)
    return ProxiedDelegate(delegate, by_header) if xheaders else delegate
