import re
import time
from typing import Any

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
from http1._response_head import encode_response_head
from http1._writing import Afterwards
from http1._writing import Writing

from .recorder import parse

TEXT = st.text(alphabet=st.sampled_from("ab :\t\r\n\x00\x0b\x7fäÿ\x85€\ud800"), max_size=10)
ANY = st.one_of(TEXT, st.text(max_size=10))

HEAD = re.compile(rb"[\t\x20-\x7e\x80-\xff]*(\r\n[\t\x20-\x7e\x80-\xff]+)*\r\n\r\n")


class Fields:
    """Fields as an application may give them, whatever they are."""

    def __init__(self, *fields: tuple[str, str]) -> None:
        self.fields = fields

    def get_all(self) -> tuple[tuple[str, str], ...]:
        return self.fields


@given(st.integers(200, 599), ANY, st.lists(st.tuples(ANY, ANY), max_size=5), st.booleans())
def test_no_text_ends_a_line(
    code: int, reason: str, fields: list[tuple[str, str]], closing: bool
) -> None:
    try:
        head, _, _, _ = encode_response_head(code, reason, Fields(*fields), "GET", False, closing)
    except HTTPOutputError:
        return
    assert HEAD.fullmatch(head)
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    assert first == f"HTTP/1.1 {code} {reason}"
    own = ("Date: ", "Connection: close", "Transfer-Encoding: chunked", "Content-Length: 0")
    given = [f"{name}: {value}" for name, value in fields]
    assert [line for line in lines if line not in given and not line.startswith(own)] == []


NAME = st.sampled_from(["Content-Type", "Content-Length", "Date", "Connection", "ETag", "X-New"])
VALUE = st.one_of(TEXT, st.sampled_from(["0", "13", "²", "٣", "-1", "1" * 19, "close", "a b", "€"]))


@given(
    st.dictionaries(NAME, VALUE, max_size=5),
    st.sampled_from(["GET", "HEAD", "CONNECT"]),
    st.booleans(),
    st.booleans(),
)
def test_the_short_way_of_usual_heads_is_no_other_way(
    fields: dict[str, str], method: str, http_1_0: bool, closing: bool
) -> None:
    def encoded(headers: HTTPHeaders | Fields) -> object:
        try:
            head, *rest = encode_response_head(200, "OK", headers, method, http_1_0, closing)
        except HTTPOutputError as error:
            return str(error)
        first, *lines = head.split(b"\r\n")
        # The short way has Connection before the other fields, and Content-Length behind them.
        return first, sorted(lines), rest

    headers = HTTPHeaders(fields)
    assert encoded(headers) == encoded(Fields(*headers.get_all()))


@pytest.mark.parametrize("number", [40, 41])
def test_as_many_fields_as_one_likes(number: int) -> None:
    headers = HTTPHeaders({f"X-{each}": "1" for each in range(number - 1)})
    headers["Content-Length"] = "0"
    head, *rest = encode_response_head(200, "OK", headers, "GET", False, False)
    assert head.count(b"\r\n") == number + 3  # with the status line, the Date and the empty one
    assert rest == [0, Writing.SIZED, Afterwards.KEEP_ALIVE]


def test_repeated_fields_are_all_written() -> None:
    headers = HTTPHeaders({"Content-Length": "0"})
    headers.add("Set-Cookie", "a=b")
    headers.add("Set-Cookie", "c=d")
    head, _, _, _ = encode_response_head(200, "OK", headers, "GET", False, False)
    assert b"\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n" in head


def test_a_class_of_headers_of_ones_own_says_what_is_written() -> None:
    class Marked(HTTPHeaders):
        def get_all(self) -> list[tuple[str, str]]:
            return [*super().get_all(), ("X-Mark", "1")]

    headers = Marked({"Content-Length": "0"})
    head, _, _, _ = encode_response_head(200, "OK", headers, "GET", False, False)
    assert b"\r\nX-Mark: 1\r\n" in head


@given(st.lists(st.tuples(ANY, ANY), max_size=4))
def test_what_is_written_is_read_as_it_was_meant(fields: list[tuple[str, str]]) -> None:
    try:
        lines = ["GET / HTTP/1.1\r\n"]
        read_fields(Fields(("Host", "a"), *fields), lines)
        head = encode_head(lines)
    except HTTPOutputError:
        return
    recorder, error = parse([head])
    if error is None:
        ((_, headers),) = recorder.heads
        assert len(list(headers.get_all())) == head.count(b"\r\n") - 2
        for name, value in fields:
            assert value.strip(" \t") in headers.get_list(name)


@pytest.mark.parametrize("number", [0, 1, 100, 255, 256, 257, 300])
def test_any_number_of_lines(number: int) -> None:
    lines: list[str] = []
    read_fields(Fields(*[("b", "c")] * number), lines)
    assert lines == ["b: c\r\n"] * number
    with pytest.raises(HTTPOutputError, match="control character"):
        read_fields(Fields(*[("b", "c")] * number, ("d", "e\r\nf: g")), [])


@pytest.mark.parametrize("name", ["Content-Length", "content-length", "ETag", "X-New", "Host"])
@pytest.mark.parametrize("value", [5, b"5", None])
def test_a_value_that_is_no_text(name: str, value: Any) -> None:
    # Compiled, the second: mypyc looks at types before anything else, and an application's TypeError
    # is a 500 as well.
    words = (
        rf"(?i)the value of {name} has to be a str, not {value}|tuple\[str, str\] object expected"
    )
    with pytest.raises((HTTPOutputError, TypeError), match=words):
        read_fields(Fields((name, value)), [])
    with pytest.raises((HTTPOutputError, TypeError), match=words):
        encode_response_head(200, "OK", HTTPHeaders({name: value}), "GET", False, False)


@pytest.mark.parametrize("text", ["a\tb", "\xa0", "\x80", "\xad", "\xff", ""])
def test_text_that_is_not_printable_and_may_be_sent(text: str) -> None:
    lines: list[str] = []
    read_fields(Fields(("ETag", text)), lines)
    assert lines == [f"ETag: {text}\r\n"]
    assert encode_head(lines) == f"ETag: {text}\r\n\r\n".encode("latin-1")


@pytest.mark.parametrize(
    ("given", "sent", "closes"),
    [
        ("keep-alive", "", False),
        ("Keep-Alive, Upgrade", "Connection: upgrade\r\n", False),
        ("keep-alive, close", "Connection: close\r\n", True),
        ("Upgrade", "Connection: Upgrade\r\n", False),
    ],
)
def test_keep_alive_is_the_writers_to_say(given: str, sent: str, closes: bool) -> None:
    lines: list[str] = []
    _, said = read_fields(Fields(("Connection", given)), lines)
    assert lines == [sent]
    assert ("close" in said) == closes


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
    with pytest.raises(HTTPOutputError):
        encode_trailers(Fields((name, value)))


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
    monkeypatch.setattr(_encoding._date, "clock", lambda: second + 0.9)
    assert date_line() == f"Date: {date}\r\n"
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
