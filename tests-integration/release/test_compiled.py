"""What the release tool does when a package can't be compiled, is not compiled unasked, or needs another one to be built."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMPILED = ("iostream", "http1", "httpserver")
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


PROJECT = """
[build-system]
requires = [{requires}]
build-backend = "hatchling.build"
[project]
name = "{name}"
version = "1!0.1.0"
requires-python = ">=3.11"
[tool.hatch.build.targets.wheel]
bypass-selection = true
{hook}
"""

# Writes down which cup was there when the wheel of http1 was built, as mypyc does with the types of iostream.
HOOK = """
from pathlib import Path
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        import iostream
        found = Path(self.root, "found.txt")
        found.write_text(iostream.CUP)
        build_data["force_include"][str(found)] = "found.txt"
"""


def test_a_package_is_built_with_the_sibling_built_last(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice into the same folder, with a change in between: uv's own cache would give the first again."""
    for name, requires, hook in (
        ("iostream", '"hatchling"', 'packages = ["src/iostream"]'),
        (
            "http1",
            '"hatchling", "iostream>=1!0.1,<1!0.2"',
            "[tool.hatch.build.targets.wheel.hooks.custom]",
        ),
    ):
        project = tmp_path / "packages" / name
        (project / "src" / name).mkdir(parents=True)
        (project / "src" / name / "__init__.py").touch()
        (project / "pyproject.toml").write_text(
            PROJECT.format(name=name, requires=requires, hook=hook)
        )
        (project / "hatch_build.py").write_text(HOOK)
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    (tmp_path / "dist").mkdir()

    found = []
    for cup in ("white", "blue"):
        (tmp_path / "packages/iostream/src/iostream/__init__.py").write_text(f"CUP = {cup!r}\n")
        for package in ("iostream", "http1"):
            tool.build(package, tmp_path / "dist", compiled=False)
        with ZipFile(tmp_path / "dist" / "http1-1!0.1.0-py3-none-any.whl") as wheel:
            found.append(wheel.read("found.txt"))

    assert found == [b"white", b"blue"]
