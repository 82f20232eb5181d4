import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the release tool fills: a wheel and a source distribution of each package."""
    folder = tmp_path_factory.mktemp("wheelhouse")
    subprocess.run([sys.executable, ROOT / "tools/release/wheelhouse.py", folder], check=True)
    return folder
