"""Build all five packages into one folder that pip can install from.

    hatch run release:wheels             into dist/
    hatch run release:wheels FOLDER      into FOLDER
    hatch run release:wheels --compiled  with mypyc, for this interpreter and machine

Each wheel is built from its source distribution, which lands in the folder too, so that a file
missing from one is missing from both, and is noticed.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("netsock", "iostream", "tcpserver", "http1", "httpserver")


def build(folder: Path, *, compiled: bool = False) -> list[Path]:
    """Build every package into `folder`, which is made when missing; return the paths of the wheels."""
    environment = dict(os.environ)
    if compiled:
        environment["HATCH_BUILD_HOOKS_ENABLE"] = "1"
    else:
        environment.pop("HATCH_BUILD_HOOKS_ENABLE", None)
    for package in PACKAGES:
        subprocess.run(
            [
                *(sys.executable, "-m", "uv", "build", "--quiet"),
                *("--python", sys.executable),
                *("--out-dir", folder),
                ROOT / "packages" / package,
            ],
            env=environment,
            check=True,
        )
    return sorted(folder.glob("*.whl"))


def main(argv: Sequence[str]) -> None:
    """Build, and print one line for each wheel."""
    parser = argparse.ArgumentParser(
        prog="hatch run release:wheels", description=__doc__.splitlines()[0]
    )
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "dist")
    parser.add_argument(
        "--compiled", action="store_true", help="compile the hot modules with mypyc"
    )
    options = parser.parse_args(argv)
    for wheel in build(options.folder, compiled=options.compiled):
        print(wheel)


if __name__ == "__main__":
    main(sys.argv[1:])
