"""Servers and clients that the tests let talk to each other."""

import asyncio
import ssl
from collections.abc import Callable

from iostream import IOStream
from tcpserver import TCPServer

HOST = "127.0.0.1"


class Echo(TCPServer):
    """Sends every line back."""

    async def handle_stream(self, stream: IOStream, address: object) -> None:
        while True:
            await stream.write(await stream.read_until(b"\n"))


class Recorder(TCPServer):
    """Keeps what it is given, and leaves the streams open."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]  # passed on
        self.got: asyncio.Queue[tuple[IOStream, object]] = asyncio.Queue()

    def handle_stream(self, stream: IOStream, address: object) -> None:
        self.got.put_nowait((stream, address))


class Client:
    """A client on asyncio's own streams."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def say(self, line: bytes) -> bytes:
        self.writer.write(line)
        return await self.reader.readline()

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            pass


async def connect(
    server: TCPServer,
    index: int = 0,
    context: ssl.SSLContext | None = None,
    name: str | None = None,
) -> Client:
    """Connect to a port of the server, under TLS when there is a context."""
    host, port = server.sockets[index].getsockname()[:2]
    if context is not None:
        name = name or "localhost"
    return Client(*await asyncio.open_connection(host, port, ssl=context, server_hostname=name))


async def until(condition: Callable[[], object]) -> None:
    """Let the loop go round until it holds."""
    while not condition():  # noqa: ASYNC110  # no event tells it
        await asyncio.sleep(0)
