import asyncio
from pathlib import Path

import pytest

from http1 import HTTP1Connection
from http1 import HTTP1ConnectionParameters
from http1 import HTTPHeaders
from http1 import RequestStartLine
from http1 import ResponseStartLine

from .browsing import Response
from .browsing import asynchronous
from .browsing import connect
from .browsing import fetch
from .conftest import TEXT


@asynchronous
async def test_many_requests_on_one_connection(nginx: Path) -> None:
    stream = await connect(str(nginx / "nginx.sock"))
    data = bytes(range(256)) * 40_000
    for method, target, status, body in (
        ("GET", "/word", 200, b"word"),
        ("HEAD", "/text.txt", 200, b""),
        ("GET", "/nothing", 204, b""),
        ("GET", "/data.bin", 200, data),
        ("GET", "/empty.txt", 200, b""),
        ("GET", "/text.txt", 200, TEXT),
        ("OPTIONS", "/word", 200, b"word"),
    ):
        response = await fetch(stream, method, target)
        assert (response.status, response.body) == (status, body)
        assert response.complete
        assert response.still_open
    stream.close()


@asynchronous
async def test_not_modified(nginx: Path) -> None:
    stream = await connect(str(nginx / "nginx.sock"))
    first = await fetch(stream, "GET", "/data.bin")
    second = await fetch(stream, "GET", "/data.bin", If_None_Match=first.headers["ETag"])
    assert (second.status, second.body, second.still_open) == (304, b"", True)
    third = await fetch(stream, "GET", "/data.bin", Range="bytes=1-3")
    assert (third.status, third.body, third.still_open) == (206, b"\x01\x02\x03", True)
    stream.close()


@pytest.mark.parametrize("decompress", [False, True])
@asynchronous
async def test_gzip_in_chunks(nginx: Path, decompress: bool) -> None:
    stream = await connect(str(nginx / "nginx.sock"))
    params = HTTP1ConnectionParameters(decompress=decompress)
    response = await fetch(stream, "GET", "/text.txt", params=params, Accept_Encoding="gzip")
    assert response.headers["Transfer-Encoding"] == "chunked"
    assert response.still_open
    if decompress:
        assert response.body == TEXT
        assert response.headers["X-Consumed-Content-Encoding"] == "gzip"
    else:
        assert len(response.body) < len(TEXT) / 10
    head = await fetch(stream, "HEAD", "/text.txt", params=params, Accept_Encoding="gzip")
    assert (head.body, head.complete, head.still_open) == (b"", True, True)
    stream.close()


@asynchronous
async def test_trailers(nginx: Path) -> None:
    stream = await connect(str(nginx / "nginx.sock"))
    response = await fetch(stream, "GET", "/trailers.txt", Accept_Encoding="gzip", TE="trailers")
    assert response.trailers == {"X-Checksum": "17"}
    assert response.still_open
    stream.close()


@asynchronous
async def test_server_closes(nginx: Path) -> None:
    stream = await connect(str(nginx / "nginx.sock"))
    response = await fetch(stream, "GET", "/last")
    assert (response.body, response.complete, response.still_open) == (b"last", True, False)
    assert stream.closed()


@pytest.mark.parametrize("chunked", [False, True])
@asynchronous
async def test_upload(nginx: Path, chunked: bool) -> None:
    stream = await connect(str(nginx / "nginx.sock"))
    body = TEXT * 5
    response = await fetch(stream, "PUT", "/put/file", body, chunked=chunked)
    assert (response.status, response.still_open) == (201, True)
    assert (nginx / "www/put/file").read_bytes() == body
    stream.close()


@asynchronous
async def test_upload_of_little_is_answered_early(nginx: Path) -> None:
    """nginx answers behind the head, reads the rest for a while, and closes."""
    stream = await connect(str(nginx / "nginx.sock"))
    response = await fetch(stream, "PUT", "/small", TEXT * 100)
    assert (response.status, response.complete, response.still_open) == (413, True, False)


class Uploading(Response):
    """Writes the body when the server asks for it."""

    def __init__(self, connection: HTTP1Connection, body: bytes) -> None:
        super().__init__()
        self._connection = connection
        self._upload = body

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> None:
        super().headers_received(start_line, headers)
        if self.interim and not self.status:
            self._connection.write(self._upload)
            self._connection.finish()


@pytest.mark.parametrize(
    ("target", "interim", "status", "still_open"),
    [("/put/expected", [100], 201, True), ("/small", [], 413, False)],
)
@asynchronous
async def test_expect_continue(
    nginx: Path, target: str, interim: list[int], status: int, still_open: bool
) -> None:
    stream = await connect(str(nginx / "nginx.sock"))
    connection = HTTP1Connection(stream, True)
    headers = HTTPHeaders({"Host": "localhost", "Content-Length": "2000", "Expect": "100-continue"})
    connection.write_headers(RequestStartLine("PUT", target, ""), headers)
    response = Uploading(connection, b"x" * 2000)
    assert await connection.read_response(response) is still_open
    assert (response.interim, response.status, response.complete) == (interim, status, True)
    stream.close()


@pytest.mark.parametrize(
    ("answer", "complete"),
    [
        (b"Content-Length: 4\r\n\r\nword", True),
        (b"Content-Length: 40\r\n\r\nword", False),
        (b"Transfer-Encoding: chunked\r\n\r\n4\r\nword\r\n0\r\n\r\n", True),
        (b"Transfer-Encoding: chunked\r\n\r\n4\r\nword\r\n", False),
    ],
)
@asynchronous
async def test_what_the_upstream_cuts_short(nginx: Path, answer: bytes, complete: bool) -> None:
    """nginx hands on what it has, and closes without the end."""

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + answer)
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_unix_server(upstream, nginx / "upstream.sock"):
        stream = await connect(str(nginx / "nginx.sock"))
        response = await fetch(stream, "GET", "/upstream/")
        assert response.body == b"word"
        assert response.complete is complete
        assert response.still_open is complete
        stream.close()


@asynchronous
async def test_nobody_waits_any_more(nginx: Path) -> None:
    asked = asyncio.Event()
    gone = asyncio.Event()

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()
        await writer.wait_closed()
        gone.set()

    async with await asyncio.start_unix_server(upstream, nginx / "upstream.sock"):
        stream = await connect(str(nginx / "nginx.sock"))
        result = asyncio.ensure_future(fetch(stream, "GET", "/upstream/"))
        await asked.wait()
        result.cancel()
        with pytest.raises(asyncio.CancelledError):
            await result
        assert stream.closed()
        # nginx has noticed, too.
        await gone.wait()
