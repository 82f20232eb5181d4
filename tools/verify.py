"""Run every check of the workspace, or some of them, and say at the end how each went.

    hatch run verify                       everything
    hatch run test                         the tests only: each package alone, then together
    hatch run test -- -m "not slow" -x     what follows `--` is for pytest
    hatch run verify --skip tests          everything but the tests

Each step is a script of a hatch environment (see the root pyproject.toml), so that a step can be run
by itself: `hatch run static:types`, `hatch run http1:test`.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence

STATIC = ("static:format", "static:lint", "static:imports", "static:types")
TESTS = (
    "netsock:test",
    "iostream:test",
    "tcpserver:test",
    "http1:test",
    "httpserver:test",
    "integration:test",
    "bench:test",
    "fuzz:test",
)
DOCS = ("docs:build",)
GROUPS = {"static": STATIC, "tests": TESTS, "docs": DOCS}


def run(step: str, pytest_arguments: Sequence[str]) -> bool:
    """Run one step in its environment; True when it succeeded."""
    print(f"\n=== hatch run {step}", flush=True)
    arguments = pytest_arguments if step in TESTS else ()
    return subprocess.run(["hatch", "run", step, *arguments], check=False).returncode == 0


def main(argv: Sequence[str]) -> int:
    """Return the exit status: 0 when every step that was asked for succeeded."""
    parser = argparse.ArgumentParser(prog="hatch run verify", description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=GROUPS, help="run this group alone")
    parser.add_argument("--skip", choices=GROUPS, action="append", default=[])
    options, pytest_arguments = parser.parse_known_args(argv)
    groups = (
        [options.only] if options.only else [each for each in GROUPS if each not in options.skip]
    )
    if pytest_arguments[:1] == ["--"]:
        del pytest_arguments[0]

    outcome: list[tuple[str, bool, float]] = []
    for step in (step for group in groups for step in GROUPS[group]):
        begin = time.monotonic()
        succeeded = run(step, pytest_arguments)
        outcome.append((step, succeeded, time.monotonic() - begin))

    print()
    for step, succeeded, seconds in outcome:
        print(f"{'ok    ' if succeeded else 'FAILED'} {seconds:7.1f} s  {step}")
    return 0 if all(succeeded for _, succeeded, _ in outcome) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
