import pytest
from hypothesis import given
from hypothesis import strategies as st

from http1 import HTTPHeaders
from http1 import _field_names
from http1._field_names import canonical
from http1._field_names import is_token

from .recorder import parse


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("content-type", "Content-Type"),
        ("CONTENT-TYPE", "Content-Type"),
        ("x", "X"),
        ("x-y-", "X-Y-"),
        ("www-authenticate", "Www-Authenticate"),
        ("", ""),
    ],
)
def test_canonical(name: str, spelled: str) -> None:
    assert canonical(name) == spelled
    assert canonical(name) == spelled


@given(st.text(alphabet="abXY-_!9 :\x00ä", max_size=8))
def test_tokens(name: str) -> None:
    assert is_token(name) == (name != "" and not set(name) & set(" :\x00ä"))


def test_junk_does_not_fill_the_memory() -> None:
    """The tables have their limits, and a name that found no room is as good as any other."""
    for batch in range(30):
        fields = b"".join([b"X-%d-%d: a\r\n" % (batch, number) for number in range(99)])
        _, error = parse([b"GET / HTTP/1.1\r\nHost: a\r\n" + fields + b"\r\n"])
        assert error is None
    headers = HTTPHeaders({f"x-{number}": "a" for number in range(5000)})
    assert len(headers) == 5000
    assert headers["X-4999"] == "a"
    for number in range(5000):
        name = b"y-%d" % number
        assert _field_names.canonical_of_wire(name) == f"Y-{number}"
    for table in (
        _field_names.ordinary,
        _field_names.plain_names,
        _field_names.known_spellings,
        _field_names.wire_spellings,
    ):
        assert len(table) < 10_000
    recorder, _ = parse([b"GET / HTTP/1.1\r\nHost: a\r\nx-never-seen-before: b\r\n\r\n"] * 2)
    assert recorder.heads[1][1]["X-Never-Seen-Before"] == "b"
    _, error = parse([b"GET / HTTP/1.1\r\nHost: a\r\nx never: b\r\n\r\n"])
    assert error is not None
