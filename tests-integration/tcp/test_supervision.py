"""Workers under load: replaced, killed, and no connection lost that could be saved."""

import os
import re
import signal
import socket
import threading
from typing import Self

import pytest

from .programs import PATIENCE
from .programs import Process

SERVER = """
import logging, os
from netsock import IOLoop, bind_sockets, fork_processes
from tcpserver import TCPServer

class Answer(TCPServer):
    async def handle_stream(self, stream, address):
        line = await stream.read_until(b"\\n")
        await stream.write(b"%d " % os.getpid() + line)
        stream.close()

logging.basicConfig(level=logging.INFO, format="%(message)s")
sockets = bind_sockets(0, "127.0.0.1")
print("port", sockets[0].getsockname()[1])
fork_processes(2)
server = Answer()
server.add_sockets(sockets)
IOLoop.current().start()
"""


def ask(port: int) -> int:
    """One connection, one request: the pid of the worker that answers."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
        client.sendall(b"request\n")
        answer = client.makefile("rb").readline()
    pid, _, rest = answer.partition(b" ")
    assert rest == b"request\n", f"a lost connection: {answer!r}"
    return int(pid)


class Load:
    """Clients that open a connection for each request, one after the other, until the block ends."""

    def __init__(self, port: int, clients: int) -> None:
        self._port = port
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]
        self.answers: list[int] = []
        self.errors: list[str] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self.answers.append(ask(self._port))
            except (OSError, AssertionError, ValueError) as error:
                self.errors.append(repr(error))


def pid_in(line: str) -> int:
    match = re.search(r"pid (\d+)", line)
    assert match
    return int(match[1])


@pytest.mark.slow
@pytest.mark.parametrize(
    "install", ["", "import uvloop; uvloop.install()"], ids=["asyncio", "uvloop"]
)
def test_ten_rolling_replacements_lose_no_connection(install: str) -> None:
    with Process.script(install + SERVER) as server:
        port = server.port()
        workers = [pid_in(server.line("started")) for _ in range(2)]
        with Load(port, clients=4) as load:
            for _ in range(10):
                before = len(load.answers)
                server.send(signal.SIGHUP)
                for task in range(2):
                    new = pid_in(server.line(f"worker {task} (pid "))
                    old = server.line(f"worker {task} (pid {workers[task]}) ended")
                    assert old.endswith("status 0")
                    workers[task] = new
                assert len(load.answers) > before
        assert load.errors == []
        assert set(workers) & set(load.answers)
        assert server.stop() == 0


@pytest.mark.slow
def test_killed_workers_are_replaced_under_load() -> None:
    """What a worker had accepted dies with it; nothing else does."""
    with Process.script(SERVER) as server:
        port = server.port()
        workers = [pid_in(server.line("started")) for _ in range(2)]
        with Load(port, clients=2) as load:
            for turn in range(4):
                os.kill(workers[turn % 2], signal.SIGKILL)
                server.line(f"(pid {workers[turn % 2]}) ended with signal 9")
                workers[turn % 2] = pid_in(server.line("started"))
        # Each kill can cost each client the one connection that it had open.
        assert len(load.errors) <= 4 * 2
        assert ask(port) in workers
        assert server.stop() == 0


def test_stopping_under_load_answers_what_was_accepted() -> None:
    with Process.script(SERVER) as server:
        port = server.port()
        server.line("started")
        with Load(port, clients=4) as load:
            while len(load.answers) < 50:
                ask(port)
            assert load.errors == []
            assert server.stop() == 0
        # Those that came too late were refused or, still in the kernel's queue, reset.
        assert not [error for error in load.errors if "Connection" not in error]
