"""The floor: a bare ``asyncio.Protocol`` with one canned answer for every ``data_received``.

It parses nothing. ``--shape`` names the little that a row needs beyond that:

- ``close``: close after the answer (a new connection for each request),
- ``pipelined``: one answer for each request that the segment holds, in one write,
- ``large``: the answer is 8 MiB; ``upload``: it is sent once 8 MiB have come,
- ``chunks``: it is sent when a chunked body ends,
- ``echo``: what came goes back.
"""

import asyncio
from typing import cast

from .launching import Launch
from .launching import launch
from .payload import HELLO
from .payload import LARGE

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n"
ANSWER = HEAD % len(HELLO) + b"\r\n" + HELLO
LAST_ANSWER = HEAD % len(HELLO) + b"Connection: close\r\n\r\n" + HELLO
LARGE_HEAD = HEAD % len(LARGE) + b"\r\n"


class Canned(asyncio.Protocol):
    """Answer each segment."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no instances of asyncio's classes.
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(ANSWER)


class Closing(Canned):
    """Answer and close."""

    def data_received(self, data: bytes) -> None:
        self.transport.write(LAST_ANSWER)
        self.transport.close()


class Pipelined(Canned):
    """Answer as many requests as the segment ends."""

    def data_received(self, data: bytes) -> None:
        self.transport.write(ANSWER * data.count(b"\r\n\r\n"))


class Large(Canned):
    """Answer with 8 MiB."""

    def data_received(self, data: bytes) -> None:
        self.transport.write(LARGE_HEAD)
        self.transport.write(LARGE)


class Upload(Canned):
    """Answer when a head (in a segment of its own, as the generator sends it) and 8 MiB came."""

    wanted = 0

    def data_received(self, data: bytes) -> None:
        if self.wanted:
            self.wanted -= len(data)
        else:
            self.wanted = len(LARGE) - len(data) + data.index(b"\r\n\r\n") + 4
        if not self.wanted:
            self.transport.write(ANSWER)


class Chunks(Canned):
    """Answer when a segment ends as a chunked body does."""

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n0\r\n\r\n"):
            self.transport.write(ANSWER)


class Echo(Canned):
    """Send back what came."""

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


SHAPES: dict[str, type[Canned]] = {
    "": Canned,
    "close": Closing,
    "pipelined": Pipelined,
    "large": Large,
    "upload": Upload,
    "chunks": Chunks,
    "echo": Echo,
}


async def serve(settings: Launch) -> None:
    """Listen until killed."""
    server = await asyncio.get_running_loop().create_server(
        SHAPES[settings.shape], "127.0.0.1", settings.port, ssl=settings.tls(), backlog=1024
    )
    await server.serve_forever()


if __name__ == "__main__":
    arguments = launch()
    arguments.run(lambda: serve(arguments))
