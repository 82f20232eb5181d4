"""The tables of what follows on a state are what is seen to follow while the tests of http1 run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .transitions import FOLDER
from .transitions import WATCHED

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "http1"
TESTS = ROOT / "packages" / "http1" / "tests"

# Between them they bring about everything that can happen, in seconds.
MODULES = (
    "test_client.py",
    "test_connection.py",
    "test_deadlines.py",
    "test_linger.py",
    "test_request_parser.py",
    "test_response_parser.py",
    "test_server.py",
    "test_wire.py::test_whole",
)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, str]]]:
    report = tmp_path_factory.mktemp("transitions") / "seen.json"
    path = os.pathsep.join((str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")))
    run = subprocess.run(
        [
            *[sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
            *["-p", "docs.transitions", "--import-mode=importlib"],
            *[TESTS / module for module in MODULES],
        ],
        env={**os.environ, FOLDER: str(report), "PYTHONPATH": path},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    found: dict[str, list[tuple[str, str]]] = json.loads(report.read_text())
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "machine"),
    [
        ("parsers.md", "parser"),
        ("server.md", "writing"),
        ("server.md", "afterwards"),
        ("client.md", "reading"),
    ],
)
def test_what_follows_on_what(
    seen: dict[str, list[tuple[str, str]]], page: str, machine: str
) -> None:
    assert machine in WATCHED
    states = sorted({before for before, _ in seen[machine]})
    rows = [
        f"| {state} | {', '.join(sorted(after for before, after in seen[machine] if before == state))} |\n"
        for state in states
    ]
    assert "| state | next |\n|---|---|\n" + "".join(rows) in (DOCS / page).read_text()
