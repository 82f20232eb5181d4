"""The guard against slow regressions: instructions and calls per request, which no clock touches.

    python -m tools.bench.guard             compare with what is recorded; exit status 1 when it grew
    python -m tools.bench.guard --record    record what is measured now
    python -m tools.bench.guard --layers    instructions of a small GET, layer by layer

Instructions are counted by valgrind (cachegrind with its caches off) and given as a multiple of those
of a small GET on a bare asyncio protocol under the same interpreter, so that another compiler's build
of Python moves both. Two runs of different length are subtracted, so that start-up does not count.
``import httpserver`` is given as a multiple of ``import asyncio``, less the bare interpreter.
Calls are those that ``sys.setprofile`` sees; they need no valgrind. Both differ between minor versions
of Python, so each version has its own record.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .environment import ROOT
from .environment import sources
from .request_loop import CONNECTIONS
from .request_loop import SERVERS
from .request_loop import SHAPES

RECORD = Path(__file__).with_name("recorded.json")
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"

TOLERANCE = 0.03
"""Growth beyond this fails. Runs of one program differ by half a per cent: timers fire or do not."""

SHORT = 8
LONG = 72
"""The laps of the two runs that are subtracted."""

Figures = dict[str, float]
"""What was measured, by name: ``get instructions`` is a multiple of the floor, ``get calls`` a number."""


@dataclass(frozen=True)
class Comparison:
    """One figure against its record."""

    name: str
    recorded: float
    measured: float

    @property
    def growth(self) -> float:
        """0.02 for two per cent more than recorded."""
        return self.measured / self.recorded - 1

    @property
    def failed(self) -> bool:
        """Whether it grew beyond the tolerance."""
        return self.growth > TOLERANCE

    def __str__(self) -> str:
        verdict = "  GREW" if self.failed else ""
        if self.growth < -TOLERANCE:
            verdict = "  less than recorded: record it (--record)"
        return (
            f"{self.name:24} recorded {self.recorded:9.2f}  now {self.measured:9.2f}  "
            f"{self.growth:+.1%}{verdict}"
        )


def compare(recorded: Figures, measured: Figures) -> list[Comparison]:
    """Each figure that is in both."""
    return [
        Comparison(name, recorded[name], value)
        for name, value in measured.items()
        if name in recorded
    ]


def records() -> dict[str, Figures]:
    """What is recorded, by version of Python."""
    found: dict[str, Figures] = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    return found


def command(server: str, shape: str, laps: int) -> list[str]:
    """The loop that is counted."""
    return [sys.executable, "-m", "tools.bench.request_loop", server, shape, str(laps)]


def run(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command in the way that makes it the same each time."""
    path = os.pathsep.join(str(folder) for folder in (ROOT, *sources()))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0"}
    environment["PYTHONDONTWRITEBYTECODE"] = ""  # what is imported was compiled before
    return subprocess.run(words, capture_output=True, text=True, env=environment, check=True)


def instructions(words: Sequence[str]) -> int:
    """Instructions of one whole run of a command, start-up included."""
    valgrind = [
        "valgrind",
        "--tool=cachegrind",
        "--cache-sim=no",
        "--cachegrind-out-file=/dev/null",
    ]
    report = run([*valgrind, *words]).stderr
    found = re.search(r"I\s+refs:\s+([\d,]+)", report)
    if found is None:
        raise ValueError(f"valgrind did not say how many instructions: {report[-500:]}")
    return int(found[1].replace(",", ""))


def instructions_per_request(server: str, shape: str) -> float:
    """Instructions of one request, start-up subtracted."""
    batch, _ = SHAPES[shape]
    long, short = (instructions(command(server, shape, laps)) for laps in (LONG, SHORT))
    return (long - short) / (LONG - SHORT) / CONNECTIONS / batch


def instructions_of_import() -> float:
    """Instructions of ``import httpserver``, as a multiple of those of ``import asyncio``."""
    programs = ("pass", "import asyncio", "import httpserver")
    commands = [[sys.executable, "-c", program] for program in programs]
    run(commands[-1])  # writes the compiled files
    bare, asyncio, httpserver = map(instructions, commands)
    return (httpserver - bare) / (asyncio - bare)


def measure() -> Figures:
    """Measure everything that this machine can measure."""
    found: Figures = {}
    for shape in SHAPES:
        found[f"{shape} calls"] = float(run([*command("ours", shape, LONG), "--calls"]).stdout)
    if shutil.which("valgrind") is None:
        print("No valgrind here: instructions are not counted.")
        return found
    cases = [("floor", "get"), *(("ours", shape) for shape in SHAPES)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = list(pool.map(lambda case: instructions_per_request(*case), cases))
    for (server, shape), count in zip(cases, counts, strict=True):
        print(f"{server} {shape}: {count:,.0f} instructions per request")
        if server == "ours":
            found[f"{shape} instructions"] = count / counts[0]
    found["import instructions"] = instructions_of_import()
    return found


def layers() -> None:
    """Print what each layer adds to a small GET."""
    before = 0.0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = pool.map(lambda server: instructions_per_request(server, "get"), SERVERS)
        for server, count in zip(SERVERS, counts, strict=True):
            print(f"{server:12} {count:9,.0f} instructions  {count - before:+9,.0f}", flush=True)
            before = count


def main() -> int:
    """Measure and compare, or record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--layers", action="store_true")
    arguments = parser.parse_args()
    if arguments.layers:
        layers()
        return 0
    recorded = records()
    measured = measure()
    if arguments.record:
        recorded[VERSION] = {name: round(value, 3) for name, value in sorted(measured.items())}
        RECORD.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n")
        print(f"Recorded for Python {VERSION}: {recorded[VERSION]}")
        return 0
    if VERSION not in recorded:
        print(f"Nothing is recorded for Python {VERSION}: {measured}")
        return 0
    comparisons = compare(recorded[VERSION], measured)
    print(*comparisons, sep="\n")
    return any(comparison.failed for comparison in comparisons)


if __name__ == "__main__":
    sys.exit(main())
