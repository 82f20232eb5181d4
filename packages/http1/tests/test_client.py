import asyncio
import functools
import logging
from collections.abc import Awaitable
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from http1 import HTTP1Connection
from http1 import HTTP1ConnectionParameters
from http1 import HTTP1ServerConnection
from http1 import HTTPConnection
from http1 import HTTPHeaders
from http1 import HTTPMessageDelegate
from http1 import HTTPOutputError
from http1 import HTTPServerConnectionDelegate
from http1 import RequestStartLine
from http1 import ResponseStartLine
from http1._deadlines import Deadlines
from http1._deadlines import Guarded
from iostream import IOStream
from iostream import StreamClosedError
from iostream.testing import memory_pair

from .exchanges import COMPLETE
from .exchanges import CUT_SHORT
from .exchanges import Peer
from .exchanges import Recorder
from .exchanges import asynchronous
from .exchanges import request
from .exchanges import tcp_peer
from .exchanges import until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

# --- whole responses


@pytest.mark.parametrize(
    ("method", "response", "body", "still_open"),
    [
        ("GET", OK, b"hello", True),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"", True),
        ("GET", b"HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx", b"x", True),
        ("GET", b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello", False),
        (
            "GET",
            b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello",
            b"hello",
            True,
        ),
        (
            "GET",
            b"HTTP/1.1 200 OK\r\nConnection: x\r\nConnection: Close\r\nContent-Length: 1\r\n\r\nx",
            b"x",
            False,
        ),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"", True),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"", True),
        ("HEAD", b"HTTP/1.1 200 OK\r\n\r\n", b"", True),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", b"", True),
        (
            "GET",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\n\r\n",
            b"hello",
            True,
        ),
        ("CONNECT", b"HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno", b"no", True),
    ],
)
@pytest.mark.parametrize("slowly", [False, True])
@asynchronous
async def test_response(
    method: str, response: bytes, body: bytes, still_open: bool, slowly: bool
) -> None:
    peer = Peer()
    connection = request(peer.stream, method)
    delegate = Recorder()
    result = asyncio.ensure_future(connection.read_response(delegate))
    assert (await peer.receive()).startswith(method.encode())
    await (peer.send_slowly(response) if slowly else peer.send(response))
    assert await result is still_open
    assert delegate.outcome == COMPLETE
    assert delegate.body == body
    assert peer.stream.closed() is not still_open


@pytest.mark.parametrize("slowly", [False, True])
@asynchronous
async def test_response_until_close(slowly: bool) -> None:
    peer = Peer()
    delegate = Recorder()
    result = request(peer.stream).read_response(delegate)
    response = b"HTTP/1.1 200 OK\r\n\r\nall there is"
    await (peer.send_slowly(response) if slowly else peer.send(response))
    assert delegate.outcome == "finish 0, close 0"
    peer.close()
    assert await result is False
    assert delegate.outcome == COMPLETE
    assert delegate.body == b"all there is"
    assert peer.stream.error is None


@asynchronous
async def test_trailers() -> None:
    peer = Peer()

    class Delegate(Recorder):
        def finish(self) -> None:
            super().finish()
            self.seen = connection.trailers

    delegate = Delegate()
    connection = request(peer.stream)
    result = connection.read_response(delegate)
    await peer.send(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b"1\r\nx\r\n0\r\nDigest: 7\r\nContent-Length: 3\r\nSet-Cookie: a\r\n\r\n"
    )
    assert await result is False
    assert delegate.seen == {"Digest": "7"}
    # Still there, though the connection is closed.
    assert connection.trailers == {"Digest": "7"}


@asynchronous
async def test_no_trailers() -> None:
    peer = Peer()
    connection = request(peer.stream)
    assert connection.trailers == {}
    result = connection.read_response(Recorder())
    await peer.send(OK)
    assert await result is True
    assert connection.trailers == {}


@asynchronous
async def test_chunk_size_bounds_the_pieces() -> None:
    for response, ends in (
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", False),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n",
            False,
        ),
        (b"HTTP/1.1 200 OK\r\n\r\n0123456789", True),
    ):
        peer = Peer()
        delegate = Recorder()
        connection = request(peer.stream, params=HTTP1ConnectionParameters(chunk_size=4))
        result = connection.read_response(delegate)
        await peer.send(response)
        if ends:
            peer.end()
        await result
        assert delegate.chunks == [b"0123", b"4567", b"89"]
        peer.stream.close()


@asynchronous
async def test_request_written_by_other_means() -> None:
    peer = Peer()
    peer.stream.write(b"GET / HTTP/1.0\r\n\r\n")
    delegate = Recorder()
    result = HTTP1Connection(peer.stream, True).read_response(delegate)
    await peer.send(OK)
    assert await result is True
    assert delegate.outcome == COMPLETE


# --- one exchange after the other


@asynchronous
async def test_reuse() -> None:
    peer = Peer()
    for method in ("GET", "HEAD", "GET"):
        delegate = Recorder()
        result = request(peer.stream, method).read_response(delegate)
        await peer.receive()
        await peer.send(OK.removesuffix(b"hello") if method == "HEAD" else OK)
        assert await result is True
        assert delegate.outcome == COMPLETE


