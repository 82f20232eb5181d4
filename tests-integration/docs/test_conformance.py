"""The table of conformance names code and tests that exist."""

import re
from pathlib import Path

import pytest
from packages.http1.tests.vectors import REQUESTS

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "packages" / "http1"
PAGE = (ROOT / "docs" / "conformance.md").read_text()
ROWS = [line.split("|")[1:-1] for line in PAGE.splitlines() if re.match(r"\| [0-9]", line)]


def names(column: int) -> list[str]:
    return sorted({name for row in ROWS for name in re.findall(r"`([^`]+)`", row[column])})


def test_rows_are_whole() -> None:
    assert len(ROWS) > 80
    for row in ROWS:
        assert len(row) == 5, row
        assert row[1].strip() in {"S", "C", "both"}
        # What has a place in the code has a test, but for what the stream does.
        if row[3].strip() and "iostream" not in row[3]:
            assert row[4].strip(), row


@pytest.mark.parametrize("name", names(3))
def test_code(name: str) -> None:
    if name.startswith("iostream."):
        return
    file, _, symbol = name.partition("::")
    text = (PACKAGE / "src" / "http1" / file).read_text()
    assert not symbol or re.search(rf"^ *(def|class) {symbol}\b|^{symbol}\b", text, re.MULTILINE)


@pytest.mark.parametrize("name", names(4))
def test_tests(name: str) -> None:
    if name.startswith("vectors.py: "):
        prefix = name.removeprefix("vectors.py: ").strip('"')
        assert any(vector.name.startswith(prefix) for vector in REQUESTS)
    else:
        file, _, test = name.partition("::")
        assert re.search(rf"def {test}\(", (PACKAGE / "tests" / file).read_text())
