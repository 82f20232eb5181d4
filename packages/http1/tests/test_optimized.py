"""Nothing rests on an `assert`: what is refused and what is sent is the same under `python -O`."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

# pytest keeps the asserts of test modules itself, and warns that it can't keep any other.
OPTIONS = "-q -x --import-mode=importlib -p no:cacheprovider -W ignore::pytest.PytestConfigWarning"


MODULES = [
    "test_chunked",
    "test_client",
    "test_connection",
    "test_decompress",
    "test_encoding",
    "test_request_head",
    "test_response_parser",
    "test_server",
    "test_vectors",
    "test_wire",
]


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES)
def test_without_asserts(module: str) -> None:
    run = subprocess.run(
        [sys.executable, "-O", "-m", "pytest", *OPTIONS.split(), str(HERE / f"{module}.py")],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout
    assert " passed" in run.stdout