@pytest.mark.parametrize("interim", [b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"])
@asynchronous
async def test_exchanges_of_all_kinds_one_after_the_other(interim: bytes) -> None:
    peer = Peer()
    line = RequestStartLine("PUT", "/", "")
    for method, response in (
        ("GET", OK),
        ("HEAD", OK.removesuffix(b"hello")),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"),
        ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("PUT", OK),
        ("GET", OK),
    ):
        delegate = Recorder()
        # Made before the one before has ended, as it may be; it begins afterwards.
        connection = HTTP1Connection(peer.stream, True)
        if method == "PUT":
            headers = HTTPHeaders({"Host": "x", "Content-Length": "1", "Expect": "100-continue"})
            connection.write_headers(line, headers)
            result = connection.read_response(delegate)
            await peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.write(b"x")
        else:
            start_line = RequestStartLine(method, "/", "")
            connection.write_headers(start_line, HTTPHeaders({"Host": "x"}))
            result = connection.read_response(delegate)
        connection.finish()
        await peer.send(interim + response)
        assert await result is True
        assert delegate.outcome == COMPLETE


@pytest.mark.parametrize(
    "moment", ["head", "request", "unread", "read", "response head", "response before request"]
)
@pytest.mark.parametrize("how", ["write_headers", "read_response"])
@asynchronous
async def test_an_exchange_that_begins_too_early(moment: str, how: str) -> None:
    peer = Peer()
    connection = HTTP1Connection(peer.stream, True)
    delegate = Recorder()
    line = RequestStartLine("PUT", "/", "")
    headers = HTTPHeaders({"Host": "x", "Content-Length": "3"})
    unfinished = moment in {"head", "request", "response before request"}
    connection.write_headers(line, headers, None if moment == "head" else b"ab")
    if not unfinished:
        connection.write(b"c")
        connection.finish()
    result = None
    if moment not in {"head", "request", "unread"}:
        result = connection.read_response(delegate)
    if moment == "response head":
        await peer.send(OK[:-1])
    elif moment == "response before request":
        await peer.send(OK)

    early = HTTP1Connection(peer.stream, True)
    sent = peer.stream.bytes_sent
    other = Recorder()

    def begin() -> None:
        if how == "write_headers":
            early.write_headers(RequestStartLine("GET", "/", ""), HTTPHeaders({"Host": "x"}))
        else:
            early.read_response(other)

    for _ in range(2):
        with pytest.raises(HTTPOutputError, match=r"has not ended: .* read_response\(\)"):
            begin()

    # Nothing has happened to the one before, and behind it the other has its turn.
    assert peer.stream.bytes_sent == sent
    if unfinished:
        connection.write(b"abc" if moment == "head" else b"c")
        connection.finish()
    result = connection.read_response(delegate) if result is None else result
    if moment == "response head":
        await peer.send(OK[-1:])
    elif moment != "response before request":
        await peer.send(OK)
    assert await result is True
    assert delegate.outcome == COMPLETE
    early.write_headers(RequestStartLine("GET", "/", ""), HTTPHeaders({"Host": "x"}))
    early.finish()
    result = early.read_response(other)
    await peer.send(OK)
    assert await result is True
    assert (other.outcome, other.body) == (COMPLETE, b"hello")


@asynchronous
async def test_an_exchange_of_which_nothing_was_sent_is_in_nobody_s_way() -> None:
    peer = Peer()
    line = RequestStartLine("PUT", "/", "")
    headers = HTTPHeaders({"Host": "x", "Content-Length": "2"})
    refused = HTTP1Connection(peer.stream, True)
    with pytest.raises(HTTPOutputError, match="more than the 2 bytes"):
        refused.write_headers(line, headers, b"abc")
    result = request(peer.stream).read_response(Recorder())
    with pytest.raises(HTTPOutputError, match="has not ended"):
        refused.write_headers(line, headers, b"ab")
    await peer.send(OK)
    assert await result is True
    refused.write_headers(line, headers, b"ab")
    refused.finish()
    result = refused.read_response(Recorder())
    await peer.send(OK)
    assert await result is True


@asynchronous
async def test_no_keep_alive() -> None:
    peer = Peer()
    params = HTTP1ConnectionParameters(no_keep_alive=True)
    delegate = Recorder()
    connection = request(peer.stream, params=params)
    result = connection.read_response(delegate)
    assert b"Connection: close" in await peer.receive()
    await peer.send(OK)
    assert await result is False
    assert delegate.outcome == COMPLETE


@asynchronous
async def test_request_says_close() -> None:
    peer = Peer()
    delegate = Recorder()
    result = request(peer.stream, Connection="close").read_response(delegate)
    await peer.send(OK)
    assert await result is False
    assert delegate.outcome == COMPLETE
    assert peer.stream.closed()
    # Nothing more can be asked on it.
    line = RequestStartLine("GET", "/", "")
    with pytest.raises(StreamClosedError):
        await HTTP1Connection(peer.stream, True).write_headers(line, HTTPHeaders({"Host": "x"}))


@asynchronous
async def test_two_responses_to_one_request() -> None:
    peer = Peer()
    delegate = Recorder()
    result = request(peer.stream).read_response(delegate)
    await peer.send(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
    assert await result is False
    assert (delegate.outcome, delegate.body) == (COMPLETE, b"hello")
    assert peer.stream.closed()
    assert "answer no request" in str(peer.stream.error)


@pytest.mark.parametrize("late", [OK, b"\r\n", b"x"])
@asynchronous
async def test_response_that_nobody_asked_for_comes_late(late: bytes) -> None:
    peer = Peer()
    result = request(peer.stream).read_response(Recorder())
    await peer.send(OK)
    assert await result is True
    await peer.send(late)
    assert peer.stream.closed()
    assert "answer no request" in str(peer.stream.error)
    # The next exchange sees no answer in it.
    delegate = Recorder()
    connection = HTTP1Connection(peer.stream, True)
    written = connection.write_headers(RequestStartLine("GET", "/", ""), HTTPHeaders({"Host": "x"}))
    with pytest.raises(StreamClosedError):
        await written
    assert await connection.read_response(delegate) is False
    assert delegate.outcome == CUT_SHORT


@asynchronous
async def test_idle_connection_is_closed_by_the_server() -> None:
    peer = Peer()
    result = request(peer.stream).read_response(Recorder())
    await peer.send(OK)
    assert await result is True
    peer.close()
    await until(peer.stream.closed)
    assert peer.stream.error is None


class Echo(HTTPServerConnectionDelegate):
    """Answers each request with its body."""

    def start_request(
        self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        class Message(Recorder):
            def headers_received(
                self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
            ) -> None:
                pass

            def finish(self) -> None:
                line = ResponseStartLine("", 200, "OK")
                request_conn.write_headers(line, HTTPHeaders(), self.body)
                request_conn.finish()

        return Message()


@pytest.mark.parametrize("piece_size", [None, 1, 7])
@asynchronous
async def test_both_ends(piece_size: int | None) -> None:
    """Over a pair of streams in memory, on which every message is split as small as can be."""
    ours, theirs = cast(tuple[IOStream, IOStream], memory_pair(piece_size=piece_size))
    server = HTTP1ServerConnection(theirs)
    server.start_serving(Echo())
    body = bytes(range(256)) * 10
    for fields in ({"Content-Length": str(len(body))}, {"Transfer-Encoding": "chunked"}):
        connection = HTTP1Connection(ours, True)
        headers = HTTPHeaders({"Host": "x", **fields})
        connection.write_headers(RequestStartLine("POST", "/", ""), headers, body)
        connection.finish()
        delegate = Recorder()
        assert await connection.read_response(delegate) is True
        assert (delegate.outcome, delegate.body) == (COMPLETE, body)
    await server.close()
    await until(ours.closed)


# --- interim responses


@pytest.mark.parametrize("slowly", [False, True])
@asynchronous
async def test_interim_responses(slowly: bool) -> None:
    peer = Peer()
    delegate = Recorder()
    result = request(peer.stream).read_response(delegate)
    response = (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK
    )
    await (peer.send_slowly(response) if slowly else peer.send(response))
    assert await result is True
    assert delegate.codes == [100, 102, 103, 200]
    assert (delegate.outcome, delegate.body) == (COMPLETE, b"hello")


@asynchronous
async def test_endless_interim_responses() -> None:
    peer = Peer()
    delegate = Recorder()
    result = request(peer.stream).read_response(delegate)
    await peer.send(b"HTTP/1.1 102 Processing\r\n\r\n" * 101)
    assert await result is False
    assert delegate.outcome == CUT_SHORT
    assert len(delegate.heads) == 100


def expecting(peer: Peer) -> HTTP1Connection:
    connection = HTTP1Connection(peer.stream, True)
    headers = HTTPHeaders({"Host": "x", "Content-Length": "4", "Expect": "100-continue"})
    connection.write_headers(RequestStartLine("PUT", "/", ""), headers)
    return connection


@asynchronous
async def test_expect_continue() -> None:
    peer = Peer()
    connection = expecting(peer)

    class Delegate(Recorder):
        def headers_received(
            self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
        ) -> None:
            super().headers_received(start_line, headers)
            if self.codes == [100]:
                connection.write(b"body")
                connection.finish()

    delegate = Delegate()
    result = connection.read_response(delegate)
    await peer.receive()
    await peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert await peer.receive(b"body") == b"body"
    await peer.send(OK)
    assert await result is True
    assert delegate.codes == [100, 200]


@asynchronous
async def test_expectation_is_not_met() -> None:
    peer = Peer()
    delegate = Recorder()
    result = expecting(peer).read_response(delegate)
    await peer.send(b"HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\nno")
    assert await result is False
    assert (delegate.outcome, delegate.body) == (COMPLETE, b"no")


@asynchronous
async def test_expectation_is_not_met_but_the_body_is_sent() -> None:
    peer = Peer()
    delegate = Recorder()
    connection = expecting(peer)
    connection.write(b"body")
    connection.finish()
    result = connection.read_response(delegate)
    await peer.send(OK)
    assert await result is True


# --- before the request is finished


def upload(peer: Peer, length: int = 4) -> HTTP1Connection:
    connection = HTTP1Connection(peer.stream, True)
    headers = HTTPHeaders({"Host": "x", "Content-Length": str(length)})
    connection.write_headers(RequestStartLine("PUT", "/", ""), headers)
    return connection


@asynchronous
async def test_response_before_the_end_of_the_request() -> None:
    peer = Peer()
    connection = upload(peer)
    delegate = Recorder()
    result = asyncio.ensure_future(connection.read_response(delegate))
    await peer.send(OK)
    assert delegate.outcome == COMPLETE
    assert not result.done()
    connection.write(b"body")
    connection.finish()
    assert await result is True


@asynchronous
async def test_request_finished_while_the_response_is_delivered() -> None:
    for extra, still_open in ((b"", True), (b"x", False)):
        peer = Peer()
        connection = upload(peer)

        class Delegate(Recorder):
            connection: HTTP1Connection

            def finish(self) -> None:
                super().finish()
                self.connection.write(b"body")
                self.connection.finish()

        delegate = Delegate()
        delegate.connection = connection
        result = connection.read_response(delegate)
        await peer.send(OK + extra)
        assert await result is still_open
        assert delegate.outcome == COMPLETE
        peer.stream.close()


@asynchronous
async def test_more_than_one_response_before_the_end_of_the_request() -> None:
    peer = Peer()
    connection = upload(peer)
    delegate = Recorder()
    result = connection.read_response(delegate)
    await peer.send(OK)
    await peer.send(OK)
    assert await result is False
    assert delegate.outcome == COMPLETE


@pytest.mark.parametrize("how", ["says so", "does so"])
@asynchronous
async def test_server_answers_early_and_closes(how: str) -> None:
    peer = Peer()
    connection = upload(peer)
    lost: list[str] = []
    connection.set_close_callback(lambda: lost.append("closed"))
    delegate = Recorder()
    result = connection.read_response(delegate)
    if how == "says so":
        await peer.send(b"HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    else:
        await peer.send(OK)
        peer.end()
    assert await result is False
    assert delegate.outcome == COMPLETE
    assert lost == ["closed"]
    with pytest.raises(StreamClosedError):
        await connection.write(b"body")


@asynchronous
async def test_response_is_kept_until_somebody_asks_for_it() -> None:
    peer = Peer()
    connection = request(peer.stream)
    await peer.send(OK)
    delegate = Recorder()
    result = connection.read_response(delegate)
    assert not delegate.heads  # Before its time.
    assert await result is True
    assert (delegate.outcome, delegate.body) == (COMPLETE, b"hello")


@asynchronous
async def test_response_is_kept_though_the_connection_is_reset() -> None:
    peer = await tcp_peer()
    connection = upload(peer, 1 << 20)
    await peer.send(OK)
    peer.reset()

    async def write_on() -> None:
        while True:
            await connection.write(b"x" * 1000)

    with pytest.raises(StreamClosedError):
        await write_on()
    delegate = Recorder()
    assert await connection.read_response(delegate) is False
    assert (delegate.outcome, delegate.body) == (COMPLETE, b"hello")


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        (b"", CUT_SHORT),
        (b"HTTP/1.1 200 OK\r\n", CUT_SHORT),
        (OK[:-1], CUT_SHORT),
        (OK, COMPLETE),
        (b"HTTP/1.1 200 OK\r\n\r\nall", COMPLETE),
        (b"HTTP/1.1 100 Continue\r\n\r\n", CUT_SHORT),
    ],
)
@asynchronous
async def test_response_is_kept_though_the_server_closes(response: bytes, outcome: str) -> None:
    peer = Peer()
    connection = request(peer.stream)
    await peer.receive()
    if response:
        await peer.send(response)
    peer.end()
    delegate = Recorder()
    for _ in range(5):
        await asyncio.sleep(0)
    # Whether the end has been seen when a complete response is delivered, nobody can say.
    await connection.read_response(delegate)
    assert delegate.outcome == outcome
    await until(peer.stream.closed)


# --- cut short


CUT = [
    b"",
    b"HTTP/1.1 20",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    OK[:-5],
    OK[:-1],
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
]


@pytest.mark.parametrize("response", CUT)
@asynchronous
async def test_cut_short(response: bytes) -> None:
    peer = Peer()
    connection = request(peer.stream)
    lost: list[str] = []
    connection.set_close_callback(lambda: lost.append("closed"))
    delegate = Recorder()
    result = connection.read_response(delegate)
    await peer.receive()
    await peer.send(response)
    peer.close()
    assert await result is False
    assert delegate.outcome == CUT_SHORT
    assert lost == ["closed"]
    assert peer.stream.closed()
    assert "connection closed" in str(peer.stream.error)


@pytest.mark.parametrize("response", [*CUT, b"HTTP/1.1 200 OK\r\n\r\nuntil close"])
@asynchronous
async def test_reset(response: bytes) -> None:
    peer = await tcp_peer()
    delegate = Recorder()
    result = request(peer.stream).read_response(delegate)
    await peer.send(response)
    peer.reset()
    assert await result is False
    assert delegate.outcome == CUT_SHORT


@asynchronous
async def test_stream_is_closed_already() -> None:
    peer = Peer()
    peer.stream.close()
    delegate = Recorder()
    connection = HTTP1Connection(peer.stream, True)
    assert await connection.read_response(delegate) is False
    assert delegate.outcome == CUT_SHORT


@asynchronous
async def test_application_closes() -> None:
    peer = Peer()
    delegate = Recorder()
    connection = request(peer.stream)
    result = connection.read_response(delegate)
    await peer.send(OK[:-1])
    connection.close()
    assert await result is False
    assert delegate.outcome == CUT_SHORT


@asynchronous
async def test_taken_away_at_once() -> None:
    """Before the response that is here already has been delivered."""
    for end in ("cancel", "detach", "close"):
        peer = Peer()
        connection = request(peer.stream)
        await peer.send(OK)
        delegate = Recorder()
        result = asyncio.ensure_future(connection.read_response(delegate))
        if end == "cancel":
            result.cancel()
            with pytest.raises(asyncio.CancelledError):
                await result
        elif end == "detach":
            assert await connection.detach().read_bytes(len(OK)) == OK
            assert await result is False
        else:
            connection.close()
            assert await result is False
        assert delegate.finished == (1 if end == "close" else 0)


@asynchronous
async def test_request_is_given_up() -> None:
    peer = Peer()
    delegate = Recorder()
    connection = upload(peer)
    result = connection.read_response(delegate)
    with pytest.raises(HTTPOutputError):
        connection.finish()
    assert await result is False
    assert delegate.outcome == CUT_SHORT


@asynchronous
async def test_cancelled() -> None:
    peer = Peer()
    delegate = Recorder()
    connection = request(peer.stream)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await connection.read_response(delegate)
    assert peer.stream.closed()
    await until(lambda: delegate.closed)
    assert delegate.outcome == CUT_SHORT


# --- not a response


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1  200 OK\r\n\r\n",
        b"HTTP/1.1 099 OK\r\n\r\n",
        b"http/1.1 200 OK\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\n\n",
        b"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n",
    ],
)
@pytest.mark.parametrize("slowly", [False, True])
@asynchronous
async def test_not_a_response(response: bytes, slowly: bool) -> None:
    peer = Peer()
    delegate = Recorder()
    result = request(peer.stream).read_response(delegate)
    await (peer.send_slowly(response) if slowly else peer.send(response))
    assert await result is False
    assert delegate.outcome == CUT_SHORT
    assert type(peer.stream.error).__name__ == "HTTPInputError"


@asynchronous
async def test_what_is_refused_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    peer = Peer()
    result = request(peer.stream).read_response(Recorder())
    await peer.send(b"\x00\r\n\r\n")
    assert await result is False
    assert len(caplog.records) == 1
    assert "\x00" not in caplog.text


SEEDS = [
    OK,
    b"HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n",
]


@given(
    seed=st.sampled_from(SEEDS),
    place=st.integers(0, 100),
    length=st.integers(0, 20),
    junk=st.binary(max_size=20),
    cuts=st.lists(st.integers(0, 120), max_size=4),
    resets=st.booleans(),
)
def test_whatever_a_server_sends(
    seed: bytes, place: int, length: int, junk: bytes, cuts: list[int], resets: bool
) -> None:
    data = seed[:place] + junk + seed[place + length :]

    @asynchronous
    async def exchange() -> None:
        peer = Peer()
        delegate = Recorder()
        result = request(peer.stream).read_response(delegate)
        if not resets:
            await peer.receive()
        edges = [0, *sorted(cuts), len(data)]
        for start, end in pairwise(edges):
            if not peer.stream.closed():
                await peer.send(data[start:end])
        peer.socket.close()
        await result
        assert delegate.finished + delegate.closed == 1
        await until(peer.stream.closed)

    exchange()


# --- limits


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nhello",
    ],
)
@pytest.mark.parametrize(
    ("of_params", "before", "in_headers", "taken"),
    [
        (5, None, None, True),
        (4, None, None, False),
        (4, 5, None, True),
        (5, 4, None, False),
        (4, None, 5, True),
        (5, None, 4, False),
        (5, 4, 5, True),
    ],
)
@asynchronous
async def test_max_body_size(
    head: bytes, of_params: int, before: int | None, in_headers: int | None, taken: bool
) -> None:
    peer = Peer()

    class Delegate(Recorder):
        def headers_received(
            self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
        ) -> None:
            super().headers_received(start_line, headers)
            if in_headers is not None:
                connection.set_max_body_size(in_headers)

    params = HTTP1ConnectionParameters(max_body_size=of_params)
    connection = request(peer.stream, params=params)
    if before is not None:
        connection.set_max_body_size(before)
    delegate = Delegate()
    result = connection.read_response(delegate)
    await peer.send(b"HTTP/1.1 103 Hints\r\n\r\n" + head)
    peer.close()
    await result
    assert delegate.outcome == (COMPLETE if taken else CUT_SHORT)


