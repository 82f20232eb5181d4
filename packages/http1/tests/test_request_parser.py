import doctest

import pytest

from http1 import HTTPHeaders
from http1 import HTTPInputError
from http1 import Limits
from http1 import RequestParser
from http1 import RequestStartLine
from http1 import _request_parser
from http1._message_parser import State

from .recorder import Recorder
from .recorder import in_bytes
from .recorder import parse

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
CHUNKED_POST = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_docstrings() -> None:
    assert doctest.testmod(_request_parser).failed == 0


def fed(data: bytes) -> RequestParser:
    parser = RequestParser(Recorder())
    parser.feed(data)
    return parser


@pytest.mark.parametrize(
    ("data", "state", "in_message"),
    [
        (b"", State.HEAD, False),
        (b"\r\n", State.HEAD, False),
        (b"G", State.HEAD, True),
        (GET, State.HEAD, False),
        (GET + b"\r", State.HEAD, False),
        (POST, State.SIZED_BODY, True),
        (POST + b"hell", State.SIZED_BODY, True),
        (POST + b"hello", State.HEAD, False),
        (CHUNKED_POST, State.CHUNKED_BODY, True),
        (CHUNKED_POST + b"0\r\n", State.CHUNKED_BODY, True),
        (CHUNKED_POST + b"0\r\n\r\n", State.HEAD, False),
    ],
)
def test_states(data: bytes, state: State, in_message: bool) -> None:
    parser = fed(data)
    assert (parser.state, parser.in_message) == (state, in_message)


def test_nothing_is_read_after_an_error() -> None:
    recorder = Recorder()
    parser = RequestParser(recorder)
    with pytest.raises(HTTPInputError):
        parser.feed(b"GET\r\n\r\n")
    assert parser.state is State.FAILED
    for _ in range(2):
        with pytest.raises(HTTPInputError):
            parser.feed(GET)
    assert recorder.requests == []


def test_nothing_is_read_after_the_end() -> None:
    recorder = Recorder()
    parser = RequestParser(recorder)
    parser.feed_eof()
    assert parser.state is State.CLOSED
    assert parser.at_eof
    parser.feed(GET)
    parser.feed_eof()
    assert recorder.requests == []


def test_an_exception_of_the_handler_comes_out_and_ends_it() -> None:
    class Failing(Recorder):
        def head_received(self, start_line: RequestStartLine, headers: HTTPHeaders) -> None:
            raise LookupError

    parser = RequestParser(Failing())
    with pytest.raises(LookupError):
        parser.feed(GET)
    assert parser.state is State.FAILED


# --- what a head says


@pytest.mark.parametrize(
    ("version", "fields", "keep_alive"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"Connection: close\r\n", False),
        (b"1.1", b"Connection: a, Close\r\n", False),
        (b"1.1", b"Connection: keep-alive, close\r\n", False),
        (b"1.1", b"Connection: keep-alive\r\nConnection: close\r\n", False),
        (b"1.1", b"Connection: close\r\nConnection: keep-alive\r\n", False),
        (b"1.1", b"Connection: closed\r\n", True),
        (b"1.0", b"", False),
        (b"1.0", b"Connection: keep-alive\r\n", True),
        (b"1.0", b"CONNECTION:KEEP-ALIVE\r\n", True),
        (b"1.0", b"Connection: keep-alive, close\r\n", False),
        (b"1.5", b"", True),
    ],
)
def test_keep_alive(version: bytes, fields: bytes, keep_alive: bool) -> None:
    data = b"GET / HTTP/" + version + b"\r\nHost: a\r\n" + fields + b"\r\n"
    assert fed(data).keep_alive is keep_alive
    # And nothing is left of one request in the next.
    assert fed(data + GET).keep_alive is True


@pytest.mark.parametrize(
    ("version", "fields", "upgrade"),
    [
        (b"1.1", b"", ""),
        (b"1.1", b"Connection: upgrade\r\nUpgrade: websocket\r\n", "websocket"),
        (b"1.1", b"upgrade: a\r\nconnection: x, UPGRADE\r\nUpgrade: b/1\r\n", "a, b/1"),
        (b"1.1", b"Upgrade: websocket\r\n", ""),
        (b"1.1", b"Connection: upgrade\r\n", ""),
        (b"1.0", b"Connection: upgrade\r\nUpgrade: websocket\r\n", ""),
    ],
)
def test_upgrade(version: bytes, fields: bytes, upgrade: str) -> None:
    data = b"GET / HTTP/" + version + b"\r\nHost: a\r\n" + fields + b"\r\n"
    assert fed(data).upgrade == upgrade
    assert fed(data + GET).upgrade == ""


