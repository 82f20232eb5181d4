"""`ASGIDelegate`: requests for an ASGI 3 application."""

from types import TracebackType
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
    """

    def __init__(
        self,
        application: ASGIApplication,
        *,
        root_path: str = "",
        lifespan: LifespanMode = "auto",
    ) -> None:
        if not callable(application):
            raise TypeError(f"expected an ASGI application, not {application!r}")
        if root_path and (not root_path.startswith("/") or root_path.endswith("/")):
            raise ValueError(f"root_path begins with / and does not end so, unlike {root_path!r}")
        if lifespan not in ("auto", "on", "off"):
            raise ValueError(f"lifespan is 'auto', 'on' or 'off', not {lifespan!r}")
        #: What is called.
        self.application = application
        #: What the application left in `scope["state"]` when it started up: each request gets a copy.
        self.state: dict[str, object] = {}
        #: What is being served. The loop itself only keeps weak references to its tasks.
        self.running: set[HTTPExchange] = set()
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

        Raises `LifespanError` if it can't.
        """
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
