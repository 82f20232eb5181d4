"""`HTTP1Connection` on a server: what an application can write, and what it can't."""

import asyncio
import os
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from http1 import HTTP1Connection
from http1 import HTTPHeaders
from http1 import HTTPOutputError
from http1 import OutgoingHeaders
from http1 import ResponseStartLine
from http1._writing import Writing
from iostream import StreamClosedError

from .exchanges import Peer
from .exchanges import asynchronous
from .serving import Application
from .serving import Client
from .serving import Message
from .serving import read_answers

REQUEST = b" / HTTP/1.1\r\nHost: a\r\n\r\n"
GET = b"GET" + REQUEST
HEAD = b"HEAD" + REQUEST
CONNECT = b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"
GET_1_0 = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
LAST_GET = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
LAST_HEAD = LAST_GET.replace(b"GET", b"HEAD")


def head(exchange: HTTP1Connection, status: int = 200, chunk: bytes = b"", **fields: str) -> None:
    headers = HTTPHeaders({name.replace("_", "-"): value for name, value in fields.items()})
    exchange.write_headers(ResponseStartLine("", status, "Whatever"), headers, chunk)


async def answered(
    data: bytes, answer: Callable[[HTTP1Connection], None], end: bool = True
) -> bytes:
    """All that is sent in answer to `data`; a failing application is answered for with 500.

    `end` says that the client ends what it sends, as it must where the server would wait for more.
    """
    application = Application()
    application.on_finish = lambda message: answer(message.exchange)
    client = Client(application)
    received = await client.exchange(data, end=end)
    client.close()
    await client.ended()
    return received


def refused(write: Callable[[HTTP1Connection], None], match: str) -> Callable[..., None]:
    """An answer that begins with a refused call, goes on with a good head, and ends the message."""

    def answer(exchange: HTTP1Connection) -> None:
        with pytest.raises(HTTPOutputError, match=match):
            write(exchange)
        assert exchange.writing is Writing.HEAD
        head(exchange, Content_Length="2", chunk=b"ok")
        exchange.finish()

    return answer


# --- heads that can't be sent: nothing of them is on the wire, and a good one can follow


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"A": "b\r\nC: d"}, "control character"),
        ({"A": "b\nC: d"}, "control character"),
        ({"A": "b\rC: d"}, "control character"),
        ({"A": "b\r\n\r\nbody"}, "control character"),
        ({"A": "b\x00c"}, "control character"),
        ({"A": "b\x0bc"}, "control character"),
        ({"A": "b\x7fc"}, "control character"),
        ({"A": "\r\n"}, "control character"),
        ({"A": "b", "C": "\n"}, "control character"),
        ({"Content-Type": "a\r\nb: c"}, "control character"),
        ({"Date": "a\r\nb: c"}, "control character"),
        ({"Connection": "close\r\nb: c"}, "control character"),
        ({"A": "€"}, "latin-1"),
        ({"A": "\ud800"}, "latin-1"),
        ({"A\r\nB": "c"}, "name"),
        ({"A:": "c"}, "name"),
        ({"A B": "c"}, "name"),
        ({"": "c"}, "name"),
        ({"Ä": "c"}, "name"),
        ({"A\x00": "c"}, "name"),
        ({"Content-Length": "5\r\nA: b"}, "Content-Length"),
        ({"Content-Length": "-1"}, "Content-Length"),
        ({"Content-Length": "+1"}, "Content-Length"),
        ({"Content-Length": "1_0"}, "Content-Length"),
        ({"Content-Length": ""}, "Content-Length"),
        ({"Content-Length": "٥"}, "Content-Length"),
        ({"Content-Length": "²"}, "Content-Length"),
        ({"Content-Length": "9" * 19}, "Content-Length"),
        ({"Content-Length": "5", "Transfer-Encoding": "chunked"}, "both"),
        ({"Transfer-Encoding": "gzip"}, "Transfer-Encoding"),
        ({"Transfer-Encoding": "chunked, chunked"}, "Transfer-Encoding"),
        ({"Transfer-Encoding": "chunked\r\nA: b"}, "Transfer-Encoding"),
    ],
)
@asynchronous
async def test_fields_that_are_refused(fields: dict[str, str], match: str) -> None:
    class Fields:
        def get_all(self) -> list[tuple[str, str]]:
            return list(fields.items())

    def write(exchange: HTTP1Connection) -> None:
        exchange.write_headers(ResponseStartLine("", 200, "OK"), Fields(), b"hello")

    (answer,) = read_answers(await answered(GET, refused(write, match)))
    assert answer.body == b"ok"