class Clock(Deadlines):
    """Passes time when it is told to."""

    def __init__(self) -> None:
        super().__init__(asyncio.get_running_loop(), 1.0)
        self.watched: list[Guarded] = []

    def add(self, guarded: Guarded) -> None:
        self.watched.append(guarded)

    def discard(self, guarded: Guarded) -> None:
        if guarded in self.watched:
            self.watched.remove(guarded)

    def move(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += 1.0
            for guarded in list(self.watched):
                guarded.check_deadline(self.now)


@pytest.mark.parametrize(
    ("received", "patience"),
    [
        (b"HTTP/1.1 200", 10),
        (b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200", 10),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", 20),
        (b"HTTP/1.1 200 OK\r\n\r\nhell", 20),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 20),
    ],
)
@asynchronous
async def test_slow_response(received: bytes, patience: int) -> None:
    peer = Peer()
    params = HTTP1ConnectionParameters(header_timeout=10, body_timeout=20)
    params.deadlines = clock = Clock()
    delegate = Recorder()
    result = asyncio.ensure_future(request(peer.stream, params=params).read_response(delegate))
    clock.move(1000)  # How long a server thinks is not our business.
    await peer.send(received)
    clock.move(patience)
    assert not result.done()
    clock.move(3)
    assert await result is False
    assert delegate.outcome == CUT_SHORT
    assert "timeout" in str(peer.stream.error)
    assert not clock.watched


