"""The author of another framework puts pieces of ours under `theirs/_vendor/` with the `vendoring` tool."""

import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = {"http1", "httpserver", "iostream", "netsock", "tcpserver"}

CONFIGURATION = """
[tool.vendoring]
destination = "theirs/_vendor/"
requirements = "theirs/_vendor/vendor.txt"
namespace = "theirs._vendor"
protected-files = ["__init__.py", "vendor.txt"]
"""

# Imports every module of the vendored packages, and then tells which of ours were
# imported from anywhere else: none may be, though all are installed in this environment.
IMPORT_ALL = """
import importlib, pkgutil, sys
import theirs._vendor
for module in pkgutil.walk_packages(theirs._vendor.__path__, "theirs._vendor."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("wanted", [{"http1", "iostream"}, PACKAGES], ids=["http1", "all"])
def test_vendored_pieces_import_each_other_and_not_the_installed_ones(
    wheelhouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: set[str]
) -> None:
    vendored = tmp_path / "theirs" / "_vendor"
    vendored.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(CONFIGURATION)
    (tmp_path / "theirs" / "__init__.py").touch()
    (vendored / "__init__.py").touch()
    (vendored / "vendor.txt").write_text("".join(f"{each}==1!0.1.0\n" for each in sorted(wanted)))
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheelhouse))
    monkeypatch.setenv("PIP_DISABLE_PIP_VERSION_CHECK", "1")

    subprocess.run([sys.executable, "-m", "vendoring", "sync"], cwd=tmp_path, check=True)
    imported = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL],
        cwd=tmp_path,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )

    assert PACKAGES.isdisjoint(imported.stdout.split())
    for package in wanted:
        assert (vendored / package / "LICENSE").is_file()
        assert (vendored / package / "py.typed").is_file()
