"""What the release tool does when mypyc can't compile a package, and when nobody compiled one that it should."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMPILED = ("iostream", "http1")
TAG = f"cp{sys.version_info.major}{sys.version_info.minor}-abi-platform"


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "wheelhouse", ROOT / "tools/release/wheelhouse.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Builds:
    """Stands in for `build`: puts down an empty wheel, and fails for those that can't be compiled."""

    def __init__(self, tag: str, *failing: str) -> None:
        self.tag = tag
        self.failing = failing
        self.done: list[tuple[str, bool]] = []

    def __call__(self, package: str, folder: Path, *, compiled: bool) -> None:
        if compiled and package in self.failing:
            raise subprocess.CalledProcessError(1, "uv build")
        self.done.append((package, compiled))
        tag = self.tag if compiled and package in COMPILED else "py3-none-any"
        (folder / f"{package}-1!0.1.0-{tag}.whl").touch()


def test_a_failed_compile_is_the_end(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds = Builds(TAG, "iostream")
    monkeypatch.setattr(tool, "build", builds)
    with pytest.raises(SystemExit, match="iostream was not built: the reason is above"):
        tool.main(["--compiled", str(tmp_path)])
    assert builds.done == [("netsock", True)]


def test_it_falls_back_when_asked_to(
    tool: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    builds = Builds(TAG, "iostream")
    monkeypatch.setattr(tool, "build", builds)
    tool.main(["--compiled", "--or-pure", str(tmp_path)])
    assert ("iostream", False) in builds.done
    assert ("http1", True) in builds.done
    first, *_ = capsys.readouterr().out.splitlines()
    assert first == "iostream can't be compiled here (the reason is above): building it pure"


def test_a_wheel_that_was_built_pure_unasked_is_told(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool, "build", Builds("py3-none-any"))
    with pytest.raises(SystemExit, match="iostream was built, but not compiled"):
        tool.main(["--compiled", str(tmp_path)])


def test_nothing_is_compiled_unless_asked_for(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds = Builds(TAG)
    monkeypatch.setattr(tool, "build", builds)
    tool.main([str(tmp_path)])
    assert builds.done == [(package, False) for package in tool.PACKAGES]
