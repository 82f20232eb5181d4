"""Build all five packages into one folder that pip can install from.

    hatch run release:wheels                       into dist/
    hatch run release:wheels FOLDER                into FOLDER
    hatch run release:wheels --compiled            with mypyc, for this interpreter and machine
    hatch run release:wheels --compiled --or-pure  the same, but what can't be compiled is built pure

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

# A package comes after those it requires: mypyc wants their types, and finds them in the folder.
PACKAGES = ("netsock", "iostream", "tcpserver", "http1", "httpserver")

# Those that have a part to be compiled: see the hook in their pyproject.toml.
COMPILED = ("iostream", "http1", "httpserver")


def build(package: str, folder: Path, *, compiled: bool) -> None:
    """Build one package into `folder`.

    What the build prints is shown when it fails: then `subprocess.CalledProcessError` is raised.
    """
    environment = {**os.environ, "UV_FIND_LINKS": str(folder)}
    environment["HATCH_BUILD_HOOKS_ENABLE"] = "1" if compiled else ""
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "uv",
        "build",
        # uv keeps what it found in a folder by the file's name, and never looks whether the file is another one now.
        *(f"--refresh-package={each}" for each in PACKAGES),
        "--python",
        sys.executable,
        "--out-dir",
        folder,
    ]
    result = subprocess.run(
        [*command, ROOT / "packages" / package],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if result.returncode:
        sys.stdout.buffer.write(result.stdout)
        sys.stdout.flush()
        result.check_returncode()


def has_compiled_wheel(package: str, folder: Path) -> bool:
    """Tell whether a wheel of the package is for this interpreter alone."""
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    return any(folder.glob(f"{package}-*-{tag}-*.whl"))


def main(argv: Sequence[str]) -> None:
    """Build, and print one line for each wheel."""
    parser = argparse.ArgumentParser(prog="hatch run release:wheels")
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "dist")
    parser.add_argument(
        "--compiled", action="store_true", help="compile the hot modules with mypyc"
    )
    parser.add_argument("--or-pure", action="store_true", help="build pure what can't be compiled")
    options = parser.parse_args(argv)
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)

    for package in PACKAGES:
        try:
            build(package, folder, compiled=options.compiled)
        except subprocess.CalledProcessError:
            if not (options.compiled and options.or_pure):
                sys.exit(f"{package} was not built: the reason is above")
            print(f"{package} can't be compiled here (the reason is above): building it pure")
            build(package, folder, compiled=False)
        else:
            # A hook that does not run leaves a pure wheel and no error; all tests would pass with it.
            if options.compiled and package in COMPILED and not has_compiled_wheel(package, folder):
                sys.exit(f"{package} was built, but not compiled")
    for wheel in sorted(folder.glob("*.whl")):
        print(wheel)


if __name__ == "__main__":
    main(sys.argv[1:])
