"""A server in the loop of the test, and a client that sees every byte."""

import asyncio
import contextlib
import socket
import ssl
import struct
import subprocess
from collections.abc import AsyncIterator
from collections.abc import Callable
from collections.abc import Coroutine
from pathlib import Path
from typing import Any
from typing import NamedTuple

import pytest

from http1 import HTTPHeaders
from http1 import ResponseStartLine
from httpserver import HTTPServer
from httpserver import HTTPServerRequest

# A test that waits this long has failed; it is no measure of anything.
PATIENCE = 30


class Answer(NamedTuple):
    """A response as it came."""

    status: int
    headers: HTTPHeaders
    body: bytes


class Peer:
    """One connection to a server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, *, head_only: bool = False) -> Answer:
        """The next response."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, _, lines = head.partition("\r\n")
        headers = HTTPHeaders.parse(lines)
        status = int(first.split(" ")[1])
        if head_only or status in (101, 204, 304):
            return Answer(status, headers, b"")
        if "Content-Length" in headers:
            body = await self.reader.readexactly(int(headers["Content-Length"]))
        elif headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                body += (await self.reader.readexactly(size + 2))[:-2]
            await self.reader.readexactly(2)
        else:
            body = await self.reader.read()
        return Answer(status, headers, body)

    async def ask(self, method: str, target: str, *lines: str, body: bytes = b"") -> Answer:
        """Send a request, and take its response."""
        fields = ["Host: a.example", *lines]
        if body:
            fields.append(f"Content-Length: {len(body)}")
        head = "\r\n".join([f"{method} {target} HTTP/1.1", *fields]) + "\r\n\r\n"
        await self.send(head.encode("latin-1") + body)
        return await self.answer(head_only=method == "HEAD")

    async def rest(self) -> bytes:
        """Everything until the server closes the connection."""
        return await self.reader.read()

    def close(self) -> None:
        self.writer.close()

    def reset(self) -> None:
        """Close the connection in a way that the server can tell from the end of a request."""
        self.writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self.writer.transport.abort()


class Site:
    """A server that listens, and the connections to it."""

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        server.listen(0, "127.0.0.1")
        self.port: int = server.sockets[0].getsockname()[1]
        self.peers: list[Peer] = []

    async def connect(self, tls: ssl.SSLContext | None = None) -> Peer:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=tls)
        self.peers.append(Peer(reader, writer))
        return self.peers[-1]

    async def ask(self, method: str, target: str, *lines: str, body: bytes = b"") -> Answer:
        """Ask on a connection of its own."""
        return await (await self.connect()).ask(method, target, *lines, body=body)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let the loop run until `condition()`: for what nobody is told of."""
        for _ in range(100_000):
            if condition():
                return
            await asyncio.sleep(0)
        raise AssertionError("the condition never came true")


@contextlib.asynccontextmanager
async def _serving(server: HTTPServer) -> AsyncIterator[Site]:
    site = Site(server)
    try:
        yield site
    finally:
        server.stop()
        for peer in site.peers:
            peer.close()
            with contextlib.suppress(OSError):
                await peer.writer.wait_closed()
        await server.close_all_connections()


@pytest.fixture
def serving() -> Callable[[HTTPServer], contextlib.AbstractAsyncContextManager[Site]]:
    """`async with serving(server) as site`: it listens, and is taken down in the end."""
    return _serving


@pytest.fixture
def run() -> Callable[[Coroutine[Any, Any, None]], None]:
    """Runs a coroutine in a loop of its own, in which no task may be left over in the end."""

    def call(main: Coroutine[Any, Any, None]) -> None:
        async def patiently() -> None:
            async with asyncio.timeout(PATIENCE):
                await main
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not left

        asyncio.run(patiently())

    return call


def _reply(request: HTTPServerRequest, body: bytes = b"", status: int = 200, **fields: str) -> None:
    """Answer `request`; `content_type="a/b"` is the field `Content-Type`."""
    headers = HTTPHeaders({"Content-Length": str(len(body))})
    for name, value in fields.items():
        headers[name.replace("_", "-")] = value
    connection = request.connection
    assert connection is not None
    connection.write_headers(ResponseStartLine("HTTP/1.1", status, "OK"), headers, body)
    connection.finish()


@pytest.fixture
def reply() -> Callable[..., None]:
    """Answers a request."""
    return _reply


class Certificate(NamedTuple):
    """A self-signed certificate for 127.0.0.1, and its key."""

    certfile: str
    keyfile: str

    def client(self, *, present: bool = False) -> ssl.SSLContext:
        """A context for clients that believe this certificate, and show it if asked to."""
        context = ssl.create_default_context(cafile=self.certfile)
        if present:
            context.load_cert_chain(self.certfile, self.keyfile)
        return context


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder: Path = tmp_path_factory.mktemp("certificate")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        " -subj /CN=a.example -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run(
        [*command.split(), "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True
    )
    return Certificate(str(cert), str(key))
