"""SIGTERM, as a supervisor or a container runtime sends it, in the middle of everything."""

import http.client
import signal
import socket
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SCRIPT = """
import asyncio
import os
import sys
from pathlib import Path

from http1 import HTTPHeaders, ResponseStartLine
from httpserver import HTTPServer
from netsock import IOLoop

port, workers, gate = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])


async def app(request):
    if request.path == "/slow":
        while not gate.exists():
            await asyncio.sleep(0.01)
    body = f"{os.getpid()} {request.path}".encode()
    headers = HTTPHeaders({"Content-Length": str(len(body))})
    request.connection.write_headers(ResponseStartLine("HTTP/1.1", 200, "OK"), headers, body)
    request.connection.finish()


server = HTTPServer(app, drain_timeout=float(sys.argv[4]))
server.bind(port, "127.0.0.1")
server.start(workers)
IOLoop.current().start()
"""

PATIENCE = 30


class Peer:
    """A connection on which a request can be sent in pieces."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)

    def send(self, text: str) -> None:
        self.socket.sendall(text.replace("\n", "\r\n").encode())

    def answer(self) -> http.client.HTTPResponse:
        response = http.client.HTTPResponse(self.socket)
        response.begin()
        return response

    def at_end(self) -> bool:
        """Whether the server closes the connection, and says nothing more."""
        return self.socket.recv(1) == b""


Connect = Callable[[int], Peer]


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "server.py"
    path.write_text(SCRIPT)
    return path


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes connections, and closes them in the end."""
    peers: list[Peer] = []

    def make(port: int) -> Peer:
        peers.append(Peer(port))
        return peers[-1]

    yield make
    for peer in peers:
        peer.socket.close()


def refused(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) != 0


def test_each_kind_of_connection(
    script: Path, tmp_path: Path, start: Any, connect: Connect
) -> None:
    gate = tmp_path / "gate"
    with start(script, "1", str(gate), "30") as program:
        running = connect(program.port)
        running.send("GET /slow HTTP/1.1\nHost: a\n\n")
        idle = connect(program.port)
        idle.send("GET / HTTP/1.1\nHost: a\n\n")
        answer = idle.answer()
        assert answer.getheader("Connection") is None
        answer.read()
        half = connect(program.port)
        half.send("GET /half HTTP/1.1\nHo")
        fresh = connect(program.port)
        # Connections are accepted and read in their order: an answer to a later one shows that.
        later = connect(program.port)
        later.send("GET / HTTP/1.1\nHost: a\nConnection: close\n\n")
        later.answer().read()

        program.process.send_signal(signal.SIGTERM)
        assert idle.at_end()
        assert refused(program.port)
        fresh.send("GET /fresh HTTP/1.1\nHost: a\n\n")
        half.send("st: a\n\n")
        for peer, path in ((fresh, "/fresh"), (half, "/half")):
            answer = peer.answer()
            assert answer.read().decode().split()[1] == path
            assert answer.getheader("Connection") == "close"
            peer.socket.close()
        assert program.process.poll() is None
        gate.touch()
        answer = running.answer()
        assert answer.read().decode().split()[1] == "/slow"
        assert answer.getheader("Connection") == "close"
        running.socket.close()
        assert program.process.wait(PATIENCE) == 0


def test_what_is_left_is_cut(script: Path, tmp_path: Path, start: Any, connect: Connect) -> None:
    with start(script, "1", str(tmp_path / "never"), "0.1") as program:
        running = connect(program.port)
        running.send("GET /slow HTTP/1.1\nHost: a\n\n")
        later = connect(program.port)
        later.send("GET / HTTP/1.1\nHost: a\n\n")
        later.answer().read()
        assert program.stop() == 0
        assert running.at_end()
        assert "Traceback" not in program.output


def test_each_worker_drains(script: Path, tmp_path: Path, start: Any, connect: Connect) -> None:
    gate = tmp_path / "gate"
    with start(script, "2", str(gate), "30") as program:
        running = [connect(program.port) for _ in range(10)]
        for peer in running:
            peer.send("GET /slow HTTP/1.1\nHost: a\n\n")
        # Both workers have taken what was there when they answer what came later.
        workers: set[str] = set()
        while len(workers) < 2:
            later = connect(program.port)
            later.send("GET / HTTP/1.1\nHost: a\nConnection: close\n\n")
            workers.add(later.answer().read().decode().split()[0])
        program.process.send_signal(signal.SIGTERM)
        gate.touch()
        for peer in running:
            answer = peer.answer()
            assert answer.status == 200
            answer.read()
            peer.socket.close()
        assert program.process.wait(PATIENCE) == 0
