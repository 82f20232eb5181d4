"""Programs that run as processes of their own, with children perhaps; certificates; curl."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple
from typing import Self

import pytest

# What waits this long has failed; it is no measure of anything.
PATIENCE = 30.0


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Program:
    """A Python script, started with a free port as its first argument, until the block ends."""

    def __init__(self, path: Path, *arguments: str) -> None:
        self.port = _free_port()
        self._command = [sys.executable, str(path), str(self.port), *arguments]
        self.returncode: int | None = None
        self.output = ""

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        """Start it, and wait until it listens."""
        self.process = subprocess.Popen(
            self._command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        deadline = time.monotonic() + PATIENCE
        while not self.listens(self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self._kill()
                raise AssertionError(f"it does not listen:\n{self.output}")
            time.sleep(0.01)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Kill it if it still runs."""
        self._kill()
        if error is not None:
            error.add_note(self.output)

    def stop(self) -> int:
        """Send SIGTERM to the program alone, and wait for its end and that of its children."""
        self.process.send_signal(signal.SIGTERM)
        # The pipe ends with the last process that holds it.
        self.output += self.process.communicate(timeout=PATIENCE)[0]
        return self.process.wait(PATIENCE)

    def memory(self) -> int:
        """The most memory that it has had so far, in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    @staticmethod
    def listens(port: int) -> bool:
        """Whether somebody listens on that port."""
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", port)) == 0

    def _kill(self) -> None:
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        if self.process.stdout is not None and not self.process.stdout.closed:
            self.output += self.process.communicate(timeout=PATIENCE)[0]


@pytest.fixture(scope="session")
def start() -> type[Program]:
    """`with start(path, *arguments) as program`."""
    return Program


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Gives ports that nobody listens on."""
    return _free_port


class Certificate(NamedTuple):
    """A self-signed certificate for 127.0.0.1, and its key."""

    certfile: str
    keyfile: str


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder = tmp_path_factory.mktemp("certificate")
    made = Certificate(str(folder / "cert.pem"), str(folder / "key.pem"))
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        " -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run(
        [*command.split(), "-keyout", made.keyfile, "-out", made.certfile],
        check=True,
        capture_output=True,
    )
    return made


def _curl(*arguments: str, stdin: bytes = b"") -> bytes:
    command = ["curl", "--silent", "--show-error", "--fail", "--max-time", "60", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture(scope="session")
def curl() -> Callable[..., bytes]:
    """Runs curl and gives what it writes; it has to be content with the server."""
    return _curl