@asynchronous
async def test_event_stream_may_be_slow() -> None:
    peer = Peer()
    params = HTTP1ConnectionParameters()
    params.deadlines = clock = Clock()
    delegate = Recorder()
    result = request(peer.stream, params=params).read_response(delegate)
    await peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(10):
        clock.move(100)
        await peer.send(b"x")
    peer.close()
    await result
    assert (delegate.outcome, delegate.body) == (COMPLETE, b"x" * 10)


@pytest.mark.parametrize("when", ["before", "in headers_received"])
@asynchronous
async def test_set_body_timeout(when: str) -> None:
    peer = Peer()

    class Delegate(Recorder):
        def headers_received(
            self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
        ) -> None:
            if when != "before":
                connection.set_body_timeout(5)

    params = HTTP1ConnectionParameters(body_timeout=1000)
    params.deadlines = clock = Clock()
    connection = request(peer.stream, params=params)
    if when == "before":
        connection.set_body_timeout(5)
    delegate = Delegate()
    result = connection.read_response(delegate)
    await peer.send(OK[:-1])
    clock.move(8)
    assert await result is False
    assert delegate.outcome == CUT_SHORT


@asynchronous
async def test_server_takes_nothing_of_the_request() -> None:
    peer = Peer()
    params = HTTP1ConnectionParameters(write_timeout=5)
    params.deadlines = clock = Clock()
    connection = HTTP1Connection(peer.stream, True, params)
    headers = HTTPHeaders({"Host": "x", "Content-Length": "100000000"})
    connection.write_headers(RequestStartLine("PUT", "/", ""), headers)
    result = asyncio.ensure_future(connection.read_response(Recorder()))
    written = connection.write(b"x" * 100_000_000)
    clock.move(10)
    assert await result is False
    with pytest.raises(StreamClosedError):
        await written


