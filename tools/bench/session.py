"""Rounds: every contender of a row in turn, again and again, so that a slow minute hits all alike."""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import load
from . import machine
from .contenders import CONTENDERS
from .contenders import Contender
from .environment import ROOT
from .process import Server
from .process import ServerFailedError
from .process import free_port
from .results import Entry
from .results import RowResult
from .results import Sample
from .rows import Row

WARM_UP = 0.15
"""Seconds of load before the first round, and of rest before memory is read."""

IMPORTS = 5
"""Interpreters started for one sample of the import row."""

Progress = Callable[[str, str, float], None]
"""Called after each sample with the row's title, the contender's name and the figure."""


@dataclass(frozen=True)
class Site:
    """Where and how the servers run, and for how long they are measured."""

    python: Path
    paths: Sequence[Path]
    compiled_paths: Sequence[Path] | None
    certificate: Path
    scratch: Path
    cores: machine.Cores
    rounds: int
    seconds: float

    def environment(self, compiled: bool) -> dict[str, str]:
        """The environment of a server; ours comes from the checkout or from the compiled wheels."""
        ours = (self.compiled_paths or ()) if compiled else self.paths
        # -P (PYTHONSAFEPATH) would drop the current folder; nothing here depends on it.
        path = os.pathsep.join(str(folder) for folder in (ROOT, *ours))
        return {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": ""}

    def words(self, port: int) -> Mapping[str, str]:
        """What a contender's command line is formatted with."""
        return {
            "python": str(self.python),
            "bin": str(self.python.parent),
            "port": str(port),
            "certificate": str(self.certificate),
            "scratch": str(self.scratch),
        }

    def start(self, contender: Contender, tls: bool) -> Server:
        """Start a contender on a free port; it is not waited for."""
        port = free_port()
        if contender.key == "nginx":
            write_nginx_configuration(self, port, tls)
        return Server(
            contender.arguments(self.words(port), tls),
            port,
            self.cores.server if contender.workers == 1 else None,
            self.environment(contender.compiled),
            self.scratch / f"{contender.key}.log",
        )


def write_nginx_configuration(site: Site, port: int, tls: bool) -> None:
    """One worker that answers everything with the 13 bytes."""
    listen = f"127.0.0.1:{port}{' ssl' if tls else ''} backlog=1024"
    (site.scratch / "nginx.conf").write_text(f"""\
daemon off; worker_processes 1; pid {site.scratch}/nginx.pid; error_log stderr error;
events {{ worker_connections 20000; }}
http {{
  access_log off; keepalive_requests 1000000000; default_type text/plain;
  server {{
    listen {listen};
    ssl_certificate {site.certificate}; ssl_certificate_key {site.certificate};
    location / {{ return 200 "Hello, world!"; }}
  }}
}}
""")


def last_line(text: object) -> str:
    """What a failed program said last, which is mostly why it failed."""
    return str(text).strip().rpartition("\n")[2]


@contextlib.contextmanager
def started(site: Site, row: Row, entries: Sequence[Entry]) -> Iterator[dict[str, Server]]:
    """Start the servers of these entries together; one that fails gets a ``problem`` instead."""
    with contextlib.ExitStack() as stack:
        servers = {}
        for entry in entries:
            server = site.start(CONTENDERS[entry.key], row.tls)
            servers[entry.key] = stack.enter_context(server)
        for entry in entries:
            try:
                servers[entry.key].wait()
            except ServerFailedError as error:
                entry.problem = f"did not start: {last_line(error)}"
                servers.pop(entry.key).stop()
        yield servers


def measure(site: Site, row: Row, keys: Sequence[str], progress: Progress) -> RowResult:
    """Measure one row with these contenders."""
    known = [CONTENDERS[key] for key in keys]
    entries = [Entry(contender.key, contender.name, contender.family) for contender in known]
    result = RowResult(row.key, row.title, row.unit, row.figure, row.reference, entries)
    if row.figure == "memory":
        measure_memory(site, row, result, progress)
    elif row.figure == "import":
        measure_imports(site, row, result, progress)
    else:
        measure_load(site, row, result, progress)
    return result


def measure_load(site: Site, row: Row, result: RowResult, progress: Progress) -> None:
    """CPU per operation, in interleaved rounds."""
    with contextlib.ExitStack() as stack:
        servers = stack.enter_context(started(site, row, result.entries))
        if row.idle:
            for server in servers.values():
                stack.enter_context(idle_connections(site, server, row.idle))
        taking_part = [entry for entry in result.entries if entry.key in servers]
        for number in range(-1, site.rounds):
            seconds = WARM_UP if number < 0 else site.seconds
            shift = max(number, 0) % max(len(taking_part), 1)
            for entry in taking_part[shift:] + taking_part[:shift]:
                if entry.problem:
                    continue
                try:
                    sample, foreign = sample_load(site, row, servers[entry.key], seconds)
                except load.GeneratorFailedError as error:
                    entry.problem = last_line(error)
                    continue
                if number >= 0:
                    entry.samples.append(sample)
                    result.foreign_shares.append(foreign)
                    progress(row.title, entry.name, sample.value)


def sample_load(site: Site, row: Row, server: Server, seconds: float) -> tuple[Sample, float]:
    """Drive one server for a while: the sample, and the share of the cores that others took."""
    before = machine.core_time(site.cores)
    cpu = server.cpu_seconds()
    # Two workers and the generator share both cores; one worker has a core to itself.
    core = site.cores.generator if server.core is not None else None
    run = load.run(row.generator, str(site.python), server.port, seconds, core)
    cpu = server.cpu_seconds() - cpu
    after = machine.core_time(site.cores)
    outcome = run.outcome
    if not outcome.operations:
        raise load.GeneratorFailedError("no operation was finished in the time given")
    spent = cpu
    if row.figure == "scaling":
        # What the server could have had, whether it made use of it or not.
        spent = outcome.seconds if core is not None else 2 * outcome.seconds - run.cpu_seconds
    sample = Sample(
        value=spent / outcome.operations * 1e6,
        rate=outcome.operations / outcome.seconds,
        p50_us=outcome.p50_us,
        p99_us=outcome.p99_us,
        errors=outcome.errors,
        memory_kilobytes=server.memory_kilobytes(),
        generator_us=run.cpu_seconds / outcome.operations * 1e6,
    )
    return sample, machine.foreign_share(before, after, cpu + run.cpu_seconds, site.cores)


@contextlib.contextmanager
def idle_connections(site: Site, server: Server, count: int) -> Iterator[None]:
    """Hold ``count`` silent connections to a server open."""
    command = [
        str(site.python), "-m", "tools.bench.generators.idle",
        "--port", str(server.port), "--connections", str(count),
    ]  # fmt: skip
    pinned = ["taskset", "--cpu-list", str(site.cores.generator), *command]
    with subprocess.Popen(
        pinned, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as holder:
        assert holder.stdout is not None
        if holder.stdout.readline() != "ready\n":
            raise load.GeneratorFailedError(f"{count} idle connections could not be opened")
        yield


def measure_memory(site: Site, row: Row, result: RowResult, progress: Progress) -> None:
    """Kilobytes of server memory for each of ``row.idle`` connections, each round on a new process."""
    for _ in range(site.rounds):
        with started(
            site, row, [entry for entry in result.entries if not entry.problem]
        ) as servers:
            for entry in result.entries:
                if entry.problem:
                    continue
                server = servers[entry.key]
                try:
                    # Some connections first, so that what a process allocates once is there.
                    with idle_connections(site, server, 100):
                        pass
                    time.sleep(WARM_UP)
                    before = server.memory_kilobytes()
                    with idle_connections(site, server, row.idle):
                        value = (server.memory_kilobytes() - before) / row.idle
                except load.GeneratorFailedError as error:
                    entry.problem = last_line(error)
                    continue
                entry.samples.append(Sample(value))
                progress(row.title, entry.name, value)


def measure_imports(site: Site, row: Row, result: RowResult, progress: Progress) -> None:
    """CPU milliseconds of importing each entry's module in a fresh interpreter."""
    program = "import time; b = time.process_time(); import {}; print(time.process_time() - b)"
    for _ in range(site.rounds):
        for entry in result.entries:
            command = [str(site.python), "-c", program.format(entry.name.partition(" ")[2])]
            best = float("inf")
            # The first run of all writes the compiled files; of each round the undisturbed one counts.
            for _ in range(IMPORTS):
                run = subprocess.run(
                    command,
                    capture_output=True,
                    text=True,
                    env=site.environment(CONTENDERS[entry.key].compiled),
                )
                if run.returncode:
                    entry.problem = last_line(run.stderr)
                    break
                best = min(best, float(run.stdout) * 1000)
            else:
                entry.samples.append(Sample(best))
                progress(row.title, entry.name, best)
