"""A client as an application would write one, for the tests to send requests with."""

import asyncio
import functools
import socket
import ssl
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Coroutine
from typing import ParamSpec

from http1 import HTTP1Connection
from http1 import HTTP1ConnectionParameters
from http1 import HTTPHeaders
from http1 import HTTPMessageDelegate
from http1 import RequestStartLine
from http1 import ResponseStartLine
from iostream import IOStream
from iostream import SSLIOStream

P = ParamSpec("P")


def asynchronous(test: Callable[P, Coroutine[None, None, None]]) -> Callable[P, None]:
    """Run a test that is a coroutine; a minute is for ever."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def limited() -> None:
            async with asyncio.timeout(60):
                await test(*args, **kwargs)

        asyncio.run(limited())

    return run


class Response(HTTPMessageDelegate):
    """Collects a response."""

    def __init__(self) -> None:
        self.interim: list[int] = []
        self.status = 0
        self.headers = HTTPHeaders()
        self.body = b""
        self.complete = False
        self.cut_short = False
        #: Whether the connection can be used again.
        self.still_open = False
        self.trailers = HTTPHeaders()

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        assert isinstance(start_line, ResponseStartLine)
        if start_line.code < 200 and start_line.code != 101:
            self.interim.append(start_line.code)
        else:
            self.status = start_line.code
            self.headers = headers
        return None

    def data_received(self, chunk: bytes) -> None:
        self.body += chunk

    def finish(self) -> None:
        self.complete = True

    def on_connection_close(self) -> None:
        self.cut_short = True


async def connect(address: str | tuple[str, int], tls: ssl.SSLContext | None = None) -> IOStream:
    """A stream to a path in the file system, or to a host and a port."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    sock = socket.socket(family)
    sock.setblocking(False)
    stream = IOStream(sock) if tls is None else SSLIOStream(sock, ssl_options=tls)
    await stream.connect(address, server_hostname=None if tls is None else "localhost")
    return stream


async def fetch(
    stream: IOStream,
    method: str,
    target: str,
    body: bytes | None = None,
    params: HTTP1ConnectionParameters | None = None,
    chunked: bool = False,
    **fields: str,
) -> Response:
    """Send a request, and wait for all of the response."""
    connection = HTTP1Connection(stream, True, params)
    headers = HTTPHeaders({"Host": "localhost"})
    for name, value in fields.items():
        headers[name.replace("_", "-")] = value
    if chunked:
        headers["Transfer-Encoding"] = "chunked"
    elif body is not None:
        headers["Content-Length"] = str(len(body))
    connection.write_headers(RequestStartLine(method, target, ""), headers)
    response = Response()
    result = connection.read_response(response)
    if body:
        connection.write(body)
    connection.finish()
    response.still_open = await result
    response.trailers = connection.trailers
    assert response.complete is not response.cut_short
    return response
