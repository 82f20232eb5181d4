"""Large bodies: 8 MiB up, 8 MiB down, or a body of one-byte chunks, on a few connections.

wrk reads 8 KiB at a time, which would make the server wait for the generator in these rows; this one
reads and writes a megabyte at a time. One operation is one request, or one chunk in the chunked shape.
"""

import argparse
import selectors
import socket
import ssl
import time
from typing import Final

from .outcome import report

SIZE = 8 * 1024 * 1024
CHUNKS = 20_000
HEAD = (
    b"%s HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bulk\r\nAccept: */*\r\n"
    b"X-Request-Id: 8d1c0a77-0001-4000-8000-000000000001\r\n"
)
WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def message(shape: str) -> tuple[bytes, bytes]:
    """The head and the body of one request of this shape."""
    if shape == "download":
        return HEAD % b"GET /large" + b"\r\n", b""
    if shape == "upload":
        return HEAD % b"POST /upload" + b"Content-Length: %d\r\n\r\n" % SIZE, bytes(SIZE)
    head = HEAD % b"POST /upload" + b"Transfer-Encoding: chunked\r\n\r\n"
    return head, b"1\r\nx\r\n" * CHUNKS + b"0\r\n\r\n"


class Exchange:
    """One connection: it sends a request, reads the answer, and begins again until told to stop."""

    buffer: Final = bytearray(1024 * 1024)

    def __init__(self, sock: socket.socket, head: bytes, body: bytes) -> None:
        self.sock = sock
        self.parts = (memoryview(head), memoryview(body))
        self.done = 0
        self.errors = 0
        self.latencies: list[float] = []
        self.stopping = False
        self.begin()

    def begin(self) -> None:
        """Start a request, or none when it is time to stop."""
        self.idle = self.stopping
        self.unsent = [] if self.idle else [part for part in self.parts if part]
        self.missing = -1
        self.answer_head = b""
        self.started = time.perf_counter()

    def advance(self) -> None:
        """Send and receive until the socket has no more to give or take."""
        try:
            while self.unsent:
                self.unsent[0] = self.unsent[0][self.sock.send(self.unsent[0][: 1024 * 1024]) :]
                if not self.unsent[0]:
                    del self.unsent[0]
        except WOULD_BLOCK:
            pass
        try:
            while True:
                count = self.sock.recv_into(self.buffer)
                if not count:
                    raise ConnectionError("the server closed the connection")
                self.received(count)
        except WOULD_BLOCK:
            pass

    def received(self, count: int) -> None:
        """Account for ``count`` bytes of answer in the buffer."""
        if self.missing >= 0:
            self.missing -= count
        else:
            self.answer_head += self.buffer[:count]
            head, separator, body = self.answer_head.partition(b"\r\n\r\n")
            if not separator:
                return
            self.errors += b" 200 " not in head
            self.missing = content_length(head) - len(body)
        if not self.missing:
            self.errors += bool(self.unsent)
            self.latencies.append(time.perf_counter() - self.started)
            self.done += 1
            self.begin()

    def wanted(self) -> int:
        """The events to wait for."""
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if self.unsent else 0)


def content_length(head: bytes) -> int:
    """The length that an answer's head announces."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError(f"no Content-Length in {head!r}")


def connect(port: int, tls: bool) -> socket.socket:
    """A non-blocking connection to the server."""
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        sock = context.wrap_socket(sock)
    sock.setblocking(False)
    return sock


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--shape", choices=("upload", "download", "chunks"), required=True)
    parser.add_argument("--tls", action="store_true")
    arguments = parser.parse_args()
    head, body = message(arguments.shape)
    selector = selectors.DefaultSelector()
    exchanges = []
    for _ in range(arguments.connections):
        exchange = Exchange(connect(arguments.port, arguments.tls), head, body)
        exchanges.append(exchange)
        selector.register(exchange.sock, exchange.wanted(), exchange)
    begin = time.perf_counter()
    # What is under way when the time is up is finished and counted: in the chunked shape one request is
    # a good part of the whole.
    while not all(exchange.idle for exchange in exchanges):
        for key, _ in selector.select(0.05):
            exchange = key.data
            before = exchange.wanted()
            exchange.advance()
            if exchange.wanted() != before:
                selector.modify(exchange.sock, exchange.wanted(), exchange)
        if time.perf_counter() > begin + arguments.seconds:
            for exchange in exchanges:
                exchange.stopping = True
    done = sum(exchange.done for exchange in exchanges)
    report(
        done * (CHUNKS if arguments.shape == "chunks" else 1),
        time.perf_counter() - begin,
        sum(exchange.errors for exchange in exchanges),
        [latency for exchange in exchanges for latency in exchange.latencies],
    )


if __name__ == "__main__":
    main()
