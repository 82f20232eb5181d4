"""Nothing rests on an `assert`: the vectors come out the same under `python -O`."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

# pytest keeps the asserts of test modules itself, and warns that it can't keep any other.
OPTIONS = "-q -x --import-mode=importlib -p no:cacheprovider -W ignore::pytest.PytestConfigWarning"


@pytest.mark.slow
@pytest.mark.parametrize("module", ["test_vectors", "test_wire", "test_server", "test_connection"])
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
