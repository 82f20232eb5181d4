"""Both ends are ours: what one of them writes the other one reads, over real sockets."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from http1 import HTTP1Connection
from http1 import HTTP1ConnectionParameters
from http1 import HTTP1ServerConnection
from http1 import HTTPConnection
from http1 import HTTPHeaders
from http1 import HTTPMessageDelegate
from http1 import HTTPServerConnectionDelegate
from http1 import RequestStartLine
from http1 import ResponseStartLine
from iostream import IOStream
from tcpserver import TCPServer

from .browsing import Response
from .browsing import asynchronous
from .browsing import connect
from .browsing import fetch
from .conftest import TEXT


class Site(HTTPServerConnectionDelegate):
    def start_request(
        self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        assert isinstance(request_conn, HTTP1Connection)
        return Page(request_conn)


class Page(HTTPMessageDelegate):
    """Echoes the body, with what the path asks for."""

    def __init__(self, connection: HTTP1Connection) -> None:
        self.connection = connection
        self.path = ""
        self.body = b""

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> None:
        assert isinstance(start_line, RequestStartLine)
        self.path = start_line.path
        if self.path == "/hints":
            hints = ResponseStartLine("", 103, "Early Hints")
            self.connection.write_headers(hints, HTTPHeaders({"Link": "</style.css>"}))
        if self.path == "/early":
            self.answer(HTTPHeaders({"Content-Length": "5"}), b"early", 413)
        if self.path == "/upgrade":
            switching = {"Connection": "upgrade", "Upgrade": "echo"}
            self.connection.write_headers(ResponseStartLine("", 101, "Go"), HTTPHeaders(switching))
            self.connection.finish()
            stream = self.connection.detach()
            self.task = asyncio.ensure_future(echo(stream))

    def data_received(self, chunk: bytes) -> None:
        self.body += chunk

    def finish(self) -> None:
        if self.path == "/gzip":
            data = gzip.compress(self.body)
            fields = {"Content-Encoding": "gzip", "Content-Length": str(len(data))}
            self.answer(HTTPHeaders(fields), data)
        elif self.path == "/chunked":
            self.answer(HTTPHeaders(), self.body)
        elif self.path == "/trailers":
            self.answer(HTTPHeaders(), str(dict(self.connection.trailers)).encode())
        elif self.path != "/early":
            self.answer(HTTPHeaders({"Content-Length": str(len(self.body))}), self.body)

    def answer(self, headers: HTTPHeaders, body: bytes, status: int = 200) -> None:
        self.connection.write_headers(ResponseStartLine("", status, "x"), headers, body)
        self.connection.finish()


async def echo(stream: IOStream) -> None:
    await stream.write(await stream.read_until(b"\n"))
    stream.close()


class Server(TCPServer):
    def __init__(self) -> None:
        super().__init__()
        self.params = HTTP1ConnectionParameters(decompress=True)

    def handle_stream(self, stream: IOStream, address: object) -> None:
        HTTP1ServerConnection(stream, self.params).start_serving(Site())


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[str, int]]:
    server = Server()
    server.listen(0, "127.0.0.1")
    (listener,) = server.sockets
    yield listener.getsockname()
    server.stop()
    await server.drain(1)


@asynchronous
async def test_bodies() -> None:
    async with serving() as address:
        stream = await connect(address)
        for target in ("/", "/chunked"):
            for method, body in (("GET", b""), ("POST", b"x"), ("PUT", TEXT * 10), ("HEAD", b"")):
                for chunked in (False, True):
                    response = await fetch(stream, method, target, body, chunked=chunked)
                    assert response.body == body
                    assert response.still_open
        stream.close()


@pytest.mark.parametrize("target", ["/", "/gzip"])
@asynchronous
async def test_content_codings(target: str) -> None:
    """Both ways."""
    async with serving() as address:
        stream = await connect(address)
        params = HTTP1ConnectionParameters(decompress=True)
        for chunked in (False, True):
            data = gzip.compress(TEXT)
            response = await fetch(
                stream, "POST", target, data, params, chunked, Content_Encoding="gzip"
            )
            assert (response.status, response.body, response.still_open) == (200, TEXT, True)
        stream.close()


@asynchronous
async def test_early_hints() -> None:
    async with serving() as address:
        stream = await connect(address)
        response = await fetch(stream, "GET", "/hints")
        assert (response.interim, response.status, response.still_open) == ([103], 200, True)
        stream.close()


@asynchronous
async def test_trailers_of_a_request() -> None:
    async with serving() as address:
        stream = await connect(address)
        stream.write(
            b"POST /trailers HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"0\r\nX-Checksum: 17\r\n\r\n"
        )
        response = Response()
        assert await HTTP1Connection(stream, True).read_response(response) is True
        assert response.body == b"{'X-Checksum': '17'}"
        stream.close()


@asynchronous
async def test_early_answer() -> None:
    """It arrives, though the server does not read all that is sent."""
    async with serving() as address:
        for size in (10, 10_000_000):
            stream = await connect(address)
            response = await fetch(stream, "PUT", "/early", bytes(size))
            assert (response.status, response.body, response.complete) == (413, b"early", True)
            stream.close()


@asynchronous
async def test_upgrade() -> None:
    async with serving() as address:
        stream = await connect(address)
        connection = HTTP1Connection(stream, True)
        fields = {"Host": "x", "Connection": "upgrade", "Upgrade": "echo"}
        connection.write_headers(RequestStartLine("GET", "/upgrade", ""), HTTPHeaders(fields))
        connection.finish()
        # Before the answer is here, as somebody does who is sure of it.
        stream.write(b"echo ")
        response = Response()
        assert await connection.read_response(response) is True
        assert response.status == 101
        stream = connection.detach()
        stream.write(b"this\n")
        assert await stream.read_until_close() == b"echo this\n"
