"""The table of conformance names code and tests that exist, and says so where there are none."""

import importlib
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from packages.http1.tests.vectors import REQUESTS

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "packages" / "http1"
LINES = (ROOT / "docs" / "conformance.md").read_text().splitlines()

# What a row says that has no code: whose business the rule is, or that it is not kept.
EXCUSES = ("left to the application", "**not done**", "**not kept**")


class Row(NamedTuple):
    """A row of a table, under the heading that it stands under."""

    heading: str
    section: str
    who: str
    rule: str
    code: str
    tests: str


def rows() -> list[Row]:
    heading = ""
    found = []
    for line in LINES:
        if line.startswith("## "):
            heading = line
        elif re.match(r"\| [0-9A-Z]", line):
            cells = [cell.strip() for cell in line.split("|")[1:-1]]
            assert len(cells) == 5, line
            found.append(Row(heading, *cells))
    return found


ROWS = rows()


def quoted(cells: list[str]) -> list[str]:
    """What stands between back ticks in the cells."""
    return sorted({name for cell in cells for name in re.findall(r"`([^`]+)`", cell)})


def test_rows_are_whole() -> None:
    assert len(ROWS) > 150
    for row in ROWS:
        assert row.who in {"S", "C", "both"}, row
        assert bool(row.code) == bool(row.tests), row
        assert row.code or any(excuse in row.rule for excuse in EXCUSES), row
        for cell in (row.code, row.tests):
            # Names alone, and a comma between two.
            assert re.sub(r"`[^`]+`", "", cell).replace(", ", "") == "", row


def test_rows_stand_where_they_belong() -> None:
    for row in ROWS:
        numbers = re.findall(r"sections? ([0-9]+)(?: (?:to|and) ([0-9]+))?", row.heading)
        if numbers:
            ((first, last),) = numbers
            assert int(first) <= int(row.section.split(".")[0]) <= int(last or first), row


def test_no_row_stands_twice() -> None:
    rules = [(row.heading, row.section, row.who, row.rule) for row in ROWS]
    assert len(set(rules)) == len(rules)


@pytest.mark.parametrize("name", quoted([row.code for row in ROWS]))
def test_code(name: str) -> None:
    file, _, symbol = name.partition("::")
    if file.endswith(".py"):
        text = (PACKAGE / "src" / "http1" / file).read_text()
        definition = rf"^ *(def|async def|class) {symbol}\b|^{symbol}\b"
        assert not symbol or re.search(definition, text, re.MULTILINE)
    else:
        # A public name of another package.
        package, *path = name.split(".")
        found: object = importlib.import_module(package)
        for part in path:
            found = getattr(found, part)


@pytest.mark.parametrize("name", quoted([row.tests for row in ROWS]))
def test_tests(name: str) -> None:
    if name.startswith("vectors.py: "):
        prefix = name.removeprefix("vectors.py: ").strip('"')
        assert any(vector.name.startswith(prefix) for vector in REQUESTS)
    else:
        file, _, test = name.partition("::")
        path = ROOT / file if "/" in file else PACKAGE / "tests" / file
        assert re.search(rf"def {test}\(", path.read_text())
