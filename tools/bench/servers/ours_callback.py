"""Our HTTPServer with the documented callback, and with a delegate for bodies that stream."""

import asyncio

from http1 import HTTPConnection
from http1 import HTTPHeaders
from http1 import HTTPMessageDelegate
from http1 import HTTPServerConnectionDelegate
from http1 import RequestStartLine
from http1 import ResponseStartLine
from httpserver import HTTPServer
from httpserver import HTTPServerRequest
from netsock import IOLoop

from .launching import Launch
from .launching import launch
from .payload import HELLO
from .payload import LARGE
from .payload import LARGE_PATH


def answer(connection: HTTPConnection, body: bytes) -> None:
    headers = HTTPHeaders({"Content-Type": "text/plain", "Content-Length": str(len(body))})
    connection.write_headers(ResponseStartLine("HTTP/1.1", 200, "OK"), headers, body)
    connection.finish()


def callback(request: HTTPServerRequest) -> None:
    if request.method == "POST":
        body = b"%d" % len(request.body)
    else:
        body = LARGE if request.path == LARGE_PATH else HELLO
    assert request.connection is not None
    answer(request.connection, body)


class Counting(HTTPMessageDelegate):
    """Count the body and drop it."""

    def __init__(self, connection: HTTPConnection) -> None:
        self.connection = connection
        self.size = 0

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> None:
        pass

    def data_received(self, chunk: bytes) -> None:
        self.size += len(chunk)

    def finish(self) -> None:
        answer(self.connection, b"%d" % self.size)


class CountingServer(HTTPServerConnectionDelegate):
    """A ``Counting`` for each request."""

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        return Counting(request_conn)


def make(settings: Launch) -> HTTPServer:
    """The server; it does not listen yet."""
    application = CountingServer() if settings.shape == "streaming" else callback
    return HTTPServer(application, ssl_options=settings.tls())


async def serve(settings: Launch) -> None:
    """Listen until killed."""
    make(settings).listen(settings.port, "127.0.0.1", backlog=1024)
    await asyncio.Event().wait()


def serve_in_workers(settings: Launch) -> None:
    """Listen in several processes until killed; on asyncio, as fork_processes wants no loop yet."""
    server = make(settings)
    server.bind(settings.port, "127.0.0.1", backlog=1024)
    server.start(settings.workers)
    IOLoop.current().start()


if __name__ == "__main__":
    arguments = launch()
    if arguments.workers > 1:
        serve_in_workers(arguments)
    else:
        arguments.run(lambda: serve(arguments))
