"""The server: sockets in, streams out."""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING
from typing import NamedTuple
from typing import Self

from iostream import IOStream
from netsock import IOLoop
from netsock import SocketOptions
from netsock import bind_sockets
from netsock import fork_processes

from ._address import Address
from ._certificates import Certificates
from ._certificates import SSLOptions
from ._counters import Counters
from ._handlers import Handlers
from ._handshakes import Handshakes
from ._listeners import Listeners
from ._streams import ServerStream
from ._streams import ServerTLSStream

if TYPE_CHECKING:
    from ._proxy_gate import ProxyGate
    from ._proxy_header import ProxyHeader

logger = logging.getLogger(__name__)

# A connection is inherited with the options of the socket that accepted it (Linux, BSD), so this
# costs nothing per connection. Streams send as much as there is at once: to wait for more, as
# Nagle's algorithm does, would only be late.
_NO_DELAY = SocketOptions(nodelay=True)

# How many seconds of a drain those have who are not served yet: who may be about to say something,
# or may be silent for good.
_NEWCOMER_GRACE = 1.0


class Drained(NamedTuple):
    """What became of the connections that were open when a drain began.

    Attributes:
        finished: how many ended by themselves.
        cut: how many were closed when the time was up.
    """

    finished: int
    cut: int


class TCPServer:
    """Accepts connections and calls `handle_stream` for each, with a stream.

    Subclass it, override `handle_stream`, then listen and serve::

        server = Echo()
        server.listen(8888)
        asyncio.run(server.serve_forever())

    or call `bind` and `start` to serve with several processes, or `add_sockets` with sockets from
    elsewhere. A server may listen on any number of ports.

    Args:
        ssl_options: serve TLS: an ``ssl.SSLContext``, or a dict of ``certfile``, ``keyfile``,
            ``ca_certs``, ``cert_reqs``, ``ciphers``, ``ssl_version``.
        max_buffer_size: of each stream, in bytes; see `iostream.IOStream`.
        read_chunk_size: of each stream, in bytes.
        ssl_handshake_timeout: seconds for a whole TLS handshake.
        max_connections: accepting pauses while there are this many; None sets no limit.
        proxy_protocol: every connection begins with a PROXY header, version 1 or 2, which tells the
            client's address; one that does not is closed.
        proxy_networks: whose header is believed, such as ``["10.0.0.0/8", "::1", "unix"]``; others
            are refused. Necessary with ``proxy_protocol``.
        proxy_timeout: seconds for the header.
        drain_timeout: seconds that `serve_forever` and `drain` leave connections to end.
        socket_options: set on each listening socket, and so on each connection.

    Attributes:
        counters: what happened so far, in plain numbers.
        counters_class: what ``counters`` is made from; a subclass of the server may set it to one of
            its own.
        tls_stream_class: what a connection becomes under TLS; a subclass of the server may set it
            to a subclass of `ServerTLSStream`.

    Raises:
        ValueError: ``ssl_options`` without a certificate, ``proxy_protocol`` without networks, a size,
            a number or a time that makes no sense.
        OSError: (``ssl.SSLError`` is one) the certificate or key cannot be used.
    """

    counters_class: type[Counters] = Counters
    tls_stream_class: type[ServerTLSStream] = ServerTLSStream

    def __init__(
        self,
        ssl_options: SSLOptions | None = None,
        max_buffer_size: int | None = None,
        read_chunk_size: int | None = None,
        *,
        ssl_handshake_timeout: float = 30.0,
        max_connections: int | None = None,
        proxy_protocol: bool = False,
        proxy_networks: Iterable[str] = (),
        proxy_timeout: float = 5.0,
        drain_timeout: float = 10.0,
        socket_options: SocketOptions = _NO_DELAY,
    ) -> None:
        for name, given in (
            ("max_buffer_size", max_buffer_size),
            ("read_chunk_size", read_chunk_size),
            ("max_connections", max_connections),
        ):
            if given is not None and given < 1:
                raise ValueError(f"{name} must be 1 or more, or None for the default, not {given}")
        for name, seconds in (
            ("ssl_handshake_timeout", ssl_handshake_timeout),
            ("proxy_timeout", proxy_timeout),
        ):
            if not seconds > 0:
                raise ValueError(f"{name} is in seconds, more than 0, not {seconds}")
        if not drain_timeout >= 0:
            raise ValueError(f"drain_timeout is in seconds, 0 or more, not {drain_timeout}")
        self.counters = self.counters_class()
        self._certificates = None if ssl_options is None else Certificates(ssl_options)
        self._max_buffer_size = max_buffer_size
        self._read_chunk_size = read_chunk_size
        self._max_connections = sys.maxsize if max_connections is None else max_connections
        self._drain_timeout = drain_timeout
        self._socket_options = socket_options
        self._handshakes = Handshakes(ssl_handshake_timeout, self.counters, self._hand_over)
        self._handlers = Handlers(self.counters)
        self._proxy_gate = self._gate(proxy_networks, proxy_timeout) if proxy_protocol else None
        self._bound: list[socket.socket] = []  # by bind, until start
        self._listeners = Listeners(self._accepted)
        self._remove_drain: Callable[[], None] | None = None
        self._connections = 0
        self._streams: set[IOStream] = set()
        self._stream_closed = self.stream_closed  # one object, shared by all streams
        self._stopped: asyncio.Future[None] | None = None  # while serve_forever runs
        self._empty: asyncio.Future[None] | None = None  # while drain waits

    # To override

    def handle_stream(self, stream: IOStream, address: Address) -> Awaitable[None] | None:
        """Talk to one client. Override it, as a plain method or an ``async`` one.

        It is called directly from the accept, or once the TLS handshake is done. What it raises is
        logged and closes this stream only; a `StreamClosedError` is taken for a good-bye. The
        stream stays open when it returns: close it.

        Args:
            stream: the connection: an `SSLIOStream` when the server has ``ssl_options``.
            address: of the client: ``(host, port)`` for IPv4, with flow info and scope id for IPv6,
                a str for a Unix socket; under ``proxy_protocol`` what the proxy says.
        """
        raise NotImplementedError("override TCPServer.handle_stream")

    def _drain_begins(self) -> None:
        """Called when a drain begins, after accepting has ended.

        A protocol that knows which connections are idle closes them here, and tells the others
        to end.
        """

    # Listening

    def listen(
        self,
        port: int,
        address: str | None = None,
        family: int = socket.AF_UNSPEC,
        backlog: int = 128,
        flags: int | None = None,
        reuse_port: bool = False,
    ) -> None:
        """Bind and accept; the arguments are those of `netsock.bind_sockets`.

        Accepting starts at once, or with the loop when none runs in this thread yet.
        """
        self.add_sockets(bind_sockets(port, address, family, backlog, flags, reuse_port))

    def bind(
        self,
        port: int,
        address: str | None = None,
        family: int = socket.AF_UNSPEC,
        backlog: int = 128,
        flags: int | None = None,
        reuse_port: bool = False,
    ) -> None:
        """Bind, and accept from `start` on; the arguments are those of `netsock.bind_sockets`."""
        self._bound += bind_sockets(port, address, family, backlog, flags, reuse_port)

    def start(self, num_processes: int | None = 1, max_restarts: int | None = None) -> None:
        """Accept on the sockets that `bind` made, in this process or in several.

        Args:
            num_processes: 1 serves in this process. None or 0 forks a worker process for each CPU,
                another number that many: then it returns in the workers only, as
                `netsock.fork_processes` does, and must be called before there is an event loop.
            max_restarts: passed on to `netsock.fork_processes`.
        """
        if num_processes != 1:
            fork_processes(num_processes, max_restarts)
        sockets, self._bound = self._bound, []
        self.add_sockets(sockets)

    def add_sockets(self, sockets: Iterable[socket.socket]) -> None:
        """Accept on listening sockets from elsewhere. The server owns them from now on."""
        for sock in sockets:
            self.add_socket(sock)

    def add_socket(self, sock: socket.socket) -> None:
        """Accept on one more listening socket. The server owns it from now on."""
        self._socket_options.apply(sock)
        self._listeners.add(sock)
        if self._remove_drain is None:
            self._remove_drain = IOLoop.current().add_drain(self.drain)

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """The sockets it listens on; of use to learn the port when that was 0."""
        return tuple(self._listeners.sockets)

    # Serving and stopping

    @property
    def connections(self) -> int:
        """How many connections are open, those in a handshake included."""
        return self._connections

    def stop(self) -> None:
        """Stop listening. Connections that are open go on. May be called again."""
        if self._remove_drain is not None:
            self._remove_drain()
            self._remove_drain = None
        self._listeners.close()
        for sock in self._bound:
            sock.close()
        self._bound.clear()
        if self._stopped is not None and not self._stopped.done():
            self._stopped.set_result(None)

    async def serve_forever(self) -> None:
        """Serve until SIGTERM, SIGINT or `stop`, then `drain`.

        A second SIGINT cuts the drain short. When it is cancelled everything is closed at once.
        """
        loop = asyncio.get_running_loop()
        self._stopped = loop.create_future()
        unsubscribe = IOLoop.current().on_termination(self._terminate)
        try:
            await self._stopped
            await self.drain()
        finally:
            unsubscribe()
            self._stopped = None
            self.stop()
            self._close_streams()

    async def drain(self, timeout: float | None = None) -> Drained:  # noqa: ASYNC109  # its documented name
        """Stop listening, wait until all connections are closed, then close those that are not.

        Those whose TLS handshake or PROXY header is not complete within a second are closed then.

        Args:
            timeout: seconds to wait; None takes ``drain_timeout``.
        """
        self.stop()
        before = self._connections
        self._drain_begins()
        if self._connections:
            loop = asyncio.get_running_loop()
            # Shared with another drain that goes on, which a timeout of ours must not cancel.
            empty = self._empty = self._empty or loop.create_future()
            grace = loop.call_later(_NEWCOMER_GRACE, self._close_newcomers)
            await asyncio.wait([empty], timeout=self._drain_timeout if timeout is None else timeout)
            grace.cancel()
        cut = self._connections
        self._close_streams()
        self._empty = None
        await self._handlers.cancel()
        drained = Drained(finished=max(before - cut, 0), cut=cut)
        logger.info("drained: %d connections finished, %d were cut", *drained)
        return drained

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.drain(None if error is None else 0)

    def reload_certificates(self, ssl_options: SSLOptions | None = None) -> None:
        """Read certificate and key again, for the connections from now on.

        Args:
            ssl_options: use these instead. Necessary when the server was made with an
                ``SSLContext``.

        Raises:
            ValueError: the server has no TLS, or does not know where its certificate is from.
            OSError: certificate or key cannot be used; the former ones stay in use.
        """
        if self._certificates is None:
            raise ValueError("reload_certificates: the server has no ssl_options")
        self._certificates.reload(ssl_options)

    # From the accepted connection to handle_stream

    def _accepted(self, connection: socket.socket, address: Address) -> None:
        self.counters.accepted += 1
        self._connections += 1
        if self._connections >= self._max_connections:
            self._listeners.pause()
        if self._proxy_gate is None:
            self._open(connection, address, None)
        else:
            self._proxy_gate.receive(connection, address)

    def _gate(self, networks: Iterable[str], timeout: float) -> "ProxyGate":
        # Imported here, because most servers do without it and the modules that it needs.
        from ._proxy_gate import ProxyGate
        from ._proxy_gate import TrustedProxies

        trusted = TrustedProxies(networks)
        if not trusted:
            raise ValueError("proxy_protocol: say in proxy_networks who is believed")
        return ProxyGate(trusted, timeout, self.counters, self._open, self._connection_gone)

    def _open(
        self, connection: socket.socket, address: Address, proxy_header: "ProxyHeader | None"
    ) -> None:
        if self._certificates is None:
            stream = ServerStream(
                connection,
                self._stream_closed,
                proxy_header,
                self._max_buffer_size,
                self._read_chunk_size,
            )
            self._streams.add(stream)
            self._hand_over(stream, address)
            # Most clients speak first, and what they say is mostly there already.
            stream.receive_now()
            return
        try:
            tls_stream = self.tls_stream_class(
                connection,
                self._certificates.context,
                self._stream_closed,
                proxy_header,
                self._max_buffer_size,
                self._read_chunk_size,
            )
        except OSError:  # it was reset meanwhile
            connection.close()
            self._connection_gone()
            return
        self._streams.add(tls_stream)
        self._handshakes.start(tls_stream, address)

    def _hand_over(self, stream: IOStream, address: Address) -> None:
        try:
            awaitable = self.handle_stream(stream, address)
        except Exception as error:
            self._handlers.failed(error, stream, address)
        else:
            if awaitable is not None:
                self._handlers.run(awaitable, stream, address)

    def stream_closed(self, stream: IOStream) -> None:
        """Called once for each stream, when it closes. A subclass with books of its own extends it."""
        counters = self.counters
        counters.bytes_received += stream.bytes_received
        counters.bytes_sent += stream.bytes_sent
        self._streams.discard(stream)
        self._connection_gone()

    def _connection_gone(self) -> None:
        self._connections -= 1
        if self._connections == self._max_connections - 1:  # it was full
            self._listeners.resume()
        if self._connections == 0 and self._empty is not None and not self._empty.done():
            self._empty.set_result(None)

    def _close_newcomers(self) -> None:
        if self._proxy_gate is not None:
            self._proxy_gate.close()
        self._handshakes.close()

    def _close_streams(self) -> None:
        self._close_newcomers()
        for stream in list(self._streams):
            stream.close()

    def _terminate(self, number: signal.Signals) -> None:
        if self._empty is None:
            self.stop()
        elif number == signal.SIGINT and not self._empty.done():
            self._empty.set_result(None)
