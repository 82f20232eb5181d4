import contextlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from http1 import HTTPHeaders
from http1 import HTTPInputError
from http1 import Limits
from http1 import ResponseParser
from http1 import ResponseStartLine

Call = tuple[object, ...]


class Calls:
    """Writes down what a parser calls; pieces of a body are joined."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def head_received(self, start_line: ResponseStartLine, headers: HTTPHeaders) -> None:
        self.calls.append((*start_line, tuple(headers.get_all())))

    def body_received(self, chunk: bytes) -> None:
        assert chunk
        if self.calls[-1][0] == "body":
            chunk = self.calls.pop()[1] + chunk  # type: ignore[operator]
        self.calls.append(("body", chunk))

    def message_complete(self) -> None:
        self.calls.append(("complete",))


def read(pieces: list[bytes], method: str = "GET", *, end: bool = True) -> tuple[list[Call], str]:
    """The calls for one response that comes in `pieces`, and what was wrong with it."""
    handler = Calls()
    parser = ResponseParser(handler)
    parser.request_method = method
    try:
        for piece in pieces:
            parser.feed(piece)
        if end and not parser.paused:
            parser.feed_eof()
    except HTTPInputError as error:
        return handler.calls, str(error)
    return handler.calls, ""


HEAD = b"HTTP/1.1 200 OK\r\n"
COMPLETE: Call = ("complete",)

GOOD = [
    (HEAD + b"Content-Length: 5\r\n\r\nhello", b"hello"),
    (HEAD + b"content-LENGTH:\t05 \r\nX:\r\n\r\nhello", b"hello"),
    (HEAD + b"Content-Length: 0\r\n\r\n", b""),
    (HEAD + b"Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n", b"hello"),
    (HEAD + b'Transfer-Encoding: chunked\r\n\r\n1;x="y"\r\nh\r\n4\r\nello\r\n00\r\n\r\n', b"hello"),
    (HEAD + b"\r\nhello", b"hello"),
    (HEAD + b"\r\n", b""),
    (HEAD + b"X-Text: caf\xe9\r\nContent-Length: 1\r\n\r\nx", b"x"),
    # A space too few is no other message, and there are servers that leave it out.
    (b"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", b"x"),
    (b"HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx", b"x"),
    (b"HTTP/1.0 404 Not \t Found \xe9\r\n\r\nx", b"x"),
    (b"HTTP/1.1 999 x\r\nContent-Length: 1\r\n\r\nx", b"x"),
    (b"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", b""),
    (b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", b""),
    (b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", b""),
    (b"\r\n" + HEAD + b"Content-Length: 1\r\n\r\nx", b"x"),
    (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\n" + HEAD + b"\r\nx", b"x"),
]

BAD = [
    b"HTTP/1.1\r\n\r\n",
    b"HTTP/1.1 20 OK\r\n\r\n",
    b"HTTP/1.1 +20 OK\r\n\r\n",
    b"HTTP/1.1 2\xb20 OK\r\n\r\n",
    b"HTTP/1.1\t200 OK\r\n\r\n",
    b" HTTP/1.1 200 OK\r\n\r\n",
    b"HTTP/1.10 200 OK\r\n\r\n",
    b"HTTP/3.0 200 OK\r\n\r\n",
    b"HTTP/1.1 200 O\x00K\r\n\r\n",
    b"HTTP/1.1 200 OK\r\r\n\r\n",
    b"\r\n\r\n" + HEAD + b"\r\n",
    HEAD + b"\n",
    HEAD + b"X: a\nY: b\r\n\r\n",
    HEAD + b"X : a\r\n\r\n",
    HEAD + b": a\r\n\r\n",
    HEAD + b"X a\r\n\r\n",
    HEAD + b" X: a\r\n\r\n",
    HEAD + b"X: a\r\n\tb\r\n\r\n",
    HEAD + b"X: \x7f\r\n\r\n",
    HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    HEAD + b"Content-Length: 1,1\r\n\r\nx",
    HEAD + b"Content-Length:\r\n\r\n",
    HEAD + b"Content-Length: -1\r\n\r\n",
    HEAD + b"Content-Length: 1_0\r\n\r\n",
    HEAD + b"Content-Length: \xb2\r\n\r\n",
    HEAD + b"Content-Length: 99999999999999999999\r\n\r\n",
    HEAD + b"Content-Length: 5\r\n\r\nhell",
    HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding: identity\r\n\r\n",
    HEAD + b"Transfer-Encoding:\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello0\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n1 \r\nx\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nA : b\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n",
    HEAD + b"Content-Length: 5\r\n",
    b"HTTP/1.1 100 Continue\r\nX\r\n\r\n",
]


@pytest.mark.parametrize(("data", "body"), GOOD)
def test_good(data: bytes, body: bytes) -> None:
    calls, wrong = read([data])
    assert wrong == ""
    assert calls[-1] == COMPLETE
    assert (calls[-2][1] if calls[-2][0] == "body" else b"") == body


@pytest.mark.parametrize("data", BAD)
def test_bad(data: bytes) -> None:
    calls, wrong = read([data])
    assert wrong
    assert COMPLETE not in calls


@pytest.mark.parametrize("data", [*(data for data, _ in GOOD), *BAD])
def test_every_split(data: bytes) -> None:
    calls, wrong = read([data])
    splits = [[data[:position], data[position:]] for position in range(1, len(data))]
    for pieces in ([data[i : i + 1] for i in range(len(data))], *splits):
        calls_in_pieces, wrong_in_pieces = read(pieces)
        # The words may differ: a bad line that is not complete is bad in fewer ways.
        assert (calls_in_pieces, bool(wrong_in_pieces)) == (calls, bool(wrong))


@given(
    data=st.sampled_from([*(data for data, _ in GOOD), *BAD]),
    junk=st.binary(max_size=5),
    place=st.integers(0, 100),
    cuts=st.lists(st.integers(0, 120), max_size=5),
)
def test_junk_is_read_or_refused_whatever_the_split(
    data: bytes, junk: bytes, place: int, cuts: list[int]
) -> None:
    data = data[:place] + junk + data[place + 1 :]
    edges = [0, *sorted(cuts), len(data)]
    pieces = [data[start:end] for start, end in pairwise(edges)]
    calls, wrong = read([data])
    calls_in_pieces, wrong_in_pieces = read(pieces)
    assert (calls_in_pieces, bool(wrong_in_pieces)) == (calls, bool(wrong))


@pytest.mark.parametrize(
    ("method", "data", "body"),
    [
        ("HEAD", HEAD + b"Content-Length: 5\r\n\r\n", 0),
        ("HEAD", HEAD + b"Transfer-Encoding: chunked\r\n\r\n", 0),
        ("CONNECT", HEAD + b"Content-Length: 5\r\n\r\n", 0),
        ("CONNECT", b"HTTP/1.1 407 No\r\nContent-Length: 5\r\n\r\nhello", 1),
        ("GET", HEAD + b"Content-Length: 5\r\n\r\nhello", 1),
    ],
)
def test_method_of_the_request(method: str, data: bytes, body: int) -> None:
    calls, wrong = read([data], method, end=False)
    assert not wrong
    assert [call[0] for call in calls[1:]] == ["body"] * body + ["complete"]


@pytest.mark.parametrize(
    ("head", "keep_alive"),
    [
        (b"HTTP/1.1 204 x\r\n", True),
        (b"HTTP/1.1 204 x\r\nConnection: close\r\n", False),
        (b"HTTP/1.1 204 x\r\nConnection: x, CLOSE\r\nConnection: keep-alive\r\n", False),
        (b"HTTP/1.0 204 x\r\n", False),
        (b"HTTP/1.0 204 x\r\nConnection: Keep-Alive\r\n", True),
        (b"HTTP/1.1 200 x\r\n", False),
    ],
)
def test_keep_alive(head: bytes, keep_alive: bool) -> None:
    parser = ResponseParser(Calls())
    parser.feed(head + b"\r\n")
    assert parser.keep_alive is keep_alive


def test_one_response_at_a_time() -> None:
    handler = Calls()
    parser = ResponseParser(handler)
    response = HEAD + b"Content-Length: 1\r\n\r\n"
    parser.feed(response + b"x" + response + b"y")
    assert parser.paused
    assert [call[0] for call in handler.calls].count("complete") == 1
    assert parser.held == response + b"y"
    parser.resume()
    assert [call[0] for call in handler.calls].count("complete") == 2
    assert handler.calls[-2] == ("body", b"y")


def test_upgrade() -> None:
    parser = ResponseParser(Calls())
    parser.feed(
        b"HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: a\r\nUpgrade: b/1\r\n\r\nbehind"
    )
    assert parser.upgrade == "a, b/1"
    assert parser.take_rest() == b"behind"


@pytest.mark.parametrize("behind", [b"", b"behind"])
@pytest.mark.parametrize("slowly", [False, True])
def test_connection_is_taken_over_in_head_received(behind: bytes, slowly: bool) -> None:
    rest: list[bytes] = []

    class Handler(Calls):
        def head_received(self, start_line: ResponseStartLine, headers: HTTPHeaders) -> None:
            parser.pause()
            rest.append(parser.take_rest())

    parser = ResponseParser(Handler())
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    if slowly:
        for position in range(len(data) - 1):
            parser.feed(data[position : position + 1])
        data = data[-1:]
    parser.feed(data + behind)
    assert rest == [behind]
    assert parser.held == b""
    assert parser.take_rest() == b""


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Length: 5\r\n\r\nhello",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        HEAD + b"\r\nhello",
    ],
)
def test_max_body_size(data: bytes) -> None:
    for limit, taken in ((5, True), (4, False)):
        parser = ResponseParser(Calls(), Limits(max_body_size=limit))
        if taken:
            parser.feed(data)
        else:
            with pytest.raises(HTTPInputError, match="max_body_size"):
                parser.feed(data)


@given(st.binary(max_size=200))
def test_anything_is_read_or_refused(data: bytes) -> None:
    parser = ResponseParser(Calls())
    with contextlib.suppress(HTTPInputError):
        parser.feed(data)
        parser.feed_eof()
