"""A server under test: started, pinned, waited for, its CPU and memory read, stopped."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from .machine import TICKS_PER_SECOND

START_TIMEOUT = 15.0
STOP_TIMEOUT = 3.0


class ServerFailedError(Exception):
    """The server did not come up; the text holds the end of what it printed."""


class Server:
    """A process (and its children) that listens on a port of 127.0.0.1.

    Use it as a context manager: leaving stops the whole process group.
    """

    def __init__(
        self,
        command: Sequence[str],
        port: int,
        core: int | None,
        environment: Mapping[str, str],
        log: Path,
    ) -> None:
        """Start ``command``, pinned to ``core`` (None: free to use them all); see ``wait``."""
        self.port = port
        self.core = core
        self.log = log
        pinned = command if core is None else ["taskset", "--cpu-list", str(core), *command]
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                pinned,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=True,
            )

    def wait(self) -> None:
        """Return when the port accepts connections; raise ServerFailedError when it never does."""
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            time.sleep(0.02)
        raise ServerFailedError(self.log.read_text(errors="replace")[-2000:])

    def processes(self) -> list[int]:
        """The ids of the process and all its descendants."""
        parents: dict[int, int] = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with contextlib.suppress(OSError):
                    parents[int(entry)] = int(_stat_fields(int(entry))[1])
        family = [self.process.pid]
        for pid in family:
            family.extend(child for child, parent in parents.items() if parent == pid)
        return family

    def cpu_seconds(self) -> float:
        """User plus system time of all of them, of children that have ended too."""
        seconds = 0.0
        for pid in self.processes():
            with contextlib.suppress(OSError):
                # /proc/PID/stat has the same sum in ticks of 10 ms; the process's CPU clock has it in
                # nanoseconds. Its id is made as clock_getcpuclockid(3) makes it: CPUCLOCK_SCHED is 2.
                seconds += time.clock_gettime((~pid << 3) | 2)
                # cutime and cstime, fields 16 and 17 of proc(5), counted from the state.
                seconds += sum(map(int, _stat_fields(pid)[13:15])) / TICKS_PER_SECOND
        return seconds

    def memory_kilobytes(self) -> float:
        """Resident memory of all of them, shared pages divided among their users."""
        total = 0
        for pid in self.processes():
            with contextlib.suppress(OSError):
                for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1])
        return float(total)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Ask the process group to end, then end it."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_TIMEOUT)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
        assert isinstance(port, int)
        return port


def _stat_fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; the name before it may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