# --- what a delegate waits for


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nonetwosix",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonetwosix\r\n0\r\n\r\n",
    ],
)
@asynchronous
async def test_back_pressure(response: bytes) -> None:
    peer = Peer()
    gates: list[asyncio.Future[None]] = []

    def gate() -> Awaitable[None]:
        gates.append(asyncio.get_running_loop().create_future())
        return gates[-1]

    class Delegate(Recorder):
        def headers_received(
            self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
        ) -> Awaitable[None]:
            super().headers_received(start_line, headers)
            return gate()

        def data_received(self, chunk: bytes) -> Awaitable[None]:
            super().data_received(chunk)
            return gate()

    def moved(count: int) -> bool:
        return len(gates) > count or delegate.finished > 0

    delegate = Delegate()
    params = HTTP1ConnectionParameters(chunk_size=3)
    connection = request(peer.stream, params=params)
    result = asyncio.ensure_future(connection.read_response(delegate))
    await peer.send(b"HTTP/1.1 103 Hints\r\n\r\n" + response)
    for expected in ([], [], [b"one"], [b"one", b"two"], [b"one", b"two", b"six"]):
        assert delegate.chunks == expected
        assert delegate.finished == 0
        await asyncio.sleep(0)
        assert delegate.chunks == expected
        count = len(gates)
        gates[-1].set_result(None)
        await until(functools.partial(moved, count))
    assert await result is True
    assert delegate.outcome == COMPLETE