@pytest.mark.parametrize(
    ("data", "expects"),
    [
        (POST, False),
        (POST.replace(b"Host", b"Expect: 100-continue\r\nHost"), True),
        (POST.replace(b"Host", b"expect:100-CONTINUE\r\nHost"), True),
        (CHUNKED_POST.replace(b"Host", b"Expect: 100-continue\r\nHost"), True),
        (POST.replace(b"Host", b"Expect: 100-continue\r\nHost") + b"h", False),
        (GET.replace(b"Host", b"Expect: 100-continue\r\nHost"), False),
        (POST.replace(b"1.1\r\n", b"1.0\r\nExpect: 100-continue\r\n"), False),
    ],
)
def test_expect_continue(data: bytes, expects: bool) -> None:
    assert fed(data).expect_continue is expects


def test_the_absolute_form_wins_over_host() -> None:
    recorder = Recorder()
    parser = RequestParser(recorder)
    parser.feed(b"GET http://b:1/c?d HTTP/1.1\r\nA: 1\r\nhost: a\r\nB: 2\r\n\r\n")
    ((start_line, headers),) = recorder.heads
    assert start_line == ("GET", "/c?d", "HTTP/1.1")
    assert dict(headers) == {"A": "1", "B": "2", "Host": "b:1"}
    assert parser.target == "http://b:1/c?d"


@pytest.mark.parametrize(
    ("scheme", "target", "status"),
    [
        ("http", "http://a/", 0),
        ("http", "HTTP://a/", 0),
        ("http", "https://a/", 421),
        ("https", "https://a/", 0),
        ("https", "HTTPS://a", 0),
        ("https", "http://a/", 421),
        ("https", "/", 0),
        ("", "http://a/", 0),
        ("", "https://a/", 0),
    ],
)
def test_a_target_of_another_scheme(scheme: str, target: str, status: int) -> None:
    parser = RequestParser(Recorder())
    parser.scheme = scheme
    refused = 0
    try:
        parser.feed(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    except HTTPInputError as error:
        refused = error.status_code
    assert refused == status


def test_the_absolute_form_makes_a_host_in_1_0() -> None:
    recorder, _ = parse([b"GET http://b/ HTTP/1.0\r\n\r\n"])
    assert dict(recorder.heads[0][1]) == {"Host": "b"}


def test_lengths() -> None:
    parser = fed(POST + b"he")
    assert (parser.body_length, parser.body_received) == (5, 2)
    parser.feed(b"llo" + GET)
    assert (parser.body_length, parser.body_received) == (0, 0)


def test_trailers_are_those_of_the_present_message() -> None:
    seen: list[dict[str, str]] = []

    class Reading(Recorder):
        def message_complete(self) -> None:
            super().message_complete()
            seen.append(dict(parser.trailers))

    parser = RequestParser(Reading())
    parser.feed(CHUNKED_POST + b"0\r\nA: b\r\nHost: c\r\n\r\n" + GET + CHUNKED_POST + b"0\r\n\r\n")
    assert seen == [{"A": "b"}, {}, {}]


def test_a_body_that_came_in_one_read_is_not_copied() -> None:
    pieces: list[bytes] = []

    class Keeping(Recorder):
        def body_received(self, chunk: bytes) -> None:
            pieces.append(chunk)
            super().body_received(chunk)

    parser = RequestParser(Keeping())
    parser.feed(POST.replace(b"5", b"100"))
    data = bytes(50)
    parser.feed(data)
    assert pieces[0] is data


# --- pauses, and taking the connection over


def test_pause_and_resume() -> None:
    recorder = Recorder()
    parser = RequestParser(recorder)
    parser.resume()
    parser.pause()
    parser.feed(GET)
    parser.feed(GET[:5])
    assert recorder.heads == []
    assert parser.held == GET + GET[:5]
    parser.resume()
    assert len(recorder.requests) == 1
    parser.feed(GET[5:])
    assert len(recorder.requests) == 2


def test_the_end_waits_for_a_pause() -> None:
    recorder = Recorder()
    parser = RequestParser(recorder)
    parser.pause()
    parser.feed(POST + b"hell")
    parser.feed_eof()
    with pytest.raises(HTTPInputError, match="middle of a body"):
        parser.resume()


@pytest.mark.parametrize("when", ["head_received", "message_complete"])
@pytest.mark.parametrize("head", [GET, POST + b"hello"])
@pytest.mark.parametrize("bytewise", [False, True])
def test_taking_over(when: str, head: bytes, bytewise: bool) -> None:
    rests: list[bytes] = []

    class Taking(Recorder):
        def head_received(self, start_line: RequestStartLine, headers: HTTPHeaders) -> None:
            super().head_received(start_line, headers)
            if when == "head_received":
                self.take()

        def message_complete(self) -> None:
            super().message_complete()
            if when == "message_complete":
                self.take()

        def take(self) -> None:
            parser.pause()
            rests.append(parser.take_rest())

    recorder = Taking()
    parser = RequestParser(recorder)
    if bytewise:
        for byte in in_bytes(head):
            if not rests:
                parser.feed(byte)
    else:
        parser.feed(head + GET)
    assert parser.state is State.CLOSED
    assert len(recorder.heads) == 1
    if not bytewise:
        expected = head[-5:] + GET if when == "head_received" and head is not GET else GET
        assert rests == [expected if head is not GET else GET]
    assert parser.held == b""


# --- limits: below and at, above


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        (Limits(max_body_size=6), None),
        (Limits(max_body_size=5), None),
        (Limits(max_body_size=4), 413),
        (Limits(max_body_size=0), 413),
        (Limits(max_start_line_size=15), None),
        (Limits(max_start_line_size=14), 414),
        (Limits(max_field_size=17), None),
        (Limits(max_field_size=16), 431),
        (Limits(max_header_size=43), None),
        (Limits(max_header_size=42), 431),
        (Limits(max_header_count=2), None),
        (Limits(max_header_count=1), 431),
    ],
)
def test_limits(limits: Limits, status: int | None) -> None:
    data = POST + b"hello"
    for method in (b"POST", b"post"):
        for pieces in ([data.replace(b"POST", method)], in_bytes(data.replace(b"POST", method))):
            recorder, error = parse(pieces, limits=limits)
            assert (None if error is None else error.status_code) == status
            assert len(recorder.requests) == (status is None)


