"""`CallbackDelegate`: requests for a plain function, `async` or not."""

import asyncio
import logging
from collections.abc import Awaitable
from collections.abc import Callable

from http1 import HTTP1ServerConnection
from http1 import HTTPConnection
from http1 import HTTPMessageDelegate
from http1 import HTTPServerConnectionDelegate
from iostream import StreamClosedError

from ._collectors import Collectors
from ._collectors import answer
from ._collectors import refuse
from ._exchange import Exchange
from ._forms import FormError
from ._request import HTTPServerRequest

logger = logging.getLogger(__name__)

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
        # It has all the methods of one.
        return Collectors(self).start_request(server_conn, request_conn)  # type: ignore[return-value]

    def on_result(self, request: HTTPServerRequest, result: object) -> None:
        """The callback has returned `result`, which is not None."""
        if isinstance(result, asyncio.Future) and result.done():
            # What `write` returned, passed on: not worth a task.
            result.result()
        elif isinstance(result, Awaitable):
            task = asyncio.get_running_loop().create_task(_see_through(request, result))
            self._running.add(task)
            task.add_done_callback(self._running.discard)


async def _see_through(request: HTTPServerRequest, awaitable: Awaitable[object]) -> None:
    try:
        await awaitable
    except FormError as error:
        refuse(request, error)
    except Exception as error:
        if isinstance(error, StreamClosedError) and _is_gone(request):
            # The client went away in the middle: there is nobody to tell, and nothing to mend.
            return
        logger.exception("Uncaught exception in the callback for %r", request)
        answer(request, 500, "the application failed")


def _is_gone(request: HTTPServerRequest) -> bool:
    connection = request.connection
    return isinstance(connection, Exchange) and connection.stream.closed()
