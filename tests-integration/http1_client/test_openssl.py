import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from http1 import HTTP1Connection
from http1 import HTTPHeaders
from http1 import RequestStartLine

from .browsing import Response
from .browsing import asynchronous
from .browsing import connect
from .browsing import fetch
from .conftest import OpenSSLServer


@pytest.fixture
def files(tmp_path: Path) -> Iterator[OpenSSLServer]:
    """Serves files that hold whole responses, head and all."""
    server = OpenSSLServer(tmp_path, "-HTTP")
    yield server
    server.stop()


@pytest.fixture
def console(tmp_path: Path) -> Iterator[OpenSSLServer]:
    """Sends what is typed."""
    server = OpenSSLServer(tmp_path)
    yield server
    server.stop()


def trusting(server: OpenSSLServer) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(server.folder / "cert.pem"))


@pytest.mark.parametrize(
    ("answer", "body", "complete"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello", True),
        (b"HTTP/1.0 200 OK\r\n\r\nhello", b"hello", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", b"hello", False),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            b"hello",
            True,
        ),
    ],
)
@asynchronous
async def test_files(files: OpenSSLServer, answer: bytes, body: bytes, complete: bool) -> None:
    (files.folder / "answer").write_bytes(answer)
    stream = await connect(("127.0.0.1", files.port), trusting(files))
    response = await fetch(stream, "GET", "/answer")
    assert (response.body, response.complete) == (body, complete)
    stream.close()


@pytest.mark.parametrize("field", [b"", b"Content-Length: 99\r\n", b"Content-Length: 13\r\n"])
@asynchronous
async def test_end_without_a_good_bye(console: OpenSSLServer, field: bytes) -> None:
    """Without close_notify anybody could have cut the connection (RFC 9112 section 9.8)."""
    stream = await connect(("127.0.0.1", console.port), trusting(console))
    connection = HTTP1Connection(stream, True)
    headers = HTTPHeaders({"Host": "localhost"})
    connection.write_headers(RequestStartLine("GET", "/", ""), headers)
    connection.finish()
    arrived = asyncio.Event()

    class Body(Response):
        def data_received(self, chunk: bytes) -> None:
            super().data_received(chunk)
            if self.body.endswith(b"\n"):
                arrived.set()

    response = Body()
    result = connection.read_response(response)
    keyboard = console.process.stdin
    assert keyboard is not None
    # s_server sends lines as they are typed.
    keyboard.write(b"HTTP/1.1 200 OK\r\n" + field + b"\r\nall there is\n")
    keyboard.flush()
    async with asyncio.timeout(30):
        await arrived.wait()
    console.process.kill()
    # What has said how long it is, and is that long, is complete whatever becomes of the connection.
    complete = b"13" in field
    assert await result is complete
    assert response.complete is complete
    assert response.cut_short is not complete
    stream.close()
