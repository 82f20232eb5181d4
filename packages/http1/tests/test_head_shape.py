"""A head that is read by its shape is read as it would be line by line, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from http1 import HTTPHeaders
from http1 import HTTPInputError
from http1 import Limits
from http1 import RequestParser
from http1 import RequestStartLine
from http1._field_names import is_token
from http1._head_shape import HeadShape
from http1._head_shape import HeadShapes

from .recorder import Recorder
from .vectors import REQUESTS
from .vectors import Vector

BROWSER = (
    b"GET /products/1?a=b HTTP/1.1\r\n"
    b"Host: example.org\r\n"
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    b"accept: */*\r\n"
    b"Connection: keep-alive\r\n"
    b"X-Empty:\r\n"
    b"Cookie:  a=b; c=\xe4 \t\r\n"
    b"Content-Length: 0\r\n\r\n"
)


def names_of(data: bytes) -> tuple[bytes, ...]:
    lines = data.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    return tuple([line.partition(b":")[0] for line in lines])


def read(
    data: bytes, shape: HeadShape | None, limits: Limits | None = None
) -> tuple[Recorder, str, int]:
    recorder = Recorder()
    parser = RequestParser(recorder, limits)
    parser._expect(shape)
    try:
        parser.feed(data)
    except HTTPInputError as error:
        return recorder, str(error), error.status_code
    return recorder, "", 0


def check_same(data: bytes, shape: HeadShape) -> None:
    shaped, *refused = read(data, shape)
    plain, *expected = read(data, None)
    assert refused == expected
    assert shaped.requests == plain.requests
    assert shaped.heads == plain.heads
    for (_, headers), (_, others) in zip(shaped.heads, plain.heads, strict=True):
        assert headers.raw_fields() == others.raw_fields()


def test_a_browsers_head() -> None:
    shape = HeadShape(names_of(BROWSER))
    match = shape.match(BROWSER, 0)
    assert match is not None
    assert match.end() == len(BROWSER)
    assert match.groups() == (
        b"GET",
        b"/products/1?a=b",
        b" example.org",
        b" Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        b" */*",
        b" keep-alive",
        b"",
        b"  a=b; c=\xe4 \t",
        b" 0",
    )
    assert match[shape.host] == b" example.org"
    assert shape.framing == [(6, "connection"), (9, "content-length")]
    check_same(BROWSER * 3, shape)


def usable(vector: Vector) -> bool:
    names = names_of(vector.data)
    hosts = [name for name in names if name.lower() == b"host"]
    return len(hosts) == 1 and all(is_token(name.decode("latin-1")) for name in names)


@pytest.mark.parametrize(
    "vector", [each for each in REQUESTS if usable(each)], ids=lambda vector: vector.name
)
def test_vectors_by_their_own_shape(vector: Vector) -> None:
    check_same(vector.data, HeadShape(names_of(vector.data)))


@pytest.mark.parametrize("names", [(b"Host",), (b"host",), (b"Host", b"Content-Length")])
@pytest.mark.parametrize("vector", REQUESTS, ids=lambda vector: vector.name)
def test_vectors_by_another_shape(vector: Vector, names: tuple[bytes, ...]) -> None:
    check_same(vector.data, HeadShape(names))


EDITS = st.lists(
    st.tuples(
        st.integers(0, len(BROWSER)),
        st.integers(0, 3),
        st.one_of(
            st.sampled_from(
                [b"\r", b"\n", b"\r\n", b"\r\n\r\n", b":", b" ", b"\t", b"\0", b"\x7f"]
            ),
            st.sampled_from(
                [b"\x80", b"\xff", b"Host: a\r\n", b"Content-Length: 5\r\n", b"%", b"#"]
            ),
            st.binary(max_size=3),
        ),
    ),
    max_size=4,
)


@given(EDITS)
def test_what_is_nearly_a_browsers_head(edits: list[tuple[int, int, bytes]]) -> None:
    data = BROWSER
    for position, size, replacement in edits:
        data = data[:position] + replacement + data[position + size :]
    check_same(data + BROWSER, HeadShape(names_of(BROWSER)))


@pytest.mark.parametrize(("size", "taken"), [(-1, False), (0, True), (1, True)])
def test_the_limit_of_the_head(size: int, taken: bool) -> None:
    # The line end of the last field and the empty line are none of its size.
    limits = Limits(max_header_size=len(BROWSER) - 4 + size)
    _, refused, status = read(BROWSER, HeadShape(names_of(BROWSER)), limits)
    assert (refused == "") == taken
    assert status == (0 if taken else 431)


@pytest.mark.parametrize(("count", "taken"), [(6, False), (7, True), (8, True)])
def test_the_limit_of_the_fields(count: int, taken: bool) -> None:
    limits = Limits(max_header_count=count)
    _, _, status = read(BROWSER, HeadShape(names_of(BROWSER)), limits)
    assert status == (0 if taken else 431)


# --- which shapes are learned


def test_a_shape_is_learned_when_it_has_come_often() -> None:
    shapes = HeadShapes()
    names = [b"Host", b"Accept"]
    for _ in range(499):
        assert shapes.get(names) is None
    shape = shapes.get(names)
    assert shape is not None
    assert shape.names == tuple(names)
    assert shapes.latest is shape
    assert shapes.get(names) is shape


def test_an_order_of_its_own_is_a_shape_of_its_own() -> None:
    shapes = HeadShapes()
    for _ in range(500):
        shapes.get([b"Host", b"Accept"])
    assert shapes.get([b"Accept", b"Host"]) is None
    assert shapes.get([b"Host", b"accept"]) is None


def test_junk_fills_no_table() -> None:
    shapes = HeadShapes()
    for _ in range(500):
        shapes.get([b"Host", b"Popular"])
    for number in range(1000):
        assert shapes.get([b"Host", b"X-%d" % number]) is None
        assert len(shapes._seen) <= 256
    assert shapes.get([b"Host", b"Popular"]) is not None


def test_too_many_popular_shapes_are_all_forgotten() -> None:
    shapes = HeadShapes()
    for number in range(256):
        for _ in range(500):
            shapes.get([b"Host", b"Y-%d" % number])
    assert shapes.get([b"Host", b"Y-0"]) is not None
    assert shapes.get([b"Host", b"X"]) is None
    assert len(shapes._seen) == 1
    assert shapes.get([b"Host", b"Y-0"]) is None


@pytest.mark.parametrize(
    ("head", "learned"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nhOST: a\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 39 + b"\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 40 + b"\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A" * 64 + b": b\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A" * 65 + b": b\r\n\r\n", False),
        (b"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\nHost: a\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\n\r\n", False),
        (b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", False),
    ],
)
def test_what_a_parser_learns(head: bytes, learned: bool) -> None:
    recorder = Recorder()
    parser = RequestParser(recorder)
    parser._expect(None)
    for _ in range(501):
        parser.feed(head)
    assert len(recorder.requests) == 501
    assert recorder.heads[0] == recorder.heads[-1]
    assert (parser._shape is not None) == learned


def test_a_new_parser_begins_with_the_latest_shape() -> None:
    recorder = Recorder()
    parser = RequestParser(recorder)
    for _ in range(501):
        parser.feed(BROWSER)
    assert parser._shape is not None
    assert RequestParser(recorder)._shape is parser._shape


def test_another_head_and_back() -> None:
    recorder = Recorder()
    parser = RequestParser(recorder)
    for _ in range(501):
        parser.feed(BROWSER)
    shape = parser._shape
    parser.feed(b"GET /other HTTP/1.1\r\nHost: a\r\nX-Seen-Never: b\r\n\r\n")
    assert parser._shape is None
    parser.feed(BROWSER)
    assert parser._shape is shape
    assert [target for _, target, _ in recorder.requests[-3:]] == [
        "/products/1?a=b",
        "/other",
        "/products/1?a=b",
    ]


# --- what a handler may do meanwhile


class Interfering(Recorder):
    """Pauses its parser at each head, or takes the rest."""

    parser: RequestParser
    rest: bytes | None = None

    def head_received(self, start_line: RequestStartLine, headers: HTTPHeaders) -> None:
        super().head_received(start_line, headers)
        if start_line.method == "OPTIONS":
            self.rest = self.parser.take_rest()
        else:
            self.parser.pause()


@pytest.mark.parametrize("shape", [None, HeadShape((b"Host", b"Content-Length"))])
def test_pausing_at_the_head(shape: HeadShape | None) -> None:
    recorder = Interfering()
    parser = recorder.parser = RequestParser(recorder)
    parser._expect(shape)
    request = b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
    parser.feed(request * 2)
    assert recorder.requests == []
    assert len(recorder.heads) == 1
    parser.resume()
    assert recorder.requests == [("POST", "/a", b"hello")]
    assert len(recorder.heads) == 2
    parser.resume()
    assert recorder.requests == [("POST", "/a", b"hello")] * 2


@pytest.mark.parametrize("shape", [None, HeadShape((b"Host", b"Content-Length"))])
def test_taking_the_rest_at_the_head(shape: HeadShape | None) -> None:
    recorder = Interfering()
    parser = recorder.parser = RequestParser(recorder)
    parser._expect(shape)
    parser.feed(b"OPTIONS /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\nanother protocol")
    assert recorder.rest == b"another protocol"
    parser.feed(b"more")
    assert len(recorder.heads) == 1
    assert recorder.requests == []
