"""A fixed number of requests inside one process: what the guard counts.

    python -m tools.bench.request_loop SERVER SHAPE LAPS [--calls]

Nothing here looks at the clock and nothing waits: the client ends send, the loop turns until the answers
are there, the client ends take them. The same requests in the same order make the same instructions.
They come over socket pairs that stay, but in the shape ``close``: there each comes over a connection of
its own, which is accepted, and closed after the answer.
``--calls`` prints the number of Python and C functions called per request.
"""

import argparse
import asyncio
import functools
import socket
import sys
from collections.abc import Awaitable
from collections.abc import Callable
from types import FrameType
from typing import cast

from .servers.floor_protocol import ANSWER
from .servers.floor_protocol import Closing

CONNECTIONS = 16
"""Enough that the turns of the loop are shared, as they are on a busy server."""

VARIANTS = 64
WARM_UP = 40
"""Laps before anything is counted, so that what is made once is made, and learned what has to come often."""

ANSWER_BEGIN = b"HTTP/1.1 200 "

Attach = Callable[[socket.socket], None]
Listen = Callable[[socket.socket], Awaitable[None]]


def request(number: int, body: bytes, *, last: bool = False) -> bytes:
    """A request with a browser's seven headers that differs from its neighbours."""
    method = b"POST" if body else b"GET"
    fields = b"Content-Length: %d\r\n" % len(body) if body else b""
    if last:
        fields += b"Connection: close\r\n"
    return (
        b"%s /products/%d/reviews?page=%d HTTP/1.1\r\n"
        b"Host: 127.0.0.1:8888\r\n"
        b"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
        b"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
        b"Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n"
        b"Accept-Encoding: gzip, deflate, br\r\n"
        b"Cookie: session=%016x; theme=dark\r\n"
        b"X-Request-Id: %08x-0000-4000-8000-%012x\r\n"
        b"%s\r\n%s"
    ) % (method, 10007 + number * 31, number, number * 40503, number, number, fields, body)


SHAPES: dict[str, tuple[int, bytes]] = {
    "get": (1, b""),
    "post": (1, b"0123456789abcdef" * 64),
    "pipelined": (16, b""),
    "close": (1, b""),
}
"""For each shape how many requests one segment holds, and the body of each."""

CLOSE = "close"
"""The shape in which each request has a connection of its own."""


class Floor(asyncio.Protocol):
    """The bare protocol: one canned answer for each request that ends here."""

    def __init__(self, batch: int) -> None:
        self.answer = ANSWER * batch

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(self.answer)


def floor(batch: int) -> Attach:
    """Serve a socket by the bare protocol."""

    def attach(sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        attached.append(loop.create_task(loop.connect_accepted_socket(lambda: Floor(batch), sock)))

    attached: list[asyncio.Task[object]] = []
    return attach


def layer(shape: str) -> Callable[[int], Attach]:
    """Serve a socket by our own stack up to one of its layers."""

    def make(batch: int) -> Attach:
        from iostream import IOStream

        from .servers.layers import attach_layers

        def attach(sock: socket.socket) -> None:
            attach_layers(shape, IOStream(sock), batch)

        return attach

    return make


def ours(batch: int) -> Attach:
    """Serve a socket by HTTPServer with the documented callback."""
    from httpserver import HTTPServer
    from iostream import IOStream

    from .servers.ours_callback import callback

    server = HTTPServer(callback)

    def attach(sock: socket.socket) -> None:
        server.handle_stream(IOStream(sock), ("127.0.0.1", 50000))

    return attach


SERVERS: dict[str, Callable[[int], Attach]] = {
    "floor": floor,
    "stream": layer("stream"),
    "parser": layer("parser"),
    "connection": layer("connection"),
    "ours": ours,
}
"""From the one that does least to the one that does all."""


async def listen_floor(listener: socket.socket) -> None:
    """Accept as the bare protocol does."""
    await asyncio.get_running_loop().create_server(Closing, sock=listener)


async def listen_ours(listener: socket.socket) -> None:
    """Accept as HTTPServer does."""
    from httpserver import HTTPServer

    from .servers.ours_callback import callback

    HTTPServer(callback).add_socket(listener)


LISTENERS: dict[str, Listen] = {"floor": listen_floor, "ours": listen_ours}
"""The servers that accept their connections themselves."""


async def drive(attach: Attach, segments: list[bytes], batch: int, laps: int) -> None:
    """Send one segment on each connection, wait for all answers, and so on for ``laps`` laps."""
    pairs = [socket.socketpair() for _ in range(CONNECTIONS)]
    for client, served in pairs:
        client.setblocking(False)
        served.setblocking(False)
        attach(served)
    for lap in range(laps):
        segment = segments[lap % VARIANTS]
        for client, _ in pairs:
            client.send(segment)
        for client, _ in pairs:
            missing = batch
            while missing:
                try:
                    missing -= client.recv(65536).count(ANSWER_BEGIN)
                except BlockingIOError:
                    await asyncio.sleep(0)
    for client, _ in pairs:
        client.close()


async def drive_connections(address: tuple[str, int], segments: list[bytes], laps: int) -> None:
    """Open a connection for each segment, send it, and read to the end; and so on for ``laps`` laps."""
    for lap in range(laps):
        segment = segments[lap % VARIANTS]
        clients = []
        for _ in range(CONNECTIONS):
            client = socket.socket()
            client.connect(address)
            client.setblocking(False)
            client.send(segment)
            clients.append(client)
        for client in clients:
            received = b""
            while True:
                try:
                    data = client.recv(65536)
                except BlockingIOError:
                    await asyncio.sleep(0)
                    continue
                if not data:
                    break
                received += data
            client.close()
            if received.count(ANSWER_BEGIN) != 1:
                raise ValueError(f"no answer, but {received!r}")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("server", choices=SERVERS)
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("laps", type=int)
    parser.add_argument("--calls", action="store_true")
    arguments = parser.parse_args()
    shape: str = arguments.shape
    batch, body = SHAPES[shape]
    segments = [
        b"".join(request(i * batch + j, body, last=shape == CLOSE) for j in range(batch))
        for i in range(VARIANTS)
    ]
    calls = 0

    def called(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    async def all_requests() -> None:
        if shape == CLOSE:
            listener = socket.create_server(("127.0.0.1", 0), backlog=CONNECTIONS)
            listener.setblocking(False)
            await LISTENERS[arguments.server](listener)
            drive_laps = functools.partial(drive_connections, listener.getsockname(), segments)
        else:
            attach = SERVERS[arguments.server](batch)
            drive_laps = functools.partial(drive, attach, segments, batch)
        await drive_laps(WARM_UP)
        if arguments.calls:
            sys.setprofile(called)
        await drive_laps(arguments.laps)
        sys.setprofile(None)

    asyncio.run(all_requests())
    if arguments.calls:
        print(calls / arguments.laps / CONNECTIONS / batch)


if __name__ == "__main__":
    main()
