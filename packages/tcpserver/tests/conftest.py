"""Real processes for the tests: a script, its output line by line, its end."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import pytest

# Every script can say something in one piece, even when several processes do so at once.
PREAMBLE = """
def say(*words):
    import os
    os.write(1, (" ".join(map(str, words)) + chr(10)).encode())
"""

# A test that waits this long has failed; it is no measure of anything.
PATIENCE = 60


class Script:
    """A Python script that runs as a process; both of its outputs are read as one."""

    def __init__(
        self, path: Path, environ: dict[str, str] | None, pass_fds: tuple[int, ...]
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-X", "dev", str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environ or {})},
            pass_fds=pass_fds,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.output = self.process.stdout
        self.lines: list[str] = []

    def line(self, *words: str) -> str:
        """Read on until a line has all the words, and return it."""
        for line in self.output:
            self.lines.append(line.rstrip("\n"))
            if all(word in line for word in words):
                return self.lines[-1]
        raise AssertionError(f"no line with {words} in:\n" + "\n".join(self.lines))

    def rest(self) -> list[str]:
        """Everything that it still writes, until it and its children are gone."""
        rest = [line.rstrip("\n") for line in self.output]
        self.lines += rest
        return rest

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        return self.process.wait(PATIENCE)

    def end(self) -> None:
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.output.close()


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Callable[..., Script]]:
    started: list[Script] = []

    def start(
        source: str, environ: dict[str, str] | None = None, pass_fds: tuple[int, ...] = ()
    ) -> Script:
        path = tmp_path / f"script{len(started)}.py"
        path.write_text(PREAMBLE + textwrap.dedent(source))
        started.append(Script(path, environ, pass_fds))
        return started[-1]

    yield start
    for each in started:
        each.end()
