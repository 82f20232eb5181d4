"""Processes that the tests start: our own scripts, and other people's programs."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
CERTIFICATES = ROOT / "packages" / "tcpserver" / "tests" / "certificates"

# What takes this long has failed; it is no measure of anything.
PATIENCE = 60.0


def program(name: str) -> str:
    """The path of a program from Debian. The tests fail without it: they do not skip."""
    path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert path is not None, f"{name} is missing: see docs/contributing.md"
    return path


def free_port() -> int:
    """A port that nobody listens on, for programs that cannot say which one they took."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def wait_until_it_listens(port: int) -> None:
    """Return when somebody listens there."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.01)
        else:
            return
    raise AssertionError(f"nobody listens on port {port}")


class Process:
    """A process whose output, both of it, is read line by line; it is killed with the block."""

    def __init__(self, *command: str, pass_fds: tuple[int, ...] = ()) -> None:
        self._command = command
        self._pass_fds = pass_fds
        self.lines: list[str] = []

    @classmethod
    def example(cls, name: str, *arguments: str) -> Self:
        """One of docs/examples, on a free port."""
        return cls(sys.executable, "-u", str(EXAMPLES / f"{name}.py"), "0", *arguments)

    @classmethod
    def script(cls, source: str) -> Self:
        """A program in Python."""
        return cls(sys.executable, "-u", "-c", textwrap.dedent(source))

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self._command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            pass_fds=self._pass_fds,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self._output = self.process.stdout
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.lines += self._output.read().splitlines()
        self.process.wait()
        self._output.close()
        if error is not None:
            error.add_note("\n".join(self.lines))

    @property
    def pid(self) -> int:
        return self.process.pid

    def line(self, words: str) -> str:
        """Read on until a line has the words."""
        for line in self._output:
            self.lines.append(line.rstrip("\n"))
            if words in line:
                return self.lines[-1]
        raise AssertionError(f"it ended without saying {words!r}")

    def port(self) -> int:
        """The port that it says it listens on."""
        match = re.search(r"port (\d+)", self.line("port "))
        assert match
        return int(match[1])

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self) -> int:
        """SIGTERM, and its exit status when it and its children are gone."""
        self.send(signal.SIGTERM)
        self.lines += self._output.read().splitlines()
        return self.process.wait(PATIENCE)

    def cpu_seconds(self) -> float:
        """User and system time that the process has used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
