"""The page on the client names the states that the code has."""

import re
from pathlib import Path

from http1._client import Reading  # noqa: PLC2701 - the page is about it

PAGE = Path(__file__).parents[2] / "docs" / "http1" / "client.md"


def test_states() -> None:
    table = PAGE.read_text().partition("## States")[2].partition("| next |")[0]
    named = re.findall(r"^\| (\w+) \| \w", table, re.MULTILINE)
    assert named == [state.value for state in Reading]