@asynchronous
async def test_two_content_lengths_are_refused() -> None:
    headers = HTTPHeaders()
    headers.add("Content-Length", "5")
    headers.add("content-length", "5")

    def write(exchange: HTTP1Connection) -> None:
        exchange.write_headers(ResponseStartLine("", 200, "OK"), headers)

    (answer,) = read_answers(await answered(GET, refused(write, "Content-Length")))
    assert answer.body == b"ok"


@pytest.mark.parametrize(
    ("status", "reason", "match"),
    [
        (99, "OK", "status"),
        (1000, "OK", "status"),
        (0, "OK", "status"),
        (-200, "OK", "status"),
        (200, "OK\r\nA: b", "control character"),
        (200, "OK\n", "control character"),
        (200, "OK\x00", "control character"),
        (200, "€", "latin-1"),
    ],
)
@asynchronous
async def test_status_lines_that_are_refused(status: int, reason: str, match: str) -> None:
    def write(exchange: HTTP1Connection) -> None:
        exchange.write_headers(ResponseStartLine("", status, reason), HTTPHeaders())

    (answer,) = read_answers(await answered(GET, refused(write, match)))
    assert answer.body == b"ok"


@pytest.mark.parametrize(("status", "reason"), [(100, ""), (999, "Ä b\tc"), (200, "")])
@asynchronous
async def test_status_lines_that_are_not(status: int, reason: str) -> None:
    def answer(exchange: HTTP1Connection) -> None:
        headers = HTTPHeaders({"Content-Length": "0"})
        exchange.write_headers(ResponseStartLine("", status, reason), headers)
        if status < 200:
            exchange.write_headers(ResponseStartLine("", 200, "OK"), headers)
        exchange.finish()

    received = await answered(GET, answer)
    assert received.startswith(f"HTTP/1.1 {status} {reason}\r\n".encode("latin-1"))


@asynchronous
async def test_a_head_that_is_refused_and_nothing_after_it_is_500(
    caplog: pytest.LogCaptureFixture,
) -> None:
    received = await answered(GET + GET, lambda exchange: head(exchange, A="b\r\nc"))
    (answer,) = read_answers(received)
    assert answer.status == 500
    assert answer.headers["Connection"] == "close"
    assert len(caplog.records) == 1


# --- Content-Length kept, and not


@asynchronous
async def test_less_than_content_length_closes(caplog: pytest.LogCaptureFixture) -> None:
    def answer(exchange: HTTP1Connection) -> None:
        head(exchange, Content_Length="5", chunk=b"abc")
        exchange.finish()

    received = await answered(GET + GET, answer)
    assert received.endswith(b"\r\n\r\nabc")
    assert received.count(b"HTTP/1.1") == 1
    assert "short" in caplog.text


