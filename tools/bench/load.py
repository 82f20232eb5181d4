"""The generators as commands, and what they report."""

import contextlib
import json
import resource
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .environment import ROOT

GRACE = 60.0
"""Seconds that a generator may take beyond the time it was given, to finish what is under way."""

UNREACHED = 3600
"""wrk counts in whole seconds: it is given this many, and interrupted when the time is up."""


@dataclass(frozen=True)
class Outcome:
    """What a generator says at the end."""

    operations: int
    seconds: float
    errors: int
    p50_us: float
    p99_us: float

    @classmethod
    def parse(cls, output: str) -> "Outcome":
        """Take it from the last line of a generator's output; ValueError when it isn't there."""
        try:
            fields = json.loads(output.strip().rpartition("\n")[2])
            return cls(**fields)
        except (TypeError, ValueError) as error:
            raise ValueError(f"the generator reported no outcome: {output[-2000:]}") from error


class GeneratorFailedError(Exception):
    """The generator did not finish as it should; the text says what it printed."""


@dataclass(frozen=True)
class Wrk:
    """Small requests through wrk and ``requests.lua``."""

    connections: int = 64
    method: str = "GET"
    pipelined: int = 1
    close: bool = False
    tls: bool = False

    def command(self, python: str, port: int, seconds: float) -> list[str]:
        """The command line of one run."""
        script = Path(__file__).parent / "generators" / "requests.lua"
        scheme = "https" if self.tls else "http"
        return [
            "stdbuf", "--output", "L",
            "wrk", "--threads", "1", "--connections", str(self.connections),
            "--duration", str(UNREACHED), "--timeout", "10",
            "--script", str(script), f"{scheme}://127.0.0.1:{port}/", "--",
            self.method, str(self.pipelined), "close" if self.close else "keep-alive",
        ]  # fmt: skip


@dataclass(frozen=True)
class Program:
    """A module of ``tools.bench.generators`` with its options."""

    module: str
    options: tuple[str, ...] = ()

    def command(self, python: str, port: int, seconds: float) -> list[str]:
        """The command line of one run."""
        return [
            python, "-m", f"tools.bench.generators.{self.module}",
            "--port", str(port), "--seconds", str(seconds), *self.options,
        ]  # fmt: skip


Generator = Wrk | Program


@dataclass(frozen=True)
class Run:
    """One finished run of a generator."""

    outcome: Outcome
    cpu_seconds: float


def run(generator: Generator, python: str, port: int, seconds: float, core: int | None) -> Run:
    """Run a generator, pinned to ``core`` unless it is None; raise GeneratorFailedError."""
    command = generator.command(python, port, seconds)
    if core is not None:
        command = ["taskset", "--cpu-list", str(core), *command]
    before = children_cpu_seconds()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
    ) as process:
        try:
            assert process.stdout is not None
            if isinstance(generator, Wrk):
                output = _interrupted(process, process.stdout, seconds)
            else:
                output, _ = process.communicate(timeout=seconds + GRACE)
            outcome = Outcome.parse(output)
        except (subprocess.TimeoutExpired, ValueError) as error:
            raise GeneratorFailedError(str(error)) from error
        finally:
            process.kill()
    return Run(outcome, children_cpu_seconds() - before)


def _interrupted(process: subprocess.Popen[str], output: IO[str], seconds: float) -> str:
    """Let wrk run for ``seconds`` from its start on, interrupt it, and return what it says."""
    for line in output:
        if "threads and" in line:
            break
    time.sleep(seconds)
    deadline = time.monotonic() + GRACE
    while process.poll() is None:
        # Once is not always enough: between its start and its sleep wrk notes it, and sleeps.
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)
        if time.monotonic() > deadline:
            raise subprocess.TimeoutExpired(process.args, GRACE)
    return output.read()


def children_cpu_seconds() -> float:
    """CPU time of all children of this process that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
