"""`ASGIDelegate`: requests for an ASGI 3 application."""

import asyncio
import functools
import logging
from types import TracebackType
from typing import TYPE_CHECKING
from typing import Final
from typing import Self

from http1 import HTTP1ServerConnection
from http1 import HTTPConnection
from http1 import HTTPMessageDelegate
from http1 import HTTPServerConnectionDelegate

from ._asgi_http import HTTPExchange
from ._asgi_lifespan import Lifespan
from ._asgi_lifespan import LifespanMode
from ._asgi_scope import ConnectionScope
from ._asgi_types import ASGIApplication
from ._exchange import Exchange

if TYPE_CHECKING:
    from ._asgi_websocket import WebSocketExchange

logger = logging.getLogger(__name__)

# How long WebSockets have to end when the server goes away.
_GOING_AWAY_GRACE: Final = 10.0


class ASGIDelegate(HTTPServerConnectionDelegate):
    """Serves an ASGI 3 application: FastAPI, Starlette, Django, Quart, ...

    ```python
    async with ASGIDelegate(app) as delegate:  # the application starts up, and shuts down
        server = HTTPServer(delegate)
        server.listen(8888)
        await server.serve_forever()
    ```

    An exception from the application is logged with the request line, and answered with 500 if no
    answer had begun; then the connection is closed, so that the client never takes half an answer
    for a whole one.

    Args:
        application: what is called with `scope`, `receive` and `send`.
        root_path: the path below which a proxy serves the application, and which it takes off the
            requests; `"/shop"` for instance. It comes back in front of `path`, as ASGI wants it.
        lifespan: whether the application hears of start-up and shutdown: `"auto"` if it can, `"on"`
            if it must, `"off"`.
        websocket_max_size: the most bytes of a WebSocket's message, decompressed; 16 MiB.
        websocket_ping_interval: seconds between two pings on a WebSocket, whose client is gone if
            it sends nothing from one to the next; 20 by default, None for no pings.

    WebSockets need wsproto: install `httpserver[websocket]`. Without it, a client that asks for one
    is answered as if it had asked for an ordinary response.
    """

    def __init__(
        self,
        application: ASGIApplication,
        *,
        root_path: str = "",
        lifespan: LifespanMode = "auto",
        websocket_max_size: int = 16 * 1024 * 1024,
        websocket_ping_interval: float | None = 20.0,
    ) -> None:
        if not callable(application):
            raise TypeError(f"expected an ASGI application, not {application!r}")
        if root_path and (not root_path.startswith("/") or root_path.endswith("/")):
            raise ValueError(f"root_path begins with / and does not end so, unlike {root_path!r}")
        if lifespan not in ("auto", "on", "off"):
            raise ValueError(f"lifespan is 'auto', 'on' or 'off', not {lifespan!r}")
        if websocket_max_size < 1:
            raise ValueError(f"websocket_max_size is in bytes, not {websocket_max_size}")
        if websocket_ping_interval is not None and not websocket_ping_interval > 0:
            raise ValueError(
                f"websocket_ping_interval is in seconds, not {websocket_ping_interval}"
            )
        #: What is called.
        self.application = application
        #: What the application left in `scope["state"]` when it started up: each request gets a copy.
        self.state: dict[str, object] = {}
        #: What is being served. The loop itself only keeps weak references to its tasks.
        self.running: set[HTTPExchange | WebSocketExchange] = set()
        self.websocket_max_size = websocket_max_size
        self.websocket_ping_interval = websocket_ping_interval
        self._root_path = root_path
        self._lifespan = Lifespan(application, self.state, lifespan)
        self._scopes: dict[HTTP1ServerConnection, ConnectionScope] = {}

    async def startup(self) -> None:
        """Have the application start up; to be awaited before it is served.

        Raises `LifespanError` if it can't.
        """
        await self._lifespan.startup()

    async def shutdown(self) -> None:
        """Have the application shut down; to be awaited when it is no longer served.

        WebSockets are told that the server goes away (1001), and given some seconds to end.

        Raises `LifespanError` if it can't.
        """
        ending = [exchange.go_away() for exchange in list(self.running)]
        tasks = [task for task in ending if task is not None and not task.done()]
        if tasks:
            await asyncio.wait(tasks, timeout=_GOING_AWAY_GRACE)
        await self._lifespan.shutdown()

    async def __aenter__(self) -> Self:
        await self.startup()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.shutdown()

    def start_request(
        self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        assert isinstance(request_conn, Exchange)
        if server_conn.upgrade and server_conn.upgrade.lower() == "websocket":
            kind = _websocket_exchange()
            if kind is not None:
                return kind(self, server_conn, request_conn)
        return HTTPExchange(self, server_conn, request_conn)

    def on_close(self, server_conn: HTTP1ServerConnection) -> None:
        self._scopes.pop(server_conn, None)

    def connection_scope(
        self, server_conn: HTTP1ServerConnection, request_conn: Exchange
    ) -> ConnectionScope:
        """What the scopes of this connection's requests have in common."""
        known = self._scopes.get(server_conn)
        context = request_conn.context
        # Behind a proxy each request has a context of its own, about its client.
        if known is None or known.context is not context:
            known = ConnectionScope(context, request_conn.stream, self._root_path)
            self._scopes[server_conn] = known
        return known


@functools.cache
def _websocket_exchange() -> "type[WebSocketExchange] | None":
    """What receives a request for a WebSocket; None if wsproto is not installed."""
    try:
        import wsproto as wsproto
    except ImportError:
        logger.warning("A WebSocket was asked for: install httpserver[websocket] to serve them")
        return None
    from ._asgi_websocket import WebSocketExchange

    return WebSocketExchange