@asynchronous
async def test_nothing_is_read_while_a_delegate_waits() -> None:
    peer = Peer()
    gate = asyncio.get_running_loop().create_future()

    class Delegate(Recorder):
        def data_received(self, chunk: bytes) -> Awaitable[None]:
            super().data_received(chunk)
            return gate

    delegate = Delegate()
    size = 10_000_000
    result = asyncio.ensure_future(request(peer.stream).read_response(delegate))
    sending = asyncio.ensure_future(
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
    )
    await until(lambda: delegate.chunks)
    for _ in range(100):
        await asyncio.sleep(0)
    assert len(delegate.chunks) == 1
    assert peer.stream.bytes_received < 100_000
    gate.set_result(None)
    await sending
    assert await result is True
    assert len(delegate.body) == size


@asynchronous
async def test_a_write_that_is_done_is_not_waited_for() -> None:
    peer = Peer()
    other = Peer()

    class Delegate(Recorder):
        def data_received(self, chunk: bytes) -> Awaitable[None]:
            super().data_received(chunk)
            return other.stream.write(chunk)

    delegate = Delegate()
    result = asyncio.ensure_future(request(peer.stream).read_response(delegate))
    await peer.send(OK)
    assert delegate.outcome == COMPLETE
    assert await result is True


@asynchronous
async def test_connection_is_lost_while_a_delegate_waits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    peer = Peer()
    gate = asyncio.get_running_loop().create_future()

    class Delegate(Recorder):
        def data_received(self, chunk: bytes) -> Awaitable[None]:
            super().data_received(chunk)
            return gate

    delegate = Delegate()
    connection = request(peer.stream)
    result = connection.read_response(delegate)
    await peer.send(OK)
    connection.close()
    assert await result is False
    assert delegate.outcome == CUT_SHORT
    gate.set_exception(ValueError("too late"))
    await asyncio.sleep(0)
    assert delegate.outcome == CUT_SHORT
    assert "too late" in caplog.text


@asynchronous
async def test_server_closes_while_a_delegate_waits() -> None:
    for response, outcome in (
        (OK, COMPLETE),
        (b"HTTP/1.1 200 OK\r\n\r\nx", COMPLETE),
        (OK[:-1], CUT_SHORT),
    ):
        peer = Peer()
        gate = asyncio.get_running_loop().create_future()

        class Delegate(Recorder):
            gate: asyncio.Future[None]

            def data_received(self, chunk: bytes) -> Awaitable[None]:
                super().data_received(chunk)
                return self.gate

        delegate = Delegate()
        delegate.gate = gate
        result = request(peer.stream).read_response(delegate)
        await peer.send(response)
        peer.close()
        gate.set_result(None)
        await result
        assert delegate.outcome == outcome
        await until(peer.stream.closed)


@asynchronous
async def test_time_of_the_delegate_does_not_count() -> None:
    peer = Peer()
    gate = asyncio.get_running_loop().create_future()

    class Delegate(Recorder):
        def data_received(self, chunk: bytes) -> Awaitable[None]:
            super().data_received(chunk)
            return gate

    params = HTTP1ConnectionParameters(body_timeout=5)
    params.deadlines = clock = Clock()
    delegate = Delegate()
    result = request(peer.stream, params=params).read_response(delegate)
    await peer.send(OK)
    clock.move(1000)
    gate.set_result(None)
    assert await result is True
    assert delegate.outcome == COMPLETE


