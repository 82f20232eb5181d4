"""What the tests of the client share: a stream whose other end is in the test's hand, and a delegate."""

import asyncio
import functools
import socket
import struct
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

P = ParamSpec("P")


def asynchronous(test: Callable[P, Coroutine[None, None, None]]) -> Callable[P, None]:
    """Run a test that is a coroutine, and close its peers; a minute is for ever."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def limited() -> None:
            try:
                async with asyncio.timeout(60):
                    await test(*args, **kwargs)
            finally:
                close_peers()

        asyncio.run(limited())

    return run


async def until(condition: Callable[[], object]) -> None:
    """Let the loop run until `condition()` is true."""
    while not condition():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0)


# Those of the test that runs.
_peers: list["Peer"] = []


def close_peers() -> None:
    """Close the streams and the peers of the test that has run."""
    for peer in _peers:
        peer.stream.close()
        peer.close()
    _peers.clear()


class Peer:
    """The other end of `stream`, played by a test."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        self.stream = IOStream(ours)
        self.socket = theirs
        _peers.append(self)

    async def receive(self, end: bytes = b"\r\n\r\n") -> bytes:
        """All that comes, up to `end`."""
        received = b""
        while not received.endswith(end):
            piece = await asyncio.get_running_loop().sock_recv(self.socket, 65536)
            if not piece:
                raise AssertionError(f"closed behind {received!r}")
            received += piece
        return received

    async def receive_all(self) -> bytes:
        """All that comes until the stream is closed."""
        received = b""
        loop = asyncio.get_running_loop()
        while piece := await loop.sock_recv(self.socket, 65536):
            received += piece
        return received

    async def send(self, data: bytes) -> None:
        """Send `data`, and wait until the stream has received it."""
        expected = self.stream.bytes_received + len(data)
        await asyncio.get_running_loop().sock_sendall(self.socket, data)
        await until(lambda: self.stream.bytes_received >= expected or self.stream.closed())

    async def send_slowly(self, data: bytes) -> None:
        """Send `data` byte by byte, each one received before the next one goes out."""
        for position in range(len(data)):
            if self.stream.closed():
                break
            await self.send(data[position : position + 1])

    def end(self) -> None:
        """Send nothing more; receive on."""
        self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close in good order: what has not been read makes a reset of it."""
        try:
            while self.socket.recv(65536):
                pass
        except OSError:
            pass
        self.socket.close()

    def reset(self) -> None:
        """Close as a machine does that forgot the connection: for a TCP socket."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


async def tcp_peer() -> Peer:
    """A peer at the end of a TCP connection, which can be reset."""
    peer = Peer()
    peer.stream.close()
    peer.socket.close()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        peer.socket, _ = listener.accept()
    ours.setblocking(False)
    peer.socket.setblocking(False)
    peer.stream = IOStream(ours)
    return peer


class Recorder(HTTPMessageDelegate):
    """Writes down what it is called with."""

    def __init__(self) -> None:
        self.heads: list[ResponseStartLine] = []
        self.headers = HTTPHeaders()
        self.chunks: list[bytes] = []
        self.finished = 0
        self.closed = 0

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    @property
    def codes(self) -> list[int]:
        return [head.code for head in self.heads]

    @property
    def outcome(self) -> str:
        return f"finish {self.finished}, close {self.closed}"

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        assert isinstance(start_line, ResponseStartLine)
        self.heads.append(start_line)
        self.headers = headers
        return None

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        assert chunk
        self.chunks.append(chunk)
        return None

    def finish(self) -> None:
        self.finished += 1

    def on_connection_close(self) -> None:
        self.closed += 1


COMPLETE = "finish 1, close 0"
CUT_SHORT = "finish 0, close 1"


def request(
    stream: IOStream,
    method: str = "GET",
    params: HTTP1ConnectionParameters | None = None,
    **fields: str,
) -> HTTP1Connection:
    """An exchange whose request has been written, without a body."""
    connection = HTTP1Connection(stream, True, params)
    headers = HTTPHeaders({"Host": "x", **fields})
    target = "x:1" if method == "CONNECT" else "/"
    connection.write_headers(RequestStartLine(method, target, ""), headers)
    connection.finish()
    return connection
