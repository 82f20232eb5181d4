"""Fuzz http1's parsers and headers.

    hatch run fuzz:run                       60 seconds in all, as in CI
    hatch run fuzz:run --seconds 3600        an hour
    hatch run fuzz:run requests responses    these targets only
    hatch run fuzz:run --keep                put what was learned into the corpus

What makes a target fail is written into the working directory, as `TARGET-crash-...`, and the status
is 1. Make a test vector of it.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

# Python puts this very folder on the path when it runs a folder; the package is named from the root.
sys.path[0] = str(Path(__file__).resolve().parents[2])

from tools.fuzz import corpus  # noqa: E402
from tools.fuzz.targets import TARGETS  # noqa: E402

FUZZER = Path(__file__).with_name("one.py")


def fuzz(target: str, seconds: int, keep: bool) -> bool:
    """Fuzz one target; True when nothing was found."""
    with tempfile.TemporaryDirectory() as folder:
        learned = Path(folder, "learned")
        known = Path(folder, "known")
        learned.mkdir()
        known.mkdir()
        for number, data in enumerate(corpus.load(target)):
            (known / str(number)).write_bytes(data)
        options = [f"-max_total_time={seconds}", f"-max_len={corpus.MAX_SIZE}", "-timeout=5"]
        options += [f"-artifact_prefix={target}-", "-verbosity=0", "-print_final_stats=1"]
        # What is learned goes into the first folder; the others are read.
        run = subprocess.run(
            [sys.executable, str(FUZZER), target, *options, str(learned), str(known)], check=False
        )
        if keep and run.returncode == 0:
            corpus.keep(target, [path.read_bytes() for path in learned.iterdir()])
    return run.returncode == 0


def main() -> int:
    """Return the exit status: 0 when nothing was found."""
    parser = argparse.ArgumentParser(prog="hatch run fuzz:run")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}")
    parser.add_argument("--seconds", type=int, default=60, help="for all targets together")
    parser.add_argument("--keep", action="store_true", help="put what was learned into the corpus")
    options = parser.parse_args()
    names = options.targets or list(TARGETS)
    seconds = max(1, options.seconds // len(names))
    failed = [name for name in names if not fuzz(name, seconds, options.keep)]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