@asynchronous
async def test_malformed_behind_what_a_delegate_waits_for() -> None:
    peer = Peer()
    gate = asyncio.get_running_loop().create_future()

    class Delegate(Recorder):
        def data_received(self, chunk: bytes) -> Awaitable[None]:
            super().data_received(chunk)
            return gate

    delegate = Delegate()
    result = request(peer.stream).read_response(delegate)
    await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
    peer.socket.send(b"not hexadecimal\r\n")
    gate.set_result(None)
    assert await result is False
    assert (delegate.outcome, delegate.body) == (CUT_SHORT, b"x")


# --- what a delegate raises


@pytest.mark.parametrize("method", ["headers_received", "data_received", "finish"])
@pytest.mark.parametrize("later", [False, True])
@asynchronous
async def test_delegate_raises(method: str, later: bool) -> None:
    if later and method == "finish":
        return
    peer = Peer()

    async def fail_later() -> None:
        await asyncio.sleep(0)
        raise ValueError("mine")

    def fail(*_: object) -> Awaitable[None]:
        if later:
            return fail_later()
        raise ValueError("mine")

    delegate = Recorder()
    setattr(delegate, method, fail)
    result = request(peer.stream).read_response(delegate)
    await peer.send(OK)
    with pytest.raises(ValueError, match="mine"):
        await result
    assert delegate.finished == 0
    assert delegate.closed == (0 if method == "finish" else 1)
    assert peer.stream.closed()


@asynchronous
async def test_delegate_is_cancelled() -> None:
    peer = Peer()
    gate = asyncio.get_running_loop().create_future()

    class Delegate(Recorder):
        def data_received(self, chunk: bytes) -> Awaitable[None]:
            return gate

    delegate = Delegate()
    result = request(peer.stream).read_response(delegate)
    await peer.send(OK)
    gate.cancel()
    with pytest.raises(asyncio.CancelledError):
        await result
    assert delegate.outcome == CUT_SHORT


@asynchronous
async def test_delegate_raises_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    peer = Peer()

    class Delegate(Recorder):
        def on_connection_close(self) -> None:
            raise ValueError("mine")

    def callback() -> None:
        raise ValueError("mine, too")

    connection = request(peer.stream)
    connection.set_close_callback(callback)
    result = connection.read_response(Delegate())
    peer.close()
    assert await result is False
    assert len(caplog.records) == 2


# --- another protocol

SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nfirst "


@pytest.mark.parametrize("slowly", [False, True])
@asynchronous
async def test_detach_in_headers_received(slowly: bool) -> None:
    peer = Peer()
    read: list[Awaitable[bytes]] = []

    class Delegate(Recorder):
        def headers_received(
            self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
        ) -> None:
            super().headers_received(start_line, headers)
            stream = connection.detach()
            assert stream is peer.stream
            read.append(stream.read_bytes(12))

    delegate = Delegate()
    connection = request(peer.stream, Upgrade="x", Connection="upgrade")
    connection.set_close_callback(lambda: pytest.fail("it is not ours any more"))
    result = connection.read_response(delegate)
    await (peer.send_slowly(SWITCHED) if slowly else peer.send(SWITCHED))
    assert await result is False
    assert delegate.outcome == "finish 0, close 0"
    await peer.send(b"second")
    assert await read[0] == b"first second"


@pytest.mark.parametrize(
    ("method", "head"), [("GET", SWITCHED), ("CONNECT", b"HTTP/1.1 200 OK\r\n\r\nfirst ")]
)
@pytest.mark.parametrize("slowly", [False, True])
@asynchronous
async def test_detach_afterwards(method: str, head: bytes, slowly: bool) -> None:
    peer = Peer()
    delegate = Recorder()
    connection = request(peer.stream, method)
    result = connection.read_response(delegate)
    first = head.removesuffix(b"first ") if slowly else head
    await (peer.send_slowly(first) if slowly else peer.send(first))
    assert await result is True
    assert delegate.outcome == COMPLETE
    await asyncio.get_running_loop().sock_sendall(peer.socket, head[len(first) :] + b"second")
    assert await connection.detach().read_bytes(12) == b"first second"


@pytest.mark.parametrize("where", ["before", "within"])
@asynchronous
async def test_delegate_goes_on_after_detach(where: str, caplog: pytest.LogCaptureFixture) -> None:
    """What it returned is a program of its own then, which nobody waits for."""
    peer = Peer()

    class Delegate(Recorder):
        def headers_received(
            self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
        ) -> Awaitable[None]:
            return self.talk(connection.detach() if where == "before" else None)

        async def talk(self, stream: IOStream | None) -> None:
            stream = stream or connection.detach()
            self.chunks.append(await stream.read_bytes(12))
            raise ValueError("nobody catches this")

    delegate = Delegate()
    connection = request(peer.stream, Upgrade="x", Connection="upgrade")
    result = asyncio.ensure_future(connection.read_response(delegate))
    await peer.send(SWITCHED)
    await asyncio.get_running_loop().sock_sendall(peer.socket, b"second")
    assert await result is False
    await until(lambda: caplog.records)
    assert delegate.body == b"first second"
    assert "nobody catches this" in caplog.text


@asynchronous
async def test_an_exchange_on_a_connection_that_has_switched() -> None:
    peer = Peer()
    connection = request(peer.stream, "CONNECT")
    result = connection.read_response(Recorder())
    await peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
    assert await result is True
    with pytest.raises(HTTPOutputError, match=r"another protocol: .* detach\(\)"):
        request(peer.stream)
    # What was detached is a stream like any other: in a tunnel, somebody may speak HTTP again.
    tunnel = connection.detach()
    with pytest.raises(HTTPOutputError):
        connection.write_headers(RequestStartLine("GET", "/", ""), HTTPHeaders({"Host": "x"}))
    with pytest.raises(RuntimeError, match="detached"):
        connection.read_response(Recorder())
    delegate = Recorder()
    result = request(tunnel).read_response(delegate)
    await peer.send(OK)
    assert await result is True
    assert delegate.outcome == COMPLETE