@pytest.mark.parametrize(
    ("method", "limit", "status"),
    [
        (b"A" * 65, 64, 501),
        (b"A" * 64, 64, None),
        (b"A" * 9, 8, 501),
        (b"A" * 8, 8, None),
        # The usual ones are taken in any case, and so is what is no longer.
        (b"OPTIONS", 1, None),
        (b"A" * 7, 1, None),
    ],
)
def test_max_method_size(method: bytes, limit: int, status: int | None) -> None:
    data = GET.replace(b"GET", method)
    for pieces in ([data], in_bytes(data)):
        _, error = parse(pieces, limits=Limits(max_method_size=limit))
        assert (None if error is None else error.status_code) == status


def test_more_fields_than_the_short_way_takes() -> None:
    data = GET[:-2] + b"A: b\r\n" * 400 + b"\r\n"
    recorder, error = parse([data], limits=Limits(max_header_count=401))
    assert error is None
    assert len(recorder.heads[0][1].get_list("A")) == 400
    _, error = parse([data], limits=Limits(max_header_count=400))
    assert error is not None
    assert error.status_code == 431


def test_a_limit_set_for_one_message() -> None:
    class Limiting(Recorder):
        def head_received(self, start_line: RequestStartLine, headers: HTTPHeaders) -> None:
            super().head_received(start_line, headers)
            parser.max_body_size = 2 if len(self.heads) == 2 else 5

    recorder = Limiting()
    parser = RequestParser(recorder, Limits(max_body_size=1))
    with pytest.raises(HTTPInputError) as info:
        parser.feed((POST + b"hello") * 2)
    assert info.value.status_code == 413
    assert len(recorder.requests) == 1


def test_a_head_in_one_byte_segments_is_not_rescanned() -> None:
    recorder = Recorder()
    parser = RequestParser(recorder)
    head = GET[:-2] + b"A: " + b"b" * 30_000 + b"\r\n\r\n"
    for byte in in_bytes(head):
        parser.feed(byte)
        # What came is with the scanner, which looks at it once; none of it is read again.
        assert parser.held == b""
    assert len(recorder.requests) == 1
