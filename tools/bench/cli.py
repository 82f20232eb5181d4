"""The command line of the benchmark."""

import argparse
import datetime as dt
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from . import environment
from . import machine
from . import publication
from . import rows
from .display import Display
from .results import Session
from .rows import ROWS
from .session import Site
from .session import measure as measure_row


def parser() -> argparse.ArgumentParser:
    """The options; see ``hatch run bench --help``."""
    made = argparse.ArgumentParser(prog="hatch run bench", description=__doc__)
    made.add_argument("--full", action="store_true", help="every row and contender, long rounds")
    made.add_argument("--rows", default="", help="only these, by key, separated by commas")
    made.add_argument("--only", default="", help="only these contenders, by key, and the reference")
    made.add_argument("--rounds", type=int, help="rounds (default: 3, with --full 7)")
    made.add_argument(
        "--seconds", type=float, help="of each sample (default: 0.3, with --full 1.5)"
    )
    made.add_argument("--wheels", type=Path, help="folder of compiled wheels, measured too")
    made.add_argument("--refresh", action="store_true", help="install the peers anew")
    made.add_argument("--output", type=Path, help="folder of the results (default: in the cache)")
    made.add_argument("--publish", action="store_true", help="write them into docs/performance too")
    made.add_argument(
        "--from", dest="stored", type=Path, help="report stored results, measure nothing"
    )
    made.add_argument("--list", action="store_true", help="print the rows and stop")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Run; the exit status is 0 when everything that was asked for was measured."""
    arguments = parser().parse_args(argv)
    if arguments.list:
        for row in ROWS:
            print(f"{row.key:14} {row.title}{'  (--full)' if row.full_only else ''}")
        return 0
    found = Session.load(arguments.stored) if arguments.stored else measure(arguments)
    publication.write(found, arguments.output or environment.cache() / "latest")
    if arguments.publish:
        publication.publish(found)
    return any(entry.problem for row in found.rows for entry in row.entries)


def measure(arguments: argparse.Namespace) -> Session:
    """Measure everything that was asked for, showing how far it is."""
    rounds = arguments.rounds or (7 if arguments.full else 3)
    seconds = arguments.seconds or (1.5 if arguments.full else 0.3)
    work = rows.choose(
        wanted=arguments.rows.split(",") if arguments.rows else [],
        only=arguments.only.split(",") if arguments.only else [],
        full=arguments.full,
        compiled=arguments.wheels is not None,
    )
    python = environment.peers(arguments.refresh)
    compiled = environment.compiled(python, arguments.wheels) if arguments.wheels else None
    found = Session(machine.describe(), environment.versions(python))
    measured = f"of {environment.commit()}, {rounds} rounds of {seconds:g} s"
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        scratch = Path(folder)
        site = Site(
            python=python,
            paths=environment.sources(),
            compiled_paths=[compiled] if compiled else None,
            certificate=certificate(scratch),
            scratch=scratch,
            cores=machine.choose_cores(),
            rounds=rounds,
            seconds=seconds,
        )
        with Display(rounds * sum(len(keys) for _, keys in work)) as display:
            for row, keys in work:
                result = measure_row(site, row, keys, display.sampled)
                result.measured = f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC {measured}"
                found.rows.append(result)
                display.finished(row, result)
    return found


def certificate(folder: Path) -> Path:
    """A certificate for the TLS rows, signed by itself, in one PEM file with its key."""
    path = folder / "certificate.pem"
    key = folder / "key.pem"
    command = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-days", "30", "-subj", "/CN=127.0.0.1", "-keyout", str(key), "-out", str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    path.write_text(path.read_text() + key.read_text())
    return path
