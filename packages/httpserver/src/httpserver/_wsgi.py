"""`WSGIDelegate`: requests for a WSGI application."""

from collections.abc import Callable
from collections.abc import Iterable
from types import TracebackType
from typing import Any
from typing import Self
from typing import TypeAlias

from http1 import HTTP1ServerConnection
from http1 import HTTPConnection
from http1 import HTTPMessageDelegate
from http1 import HTTPServerConnectionDelegate

from ._exchange import Exchange
from ._thread_pool import ThreadPool

# What start_response is, each framework says with types of its own.
WSGIApplication: TypeAlias = Callable[[dict[str, Any], Any], Iterable[bytes]]
"""A WSGI application (PEP 3333): `application(environ, start_response)`."""


class WSGIDelegate(HTTPServerConnectionDelegate):
    """Serves a WSGI application: Flask, Django, ...

    ```python
    with WSGIDelegate(app, threads=16) as delegate:
        server = HTTPServer(delegate)
        server.listen(8888)
        asyncio.run(server.serve_forever())
    ```

    The application runs in a thread, of which there are at most `threads`; requests beyond that
    wait. A request gets one when it is complete, or when more than 64 KiB of its body have come.

    An exception from the application is logged with the request line, and answered with 500 if no
    answer had begun; then the connection is closed, so that the client never takes half an answer
    for a whole one.

    Args:
        application: what is called with `environ` and `start_response`.
        threads: by default four more than there are CPUs, and at most 32.
        script_name: the path below which a proxy serves the application, and which it takes off the
            requests; `"/shop"` for instance.
    """

    def __init__(
        self, application: WSGIApplication, *, threads: int | None = None, script_name: str = ""
    ) -> None:
        if not callable(application):
            raise TypeError(f"expected a WSGI application, not {application!r}")
        if script_name and (not script_name.startswith("/") or script_name.endswith("/")):
            raise ValueError(
                f"script_name begins with / and does not end so, unlike {script_name!r}"
            )
        #: What is called.
        self.application = application
        #: The `SCRIPT_NAME` of requests.
        self.script_name = script_name
        #: Where it is called.
        self.pool = ThreadPool(threads)
        #: What is being answered.
        self.running: set[HTTPMessageDelegate] = set()

    def close(self) -> None:
        """Let the threads end, each when it is through with its request."""
        self.pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def start_request(
        self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        # Imported with the first request: callback delegates can do without.
        from ._wsgi_exchange import WSGIExchange

        assert isinstance(request_conn, Exchange)
        return WSGIExchange(self, server_conn, request_conn)
