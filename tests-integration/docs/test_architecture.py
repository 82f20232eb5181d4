"""The page on the architecture names files, and things in them: all of that is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()

FILE = re.compile(r"`(netsock|iostream|tcpserver|http1|httpserver)/(_\w+\.py)`")
STEP = re.compile(FILE.pattern + r"\s*·\s*`(\w+)`")


def path_of(package: str, file: str) -> Path:
    return ROOT / "packages" / package / "src" / package / file


@pytest.mark.parametrize(("package", "file"), sorted(set(FILE.findall(PAGE))))
def test_every_file_is_there(package: str, file: str) -> None:
    assert path_of(package, file).is_file()


@pytest.mark.parametrize(("package", "file", "name"), sorted(set(STEP.findall(PAGE))))
def test_every_step_is_defined_in_its_file(package: str, file: str, name: str) -> None:
    source = path_of(package, file).read_text()
    assert re.search(rf"^\s*(async def|def|class) {name}\b", source, re.MULTILINE)