@pytest.mark.parametrize("first", [b"", b"a", b"abc"])
@asynchronous
async def test_more_than_content_length_closes(
    first: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(exchange: HTTP1Connection) -> None:
        head(exchange, Content_Length="3", chunk=first)
        exchange.write(b"abcde")

    received = await answered(GET + GET, answer)
    assert received.endswith(b"\r\n\r\n" + first)
    assert received.count(b"HTTP/1.1") == 1
    assert len(caplog.records) == 1


@asynchronous
async def test_more_than_content_length_with_the_head_is_500(
    caplog: pytest.LogCaptureFixture,
) -> None:
    received = await answered(
        GET, lambda exchange: head(exchange, Content_Length="3", chunk=b"abcde")
    )
    (answer,) = read_answers(received)
    assert answer.status == 500
    assert len(caplog.records) == 1


@asynchronous
async def test_in_pieces() -> None:
    def answer(exchange: HTTP1Connection) -> None:
        head(exchange, Content_Length="40010")
        assert exchange.write(b"").done()
        exchange.write(b"hello")
        exchange.write(bytes(40_000))
        exchange.write(b"world")
        exchange.finish()

    (answer_,) = read_answers(await answered(GET, answer))
    assert answer_.body == b"hello" + bytes(40_000) + b"world"


# --- responses that have no body


@pytest.mark.parametrize("length", [None, "5", "0"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@asynchronous
async def test_204_has_no_body_and_no_length(length: str | None, method: str) -> None:
    def answer(exchange: HTTP1Connection) -> None:
        if length is None:
            head(exchange, 204)
        else:
            head(exchange, 204, Content_Length=length)
        exchange.write(b"hello")
        exchange.finish()

    received = await answered(method.encode() + REQUEST, answer)
    assert received.startswith(b"HTTP/1.1 204 ")
    assert received.endswith(b"\r\n\r\n")
    assert b"hello" not in received
    assert b"Content-Length" not in received
    assert b"Transfer-Encoding" not in received


@asynchronous
async def test_304_keeps_its_length_and_has_no_body() -> None:
    def answer(exchange: HTTP1Connection) -> None:
        head(exchange, 304, Content_Length="5", chunk=b"hello")
        exchange.write(b"world")
        exchange.finish()

    received = await answered(GET, answer)
    assert received.endswith(b"\r\n\r\n")
    assert b"Content-Length: 5\r\n" in received


@asynchronous
async def test_205_has_no_content() -> None:
    def answer(exchange: HTTP1Connection) -> None:
        head(exchange, 205)
        exchange.finish()

    (answer_,) = read_answers(await answered(GET, answer))
    assert answer_.headers["Content-Length"] == "0"


@asynchronous
async def test_205_with_content_is_refused() -> None:
    def write(exchange: HTTP1Connection) -> None:
        head(exchange, 205, Content_Length="5", chunk=b"hello")

    await answered(GET, refused(write, "more than"))


@pytest.mark.parametrize("length", [None, "5"])
@asynchronous
async def test_head_has_no_body(length: str | None) -> None:
    def answer(exchange: HTTP1Connection) -> None:
        if length is None:
            head(exchange, chunk=b"hello")
        else:
            head(exchange, Content_Length=length)
        exchange.write(b"hello")
        exchange.finish()

    received = await answered(HEAD + HEAD, answer)
    assert received.count(b"HTTP/1.1 200 ") == 2
    assert received.endswith(b"\r\n\r\n")
    assert b"hello" not in received
    assert received.count(b"Content-Length: 5") == (0 if length is None else 2)
    assert b"Transfer-Encoding" not in received


# --- bodies without Content-Length


@pytest.mark.parametrize("said", [False, True])
@asynchronous
async def test_chunked_in_1_1(said: bool) -> None:
    def answer(exchange: HTTP1Connection) -> None:
        if said:
            head(exchange, chunk=b"hello", Transfer_Encoding="chunked")
        else:
            head(exchange, chunk=b"hello")
        exchange.write(b"")
        exchange.write(b"x" * 26)
        exchange.write(bytes(20_000))
        exchange.finish()

    received = await answered(GET + GET, answer)
    body = b"5\r\nhello\r\n1a\r\n" + b"x" * 26 + b"\r\n4e20\r\n" + bytes(20_000) + b"\r\n0\r\n\r\n"
    assert received.count(body) == 2
    assert received.endswith(body)
    assert received.count(b"Transfer-Encoding: chunked\r\n") == 2


@asynchronous
async def test_chunked_without_a_piece() -> None:
    def answer(exchange: HTTP1Connection) -> None:
        head(exchange)
        exchange.finish()

    assert (await answered(GET, answer)).endswith(b"\r\n\r\n0\r\n\r\n")


@pytest.mark.parametrize("said", [False, True])
@asynchronous
async def test_until_close_in_1_0(said: bool) -> None:
    def answer(exchange: HTTP1Connection) -> None:
        if said:
            head(exchange, chunk=b"hello", Transfer_Encoding="chunked")
        else:
            head(exchange, chunk=b"hello")
        exchange.write(b"world")
        exchange.finish()

    received = await answered(GET_1_0 + GET_1_0, answer)
    assert received.endswith(b"\r\n\r\nhelloworld")
    assert received.count(b"HTTP/1.1 200") == 1
    assert b"Transfer-Encoding" not in received
    assert b"Connection: close\r\n" in received


# --- files


@pytest.mark.parametrize(
    ("data", "length", "expected"),
    [
        (LAST_GET, "6", b"<cdef>"),
        (LAST_GET, None, b"1\r\n<\r\n4\r\ncdef\r\n1\r\n>\r\n0\r\n\r\n"),
        (GET_1_0, None, b"<cdef>"),
        (LAST_HEAD, "6", b""),
        (LAST_HEAD, None, b""),
    ],
)
@asynchronous
async def test_files(data: bytes, length: str | None, expected: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abcdefgh")

    def answer(exchange: HTTP1Connection) -> None:
        if length is None:
            head(exchange)
        else:
            head(exchange, Content_Length=length)
        exchange.write(b"<")
        exchange.write_file(file, 2, 4)
        exchange.write_file(file, 8)
        exchange.write(b">")
        exchange.finish()

    with path.open("rb") as file:
        received = await answered(data, answer, end=False)
    assert received.endswith(b"\r\n\r\n" + expected)


@pytest.mark.parametrize(
    ("offset", "count", "expected"),
    [
        (0, None, b"abcdefgh"),
        (0, 8, b"abcdefgh"),
        (0, 7, b"abcdefg"),
        (7, 1, b"h"),
        (7, None, b"h"),
        (8, None, b""),
        (8, 0, b""),
        (9, None, b""),
        (0, 0, b""),
    ],
)
@pytest.mark.parametrize("data", [LAST_GET, GET_1_0])
@asynchronous
async def test_a_part_of_a_file(
    data: bytes, offset: int, count: int | None, expected: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abcdefgh")

    def answer(exchange: HTTP1Connection) -> None:
        head(exchange)
        exchange.write_file(file, offset, count)
        exchange.finish()

    if data is LAST_GET:
        chunk = b"%x\r\n%b\r\n" % (len(expected), expected) if expected else b""
        expected = chunk + b"0\r\n\r\n"
    with path.open("rb") as file:
        received = await answered(data, answer, end=False)
    assert received.partition(b"\r\n\r\n")[2] == expected


@pytest.mark.parametrize(
    ("announced", "body", "answers"), [(9, b"abcdefgh", 1), (8, b"abcdefgh", 2), (7, b"", 1)]
)
@asynchronous
async def test_a_file_and_content_length(
    announced: int, body: bytes, answers: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abcdefgh")

    def answer(exchange: HTTP1Connection) -> None:
        head(exchange, Content_Length=str(announced))
        exchange.write_file(file)
        exchange.finish()

    with path.open("rb") as file:
        received = await answered(GET + LAST_GET, answer, end=False)
    assert received.endswith(b"\r\n\r\n" + body)
    assert received.count(b"HTTP/1.1 200") == answers
    assert ("Content-Length announced" in caplog.text) is (announced != 8)


@pytest.mark.parametrize(("data", "status"), [(GET, 204), (GET, 304), (HEAD, 200)])
@asynchronous
async def test_a_file_where_there_is_no_body(data: bytes, status: int, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abcdefgh")

    def answer(exchange: HTTP1Connection) -> None:
        head(exchange, status)
        assert exchange.write_file(file).done()
        exchange.finish()

    with path.open("rb") as file:
        received = await answered(data + data, answer)
    assert received.count(b"HTTP/1.1") == 2
    assert b"abc" not in received
    assert received.endswith(b"\r\n\r\n")


def client_of_a_file(
    file: BinaryIO, length: str | None
) -> tuple[Client, list[asyncio.Future[None]]]:
    """A client of a server that answers with `file`; and what its `write_file` returned."""
    application = Application()
    written: list[asyncio.Future[None]] = []

    def answer(message: Message) -> None:
        if length is None:
            head(message.exchange)
        else:
            head(message.exchange, Content_Length=length)
        written.append(message.exchange.write_file(file))
        message.exchange.finish()

    application.on_finish = answer
    return Client(application), written


@pytest.mark.parametrize(("data", "length"), [(GET, "4000000"), (GET, None), (GET_1_0, None)])
@asynchronous
async def test_a_large_file_waits_for_a_slow_peer(
    data: bytes, length: str | None, tmp_path: Path
) -> None:
    content = bytes(3_999_999) + b"!"
    path = tmp_path / "file"
    path.write_bytes(content)
    with path.open("rb") as file:
        client, written = client_of_a_file(file, length)
        await client.send(data)
        await client.turn()
        assert not written[0].done()
        received = await client.exchange()
        await written[0]
    body = received.partition(b"\r\n\r\n")[2]
    if data is GET and length is None:
        assert body == b"3d0900\r\n" + content + b"\r\n0\r\n\r\n"
    else:
        assert body == content


@pytest.mark.parametrize("length", ["4000000", None])
@asynchronous
async def test_a_file_that_turns_out_shorter_is_cut_short(
    length: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(4_000_000))
    with path.open("rb") as file:
        client, written = client_of_a_file(file, length)
        await client.send(GET + GET)
        await client.turn()
        os.truncate(path, 2_000_000)
        received = await client.receive_all()
        with pytest.raises(StreamClosedError) as raised:
            await written[0]
    assert isinstance(raised.value.real_error, EOFError)
    # The peer can tell: the body is shorter than announced, or has no last chunk.
    assert len(received) < 2_000_200
    assert received.count(b"HTTP/1.1 200") == 1
    assert not received.endswith(b"0\r\n\r\n")
    await client.ended()


@asynchronous
async def test_a_file_behind_the_end_of_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abcdefgh")

    def answer(exchange: HTTP1Connection) -> None:
        head(exchange, chunk=b"ok", Content_Length="2")
        exchange.finish()
        with pytest.raises(HTTPOutputError, match="done"):
            exchange.write_file(file)

    with path.open("rb") as file:
        received = await answered(GET, answer)
    assert received.endswith(b"\r\n\r\nok")


@asynchronous
async def test_files_out_of_turn(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abcdefgh")

    def answer(exchange: HTTP1Connection) -> None:
        with pytest.raises(HTTPOutputError, match="outside a body"):
            exchange.write_file(file)
        for offset, count in ((-1, 2), (0, 9), (5, 4), (0, -1)):
            with pytest.raises(ValueError, match="the file has"):
                exchange.write_file(file, offset, count)
        head(exchange, Content_Length="5")
        exchange.write_file(file, 0, 3)
        exchange.write_file(file, 0, 3)

    with path.open("rb") as file:
        received = await answered(GET + GET, answer)
    assert received.endswith(b"\r\n\r\nabc")
    assert "more than Content-Length" in caplog.text


@asynchronous
async def test_a_file_when_the_peer_is_gone(tmp_path: Path) -> None:
    application = Application()
    application.on_finish = lambda message: None
    client = Client(application)
    await client.send(GET)
    exchange = application.messages[0].exchange
    client.stream.close()
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    with path.open("rb") as file, pytest.raises(StreamClosedError):
        await exchange.write_file(file)
    with pytest.raises(StreamClosedError):
        await exchange.write_headers(ResponseStartLine("", 200, "OK"), HTTPHeaders())


# --- trailers


@pytest.mark.parametrize(
    ("data", "expected"),
    [(GET, b"0\r\nA: b\r\n\r\n"), (GET_1_0, b"\r\n\r\nhello"), (HEAD, b"\r\n\r\n")],
)
@asynchronous
async def test_trailers(data: bytes, expected: bytes) -> None:
    def answer(exchange: HTTP1Connection) -> None:
        head(exchange, chunk=b"hello")
        exchange.finish(HTTPHeaders({"A": "b"}))

    assert (await answered(data, answer)).endswith(expected)


@asynchronous
async def test_trailers_have_no_room_behind_a_body_of_known_length() -> None:
    def answer(exchange: HTTP1Connection) -> None:
        head(exchange, chunk=b"hello", Content_Length="5")
        exchange.finish(HTTPHeaders({"A": "b"}))

    received = await answered(GET + GET, answer)
    assert received.count(b"\r\n\r\nhello") == 2
    assert b"A: b" not in received


@asynchronous
async def test_several_trailers_and_none() -> None:
    class Fields:
        def get_all(self) -> list[tuple[str, str]]:
            return [("a", "1"), ("B", ""), ("a", "\xe4")]

    fields: list[OutgoingHeaders] = [Fields(), HTTPHeaders()]

    def answer(exchange: HTTP1Connection) -> None:
        head(exchange, chunk=b"hello")
        exchange.finish(fields.pop(0))

    received = await answered(GET + GET, answer)
    first, _, second = received.partition(b"0\r\na: 1\r\nB: \r\na: \xe4\r\n\r\n")
    assert first.endswith(b"5\r\nhello\r\n")
    assert second.endswith(b"5\r\nhello\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Length", "5"),
        ("content-length", "5"),
        ("Transfer-Encoding", "chunked"),
        ("Host", "a"),
        ("Connection", "close"),
        ("Trailer", "A"),
        ("Set-Cookie", "a=b"),
        ("Authorization", "a"),
        ("A", "b\r\nc: d"),
        ("A", "b\nc: d"),
        ("A", "\x00"),
        ("A", "€"),
        ("A b", "c"),
        ("A\r\nb", "c"),
        ("", "c"),
    ],
)
@asynchronous
async def test_trailers_that_are_refused(name: str, value: str) -> None:
    class Fields:
        def get_all(self) -> list[tuple[str, str]]:
            return [("A", "b"), (name, value)]

    def answer(exchange: HTTP1Connection) -> None:
        head(exchange, chunk=b"hello")
        with pytest.raises(HTTPOutputError):
            exchange.finish(Fields())
        # Nothing of them went out: the message can still be ended.
        exchange.finish()

    assert (await answered(GET, answer)).endswith(b"5\r\nhello\r\n0\r\n\r\n")


# --- interim responses


@asynchronous
async def test_interim_responses() -> None:
    def answer(exchange: HTTP1Connection) -> None:
        head(exchange, 103, Link="</a>; rel=preload", Content_Length="5")
        head(exchange, 102)
        assert exchange.writing is Writing.HEAD
        head(exchange, Content_Length="2", chunk=b"ok")
        exchange.finish()

    received = await answered(LAST_GET + GET, answer)
    assert received.startswith(
        b"HTTP/1.1 103 Whatever\r\nLink: </a>; rel=preload\r\n\r\n"
        b"HTTP/1.1 102 Whatever\r\n\r\n"
        b"HTTP/1.1 200 Whatever\r\n"
    )
    final = read_answers(received)[-1]
    assert final.body == b"ok"
    # What the interim ones said nothing of is not forgotten.
    assert final.headers["Connection"] == "close"


@pytest.mark.parametrize("status", [100, 101, 103])
@asynchronous
async def test_no_interim_response_to_1_0(status: int) -> None:
    def write(exchange: HTTP1Connection) -> None:
        head(exchange, status)

    (answer,) = read_answers(await answered(GET_1_0, refused(write, r"HTTP/1\.0")))
    assert answer.status == 200


# --- out of turn


@asynchronous
async def test_out_of_turn() -> None:
    def answer(exchange: HTTP1Connection) -> None:
        with pytest.raises(HTTPOutputError, match="before write_headers"):
            exchange.finish()
        head(exchange, Content_Length="2")
        with pytest.raises(HTTPOutputError, match="after the head"):
            head(exchange)
        exchange.write(b"ok")
        exchange.finish()
        with pytest.raises(HTTPOutputError, match="twice"):
            exchange.finish()
        with pytest.raises(HTTPOutputError, match="after finish"):
            exchange.write(b"more")
        with pytest.raises(HTTPOutputError, match="after the head"):
            head(exchange)
        with pytest.raises(HTTPOutputError, match="detach"):
            exchange.detach()

    answers = read_answers(await answered(GET + GET, answer))
    assert [answer.body for answer in answers] == [b"ok", b"ok"]


@asynchronous
async def test_an_exchange_that_is_over_does_not_disturb_the_next() -> None:
    application = Application()
    application.on_finish = lambda message: None
    client = Client(application)
    await client.send(GET + GET)
    first = application.messages[0]
    first.answer(body=b"one")
    second = application.messages[1]
    first.exchange.set_close_callback(lambda: pytest.fail("called"))
    first.exchange.set_max_body_size(0)
    first.exchange.set_body_timeout(0.001)
    with pytest.raises(HTTPOutputError):
        first.exchange.write(b"one")
    second.answer(body=b"two")
    client.end()
    assert [a.body for a in read_answers(await client.receive_all())] == [b"one", b"two"]


@asynchronous
async def test_writing_when_the_peer_is_gone() -> None:
    application = Application()
    application.on_finish = lambda message: None
    client = Client(application)
    await client.send(GET)
    exchange = application.messages[0].exchange
    client.stream.close()
    futures = [exchange.write_headers(ResponseStartLine("", 200, "OK"), HTTPHeaders(), b"a")]
    futures.append(exchange.write(b"b"))
    exchange.finish()
    futures.append(exchange.write(b"c"))
    for future in futures:
        with pytest.raises(StreamClosedError):
            await future
    await client.ended()
    assert repr(exchange) == "<HTTP1Connection response to GET, broken>"


@asynchronous
async def test_writing_waits_for_a_slow_peer() -> None:
    application = Application()
    application.on_finish = lambda message: None
    client = Client(application)
    await client.send(GET)
    exchange = application.messages[0].exchange
    exchange.write_headers(ResponseStartLine("", 200, "OK"), HTTPHeaders())
    future = exchange.write(bytes(10_000_000))
    await client.turn()
    assert not future.done()
    received = asyncio.ensure_future(client.receive_all())
    await future
    exchange.finish()
    client.end()
    assert len(await received) > 10_000_000


# --- details


@asynchronous
async def test_date_is_added_once() -> None:
    def answer(exchange: HTTP1Connection) -> None:
        head(exchange, Content_Length="0", Date="yesterday")
        exchange.finish()

    received = await answered(GET, answer)
    assert received.count(b"Date: ") == 1
    assert b"Date: yesterday\r\n" in received


@pytest.mark.parametrize("status", [200, 204, 304, 404, 500, 999])
@pytest.mark.parametrize("data", [GET, HEAD, GET_1_0])
@asynchronous
async def test_date_is_in_every_final_answer(status: int, data: bytes) -> None:
    def answer(exchange: HTTP1Connection) -> None:
        head(exchange, status)
        exchange.finish()

    received = await answered(data, answer)
    assert received.startswith(b"HTTP/1.1 %d " % status)
    assert received.count(b"\r\nDate: ") == 1


@asynchronous
async def test_any_headers_with_get_all_and_any_start_line_of_three() -> None:
    class Theirs:
        def get_all(self) -> list[tuple[str, str]]:
            return [("set-cookie", "a"), ("Set-Cookie", "b"), ("CONTENT-LENGTH", "2")]

    def answer(exchange: HTTP1Connection) -> None:
        start_line: ResponseStartLine = ("HTTP/1.0", 200, "OK")  # type: ignore[assignment]
        exchange.write_headers(start_line, Theirs(), b"ok")
        exchange.finish()

    (answer_,) = read_answers(await answered(GET, answer))
    assert answer_.headers.get_list("Set-Cookie") == ["a", "b"]
    assert answer_.body == b"ok"


@asynchronous
async def test_an_encoded_head_is_deprecated_and_checked_all_the_same() -> None:
    def answer(exchange: HTTP1Connection) -> None:
        for bad in (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2",
            b"HTTP/1.1 200 OK\r\nA b\r\n\r\n",
            b"HTTP/1.1 2000 OK\r\n\r\n",
            b"hello\r\n\r\n",
        ):
            with (
                pytest.warns(DeprecationWarning, match="write_headers"),
                pytest.raises(HTTPOutputError),
            ):
                exchange.write(bad)
        with pytest.warns(DeprecationWarning, match="write_headers"):
            exchange.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
        exchange.write(b"k")
        exchange.finish()

    (answer_,) = read_answers(await answered(GET, answer))
    assert answer_.body == b"ok"


@asynchronous
async def test_properties() -> None:
    seen: list[Message] = []
    application = Application()

    def answer(message: Message) -> None:
        seen.append(message)
        assert message.exchange.is_response_to("GET")
        assert not message.exchange.is_response_to("HEAD")
        assert not message.exchange.no_keep_alive
        assert repr(message.exchange) == "<HTTP1Connection response to GET, head>"
        message.answer()

    application.on_finish = answer
    await Client(application).exchange(GET)
    assert len(seen) == 1


@asynchronous
async def test_a_connection_without_a_request_can_be_closed_and_not_detached() -> None:
    peer = Peer()
    exchange = HTTP1Connection(peer.stream, False)
    with pytest.raises(HTTPOutputError, match="detach"):
        exchange.detach()
    with pytest.raises(RuntimeError, match="clients"):
        exchange.read_response(Message(Application(), exchange))
    exchange.abort()
    assert peer.stream.closed()


@asynchronous
async def test_a_weak_reference_is_cleared_or_refused() -> None:
    """mypyc would leave one that dangles, for a class below an ordinary one."""
    peer = Peer()
    exchange = HTTP1Connection(peer.stream, False)
    try:
        reference = weakref.ref(exchange)
    except TypeError as error:
        assert "cannot create weak reference to" in str(error)  # noqa: PT017 - compiled
        return
    assert reference() is exchange
    del exchange
    assert reference() is None
