import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from http1 import HTTPHeaders
from http1 import HTTPOutputError
from http1 import _encoding
from http1._encoding import date_line
from http1._encoding import encode_chunk_size
from http1._encoding import encode_error
from http1._encoding import encode_head
from http1._encoding import encode_trailers
from http1._encoding import read_fields

from .recorder import parse

TEXT = st.text(alphabet=st.sampled_from("ab :\t\r\n\x00\x0b\x7fäÿ\x85€\ud800"), max_size=10)
ANY = st.one_of(TEXT, st.text(max_size=10))

HEAD = re.compile(rb"[\t\x20-\x7e\x80-\xff]*(\r\n[\t\x20-\x7e\x80-\xff]+)*\r\n\r\n")


@given(ANY, st.lists(ANY.filter(bool), max_size=5))
def test_no_text_ends_a_line(start_line: str, lines: list[str]) -> None:
    try:
        head = encode_head(start_line, list(lines))
    except HTTPOutputError:
        return
    assert HEAD.fullmatch(head)
    assert head == "\r\n".join([start_line, *lines, "", ""]).encode("latin-1")
    assert head.count(b"\r\n") == len(lines) + 2


@given(st.lists(st.tuples(ANY, ANY), max_size=4))
def test_what_is_written_is_read_as_it_was_meant(fields: list[tuple[str, str]]) -> None:
    class Fields:
        def get_all(self) -> list[tuple[str, str]]:
            return [("Host", "a"), *fields]

    try:
        lines, _, _ = read_fields(Fields())
        head = encode_head("GET / HTTP/1.1", lines)
    except HTTPOutputError:
        return
    recorder, error = parse([head])
    if error is None:
        ((_, headers),) = recorder.heads
        assert len(list(headers.get_all())) == len(lines)
        for name, value in fields:
            assert value.strip(" \t") in headers.get_list(name)


@pytest.mark.parametrize("number", [0, 1, 100, 255, 256, 257, 300])
def test_any_number_of_lines(number: int) -> None:
    head = encode_head("a", ["b: c"] * number)
    assert head == b"a\r\n" + b"b: c\r\n" * number + b"\r\n"
    with pytest.raises(HTTPOutputError, match="control character"):
        encode_head("a", [*["b: c"] * number, "d: e\r\nf: g"])


@given(st.integers(0, 1 << 64))
def test_chunk_sizes(size: int) -> None:
    line = encode_chunk_size(size)
    assert re.fullmatch(rb"[0-9a-f]+\r\n", line)
    assert int(line, 16) == size


def test_trailers() -> None:
    assert encode_trailers(HTTPHeaders({"A": "b"})) == b"0\r\nA: b\r\n\r\n"
    assert encode_trailers(HTTPHeaders()) == b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [("Content-Length", "5"), ("host", "a"), ("A:", "b"), ("A", "b\r\nC: d"), ("A", "€")],
)
def test_trailers_that_are_refused(name: str, value: str) -> None:
    class Fields:
        def get_all(self) -> list[tuple[str, str]]:
            return [(name, value)]

    with pytest.raises(HTTPOutputError):
        encode_trailers(Fields())


# RFC 9110 section 5.6.7, with its own example.
@pytest.mark.parametrize(
    ("second", "date"),
    [
        (784111777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (951782400, "Tue, 29 Feb 2000 00:00:00 GMT"),
    ],
)
def test_date(second: int, date: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_encoding, "_time", lambda: second + 0.9)
    assert date_line() == f"Date: {date}"
    assert date_line() is date_line()


def test_date_is_that_of_today() -> None:
    day = time.strftime("%d %b %Y", time.gmtime())
    assert day.split()[2] in date_line()


@pytest.mark.parametrize(
    ("status", "reason"), [(400, b"Bad Request"), (431, b""), (415, b""), (599, b"Error")]
)
def test_errors(status: int, reason: bytes) -> None:
    response = encode_error(status, "no ä\r\n", head_only=False)
    head, _, body = response.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d %s" % (status, reason))
    assert b"Content-Length: %d\r\n" % len(body) in head
    assert b"Connection: close" in head
    assert b"Date: " in head
    assert body.isascii()
    assert encode_error(status, "no ä\r\n", head_only=True) == head + b"\r\n\r\n"
