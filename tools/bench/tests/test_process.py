import os
import sys
from pathlib import Path

import pytest
from tools.bench.process import Server
from tools.bench.process import ServerFailedError
from tools.bench.process import free_port

LISTEN = """
import os, socket, sys, time
sock = socket.create_server(("127.0.0.1", int(sys.argv[1])))
if os.fork() == 0:
    while time.process_time() < 0.2:
        pass
    os._exit(0)
os.wait()
while True:
    sock.accept()[0].close()
"""


def start(program: str, tmp_path: Path) -> Server:
    port = free_port()
    command = [sys.executable, "-c", program, str(port)]
    return Server(command, port, None, os.environ, tmp_path / "log")


def test_time_of_children_counts(tmp_path: Path) -> None:
    with start(LISTEN, tmp_path) as server:
        server.wait()
        # Connections are accepted once the child has been waited for, and wait() has made one.
        while len(server.processes()) > 1:
            pass
        assert server.cpu_seconds() >= 0.2
        assert server.memory_kilobytes() > 1000
    assert server.process.returncode is not None


def test_a_server_that_dies_says_why(tmp_path: Path) -> None:
    with (
        start("raise SystemExit('no room here')", tmp_path) as server,
        pytest.raises(ServerFailedError, match="no room here"),
    ):
        server.wait()
