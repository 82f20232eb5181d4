"""What somebody gets who installs from a folder of our wheels while the public index is reachable.

Unrelated projects on the public index have our names. These tests ask that index on purpose.
"""

import json
import subprocess
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

PACKAGES = ["http1", "httpserver", "iostream", "netsock", "tcpserver"]


class Environment:
    """A virtual environment with nothing in it but pip."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=True)
        self.python = folder / "bin" / "python"

    def pip(self, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        command = [self.python, "-m", "pip", "--disable-pip-version-check", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def installed(self) -> dict[str, str]:
        listed = json.loads(self.pip("list", "--format=json").stdout)
        return {each["name"]: each["version"] for each in listed if each["name"] in PACKAGES}


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(tmp_path / "venv")


@pytest.fixture(scope="module")
def empty_environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment for those who only ask, and install nothing."""
    return Environment(tmp_path_factory.mktemp("empty") / "venv")


@pytest.mark.slow
@pytest.mark.parametrize("requirement", ["httpserver", "httpserver>=1!0", "httpserver==1!0.1.*"])
def test_our_siblings_are_taken(
    environment: Environment, wheelhouse: Path, requirement: str
) -> None:
    result = environment.pip("install", "--find-links", wheelhouse, requirement)

    assert result.returncode == 0, result.stderr
    assert environment.installed() == dict.fromkeys(PACKAGES, "1!0.1.0")
    faces = f"import {', '.join(PACKAGES)}; print({', '.join(f'{each}.__version__' for each in PACKAGES)})"
    said = subprocess.run(
        [environment.python, "-c", faces], capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["1!0.1.0"] * 5


@pytest.mark.slow
@pytest.mark.parametrize("stranger", ["http1", "httpserver", "iostream", "netsock"])
def test_a_stranger_never_satisfies_our_range(
    empty_environment: Environment, stranger: str
) -> None:
    """The index is asked, has the name, and still offers nothing that we would accept."""
    # Lists, and neither downloads nor builds: a stranger's setup.py is not for us to run.
    theirs = empty_environment.pip("index", "versions", stranger)
    ours = empty_environment.pip("install", "--dry-run", "--no-deps", f"{stranger}>=1!0.1,<1!0.2")

    assert theirs.stdout.startswith(f"{stranger} ("), (
        f"the index has no {stranger}: {theirs.stderr}"
    )
    assert "1!" not in theirs.stdout
    assert ours.returncode != 0
    assert "No matching distribution found" in ours.stderr
    assert empty_environment.installed() == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_wheel_holds_the_package_and_nothing_else(wheelhouse: Path, package: str) -> None:
    [path] = wheelhouse.glob(f"{package}-*.whl")
    with ZipFile(path) as wheel:
        names = wheel.namelist()

    assert f"{package}/py.typed" in names
    assert f"{package}-1!0.1.0.dist-info/licenses/LICENSE" in names
    assert {name.split("/")[0] for name in names} == {package, f"{package}-1!0.1.0.dist-info"}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_third_party_is_required(wheelhouse: Path, package: str) -> None:
    [path] = wheelhouse.glob(f"{package}-*.whl")
    with ZipFile(path) as wheel:
        metadata = wheel.read(f"{package}-1!0.1.0.dist-info/METADATA").decode()

    required = [line for line in metadata.splitlines() if line.startswith("Requires-Dist: ")]
    for line in required:
        name = line.removeprefix("Requires-Dist: ").split("<")[0].split(">")[0].split("[")[0]
        assert name in PACKAGES or " extra == " in line
        if name in PACKAGES:
            assert "<1!0.2,>=1!0.1" in line
