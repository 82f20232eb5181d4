"""What holds of the parser for all bytes: how they are cut does not matter, and nothing else comes out."""

import string

from hypothesis import example
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from http1 import HTTPHeaders
from http1 import HTTPInputError
from http1 import Limits
from http1 import RequestParser
from http1 import RequestStartLine
from http1._head import HeadScanner

from .recorder import Recorder
from .recorder import in_bytes
from .recorder import parse
from .vectors import REQUESTS

SMALL = Limits(
    max_start_line_size=60,
    max_field_size=40,
    max_header_size=160,
    max_header_count=4,
    max_method_size=8,
    max_chunk_extensions_size=20,
    max_body_size=50,
)

# Pieces of requests, put together well and badly.
FRAGMENTS = st.sampled_from(
    [
        b"GET / HTTP/1.1\r\n",
        b"POST /a?b HTTP/1.1\r\n",
        b"OPTIONS * HTTP/1.0\r\n",
        b"CONNECT a:1 HTTP/1.1\r\n",
        b"GET http://b/ HTTP/1.1\r\n",
        b"Host: a\r\n",
        b"host:b:80\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: 0\r\n",
        b"Content-Length: 60\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close, upgrade\r\n",
        b"Expect: 100-continue\r\n",
        b"Upgrade: x\r\n",
        b"A: b\r\n",
        b"A: b\rC: d\n",
        b"A: b\nC: d\r",
        b"X-Long: " + b"y" * 40 + b"\r\n",
        b"\r\n",
        b"\r\n\r\n",
        b"hello",
        b"5\r\nhello\r\n",
        b"5;a=b\r\nhello\r\n",
        b"0\r\n",
        b"0\r\n\r\n",
        b"\r",
        b"\n",
        b":",
        b" ",
        b"\x00",
        b"\xff",
    ]
)
GOOD_HEADS = st.sampled_from([vector.data for vector in REQUESTS if len(vector.data) < 400])
MESSAGES = st.one_of(
    st.binary(max_size=80),
    st.lists(FRAGMENTS, max_size=12).map(b"".join),
    st.lists(GOOD_HEADS, min_size=1, max_size=3).map(b"".join),
)
# Such that a head is at its limit as often as not.
EQUAL = Limits(max_start_line_size=50, max_field_size=50, max_header_size=50, max_body_size=5)
LIMITS = st.sampled_from([Limits(), SMALL, EQUAL])


def mutated(data: bytes, position: int, byte: int, how: str) -> bytes:
    position %= len(data) + 1
    new = bytes([byte])
    if how == "insert":
        return data[:position] + new + data[position:]
    if how == "replace":
        return data[:position] + new + data[position + 1 :]
    if how == "double":
        return data[:position] + data[position - 5 : position] + data[position:]
    return data[:position] + data[position + 1 :]


MUTATED = st.builds(
    mutated,
    GOOD_HEADS,
    st.integers(0, 400),
    st.integers(0, 255),
    st.sampled_from(["insert", "replace", "delete", "double"]),
)


def outcome(pieces: list[bytes], limits: Limits) -> object:
    """All that can be told from outside."""
    recorder, error = parse(pieces, end=True, limits=limits)
    return (
        recorder.requests,
        [(line, list(headers.get_all())) for line, headers in recorder.heads],
        recorder.body,
        None if error is None else error.status_code,
    )


def cut(data: bytes, positions: list[int]) -> list[bytes]:
    places = sorted({position % (len(data) + 1) for position in positions})
    return [data[i:j] for i, j in zip([0, *places], [*places, len(data)], strict=True)]


@given(st.one_of(MESSAGES, MUTATED), st.lists(st.integers(0, 600), max_size=6), LIMITS)
@example(b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", [1], SMALL)
@settings(max_examples=400, deadline=None)
def test_cuts_do_not_matter(data: bytes, positions: list[int], limits: Limits) -> None:
    whole = outcome([data], limits)
    assert outcome(cut(data, positions), limits) == whole
    assert outcome(in_bytes(data), limits) == whole


class Pausing(Recorder):
    """Pauses its parser whenever it is called."""

    parser: RequestParser

    def head_received(self, start_line: RequestStartLine, headers: HTTPHeaders) -> None:
        self.parser.pause()
        super().head_received(start_line, headers)

    def body_received(self, chunk: bytes) -> None:
        self.parser.pause()
        super().body_received(chunk)

    def message_complete(self) -> None:
        self.parser.pause()
        super().message_complete()


def go_on(parser: RequestParser) -> None:
    while parser.paused:
        parser.resume()


@given(st.one_of(MESSAGES, MUTATED), LIMITS)
@settings(max_examples=400, deadline=None)
def test_pauses_do_not_matter(data: bytes, limits: Limits) -> None:
    """A handler that pauses at each call sees the same as one that does not."""

    recorder = Pausing()
    recorder.parser = parser = RequestParser(recorder, limits)
    status = None
    try:
        parser.feed(data)
        go_on(parser)
        parser.feed_eof()
        go_on(parser)
    except HTTPInputError as error:
        status = error.status_code
    told = (
        recorder.requests,
        [(line, list(headers.get_all())) for line, headers in recorder.heads],
        recorder.body,
        status,
    )
    assert told == outcome([data], limits)


@given(st.one_of(MESSAGES, MUTATED), st.integers(1, 7))
@settings(max_examples=200, deadline=None)
def test_the_size_of_chunks_does_not_matter(data: bytes, size: int) -> None:
    recorder = Recorder()
    parser = RequestParser(recorder)
    parser.chunk_size = size
    status = None
    try:
        parser.feed(data)
        parser.feed_eof()
    except HTTPInputError as refusal:
        status = refusal.status_code
    assert all(length <= size for length in recorder.chunks)
    whole, error = parse([data], end=True)
    assert recorder.requests == whole.requests
    assert recorder.body == whole.body
    assert status == (None if error is None else error.status_code)


@given(st.one_of(MESSAGES, MUTATED), LIMITS)
@settings(max_examples=400, deadline=None)
def test_what_is_taken_at_a_glance_is_what_the_scanner_takes(data: bytes, limits: Limits) -> None:
    """The two ways to a head: one piece is read by the short one, many by the scanner."""
    head, end, _ = data.partition(b"\r\n\r\n")
    head += end
    recorder, error = parse([head], limits=limits)
    scanner = HeadScanner(limits, RequestParser(Recorder(), limits)._check_start_line)
    complete = False
    refusal = None
    try:
        complete = scanner.feed(head)
    except HTTPInputError as caught:
        refusal = caught
    if refusal is not None:
        # A head that the scanner refuses is refused, and for the same reason.
        assert error is not None
        assert (str(error), error.status_code) == (str(refusal), refusal.status_code)
    elif not complete:
        assert error is None
        assert recorder.heads == []


TEXT = st.text(alphabet=string.printable + "äÄ€\x00\x7f\x85\xa0", max_size=12)


@given(TEXT, TEXT)
def test_an_error_never_repeats_bytes_as_they_came(name: str, value: str) -> None:
    line = f"{name}: {value}".encode()
    _, error = parse([b"GET / HTTP/1.1\r\nHost: a\r\n" + line + b"\r\n\r\n"])
    if error is not None:
        assert str(error).isascii()
        assert str(error).isprintable()