@asynchronous
async def test_an_exchange_on_a_connection_that_is_closed() -> None:
    peer = Peer()
    first = request(peer.stream)
    peer.stream.close()
    # Its reader is told in the next turn only; that nothing can be sent is known already.
    for _ in range(2):
        delegate = Recorder()
        connection = HTTP1Connection(peer.stream, True)
        line = RequestStartLine("GET", "/", "")
        with pytest.raises(StreamClosedError):
            await connection.write_headers(line, HTTPHeaders({"Host": "x"}))
        assert await connection.read_response(delegate) is False
        assert delegate.outcome == CUT_SHORT
    assert await first.read_response(Recorder()) is False


@asynchronous
async def test_detach_in_finish() -> None:
    peer = Peer()

    class Delegate(Recorder):
        def finish(self) -> None:
            connection.detach()

    delegate = Delegate()
    connection = request(peer.stream)
    result = connection.read_response(delegate)
    await peer.send(OK + b"behind")
    assert await result is False
    assert delegate.outcome == "finish 0, close 0"
    assert await peer.stream.read_bytes(6) == b"behind"


@asynchronous
async def test_detach_when_there_is_nothing_to_detach() -> None:
    peer = Peer()
    connection = request(peer.stream)
    assert connection.detach() is peer.stream
    with pytest.raises(HTTPOutputError):
        connection.detach()
    with pytest.raises(RuntimeError):
        connection.read_response(Recorder())


# --- misuse


@asynchronous
async def test_read_response_twice() -> None:
    peer = Peer()
    connection = request(peer.stream)
    result = connection.read_response(Recorder())
    with pytest.raises(RuntimeError):
        connection.read_response(Recorder())
    peer.close()
    await result


@asynchronous
async def test_read_response_on_a_server() -> None:
    peer = Peer()
    with pytest.raises(RuntimeError):
        HTTP1Connection(peer.stream, False).read_response(Recorder())


# --- the request


@asynchronous
async def test_request_bodies() -> None:
    line = RequestStartLine("POST", "/", "")
    peer = Peer()
    connection = HTTP1Connection(peer.stream, True)
    connection.write_headers(line, HTTPHeaders({"Host": "x"}), b"abc")
    connection.write(b"defg")
    connection.finish()
    # All of it, with no empty line before or behind.
    assert await peer.receive(b"0\r\n\r\n") == (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("length", "expected"),
    [("6", b"<cdef>"), (None, b"1\r\n<\r\n4\r\ncdef\r\n1\r\n>\r\n0\r\n\r\n")],
)
@asynchronous
async def test_a_file_in_a_request(length: str | None, expected: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abcdefgh")
    peer = Peer()
    connection = HTTP1Connection(peer.stream, True)
    headers = HTTPHeaders({"Host": "x"})
    if length is not None:
        headers["Content-Length"] = length
    connection.write_headers(RequestStartLine("PUT", "/", ""), headers)
    with path.open("rb") as file:
        await connection.write(b"<")
        await connection.write_file(file, 2, 4)
        await connection.write(b">")
        connection.finish()
        assert (await peer.receive(expected)).endswith(b"\r\n\r\n" + expected)


@asynchronous
async def test_a_file_in_a_request_without_a_length_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abcdefgh")
    peer = Peer()
    connection = HTTP1Connection(peer.stream, True)
    connection.write_headers(RequestStartLine("GET", "/", ""), HTTPHeaders({"Host": "x"}))
    with path.open("rb") as file:
        with pytest.raises(HTTPOutputError, match="without Content-Length"):
            connection.write_file(file)
        assert connection.write_file(file, 8).done()
    connection.finish()


@asynchronous
async def test_trailers_of_a_request() -> None:
    peer = Peer()
    connection = HTTP1Connection(peer.stream, True)
    line = RequestStartLine("POST", "/", "")
    connection.write_headers(line, HTTPHeaders({"Host": "x"}), b"abc")
    connection.finish(HTTPHeaders({"Digest": "7"}))
    expected = b"3\r\nabc\r\n0\r\nDigest: 7\r\n\r\n"
    assert (await peer.receive(expected)).endswith(expected)


@asynchronous
async def test_body_without_a_length_is_refused() -> None:
    peer = Peer()
    connection = HTTP1Connection(peer.stream, True)
    line = RequestStartLine("GET", "/", "")
    with pytest.raises(HTTPOutputError):
        connection.write_headers(line, HTTPHeaders({"Host": "x"}), b"body")
    # Nothing of it went out, so that it can be put right.
    connection.write_headers(line, HTTPHeaders({"Host": "x", "Content-Length": "4"}), b"body")
    connection.finish()
    assert (await peer.receive(b"body")).count(b"GET") == 1


@asynchronous
async def test_back_pressure_of_the_server() -> None:
    peer = Peer()
    size = 10_000_000
    connection = HTTP1Connection(peer.stream, True)
    headers = HTTPHeaders({"Host": "x", "Content-Length": str(size)})
    connection.write_headers(RequestStartLine("PUT", "/", ""), headers)
    written = connection.write(b"x" * (size - 1) + b"y")
    assert not written.done()
    received = await peer.receive(b"y")
    await written
    connection.finish()
    assert len(received.partition(b"\r\n\r\n")[2]) == size
    delegate = Recorder()
    result = connection.read_response(delegate)
    await peer.send(OK)
    assert await result is True
