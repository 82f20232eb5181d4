"""The tables of states in the manual are those of the code, word for word."""

import inspect
import re
from enum import Enum
from pathlib import Path

import pytest

from http1 import HTTP1ConnectionParameters
from http1 import Limits
from http1._message_parser import State  # noqa: PLC2701 - they are what is printed
from http1._watch import Phase  # noqa: PLC2701 - they are what is printed
from http1._writing import Afterwards  # noqa: PLC2701 - they are what is printed
from http1._writing import Writing  # noqa: PLC2701 - they are what is printed

DOCS = Path(__file__).resolve().parents[2] / "docs" / "http1"


def table(states: type[Enum]) -> str:
    """The rows of a table: each state, and the comment that stands above it in the code."""
    source = inspect.getsource(states)
    rows = []
    for comment, name in re.findall(r"((?:^ +#: .*\n)+) +([A-Z_]+) = ", source, re.MULTILINE):
        words = " ".join(line.strip().removeprefix("#: ") for line in comment.splitlines())
        rows.append(f"| {states[name].value} | {words} |\n")
    assert len(rows) == len(states)
    return "".join(rows)


@pytest.mark.parametrize(
    ("page", "states"),
    [
        ("parsers.md", State),
        ("server.md", Writing),
        ("server.md", Afterwards),
        ("server.md", Phase),
    ],
)
def test_states(page: str, states: type[Enum]) -> None:
    assert table(states) in (DOCS / page).read_text()


def test_limits_of_the_parsers() -> None:
    page = (DOCS / "parsers.md").read_text()
    for name, default in Limits()._asdict().items():
        assert f"| `{name}` | {default:,} |" in page


def test_limits_of_the_server() -> None:
    page = (DOCS / "server.md").read_text()
    params = HTTP1ConnectionParameters()
    for name, unit in (
        ("header_timeout", "s"),
        ("body_idle_timeout", "s"),
        ("idle_timeout", "s"),
        ("write_timeout", "s"),
        ("linger_timeout", "s"),
        ("min_body_rate", "bytes"),
    ):
        assert f"| `{name}` | {getattr(params, name):g} {unit}" in page
    for name, size in (
        ("max_header_size", params.limits.max_header_size),
        ("max_start_line_size", params.limits.max_start_line_size),
        ("max_field_size", params.limits.max_field_size),
        ("max_discard_size", params.max_discard_size),
    ):
        assert f"| `{name}` | {size // 1024} KiB |" in page
    assert f"| `max_body_size` | {params.max_body_size >> 20} MiB |" in page
    assert f"| `max_header_count` | {params.limits.max_header_count} |" in page
