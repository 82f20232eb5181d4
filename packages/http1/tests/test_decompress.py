import asyncio
import gzip
import zlib
from collections.abc import Awaitable
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from http1 import HTTP1Connection
from http1 import HTTP1ConnectionParameters
from http1 import HTTP1ServerConnection
from http1 import HTTPConnection
from http1 import HTTPHeaders
from http1 import HTTPInputError
from http1 import HTTPMessageDelegate
from http1 import HTTPServerConnectionDelegate
from http1 import RequestStartLine
from http1 import ResponseStartLine
from http1._decompress import Decompressor

from .compressed import CODINGS
from .compressed import Compress
from .exchanges import COMPLETE
from .exchanges import CUT_SHORT
from .exchanges import Peer
from .exchanges import Recorder
from .exchanges import asynchronous
from .exchanges import request
from .exchanges import until

MIB = 1024 * 1024
OK = ResponseStartLine("HTTP/1.1", 200, "OK")
TEXT = b"It is the same text, again and again. " * 300


def head(decompressor: Decompressor, coding: str, **fields: str) -> HTTPHeaders:
    """Give it a head with that coding; return what the delegate gets."""
    headers = HTTPHeaders({"Content-Encoding": coding, "Content-Length": "7", **fields})
    assert decompressor.headers_received(OK, headers) is None
    return headers


def wrap(**params: float) -> tuple[Recorder, Decompressor]:
    delegate = Recorder()
    return delegate, decompress(delegate, **params)


def decompress(delegate: HTTPMessageDelegate, **params: float) -> Decompressor:
    parameters = HTTP1ConnectionParameters(**params)  # type: ignore[arg-type]
    return Decompressor(delegate, parameters, lambda: parameters.max_body_size)


# --- the head


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("gzip", gzip.compress(b"hello")),
        ("GZip", gzip.compress(b"hello")),
        ("x-gzip", gzip.compress(b"hello")),
        ("gzip, identity", gzip.compress(b"hello")),
        (" ,gzip\t,", gzip.compress(b"hello")),
        ("deflate,gzip", gzip.compress(zlib.compress(b"hello"))),
        ("gzip, deflate", zlib.compress(gzip.compress(b"hello"))),
        ("gzip, gzip", gzip.compress(gzip.compress(b"hello"))),
    ],
)
def test_known_codings(coding: str, data: bytes) -> None:
    delegate, decompressor = wrap()
    headers = head(decompressor, coding)
    assert headers == {"X-Consumed-Content-Encoding": coding}
    for position in range(len(data)):
        decompressor.data_received(data[position : position + 1])
    decompressor.finish()
    assert (delegate.body, delegate.outcome) == (b"hello", COMPLETE)


def test_two_fields() -> None:
    delegate, decompressor = wrap()
    headers = HTTPHeaders({"Content-Encoding": "deflate"})
    headers.add("Content-Encoding", "gzip")
    decompressor.headers_received(OK, headers)
    assert headers == {"X-Consumed-Content-Encoding": "deflate,gzip"}
    decompressor.data_received(gzip.compress(zlib.compress(b"hello")))
    decompressor.finish()
    assert delegate.body == b"hello"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"Content-Encoding": ""},
        {"Content-Encoding": "identity"},
        {"Content-Encoding": "compress"},
        {"Content-Encoding": "gzip, compress"},
        {"Content-Encoding": "compress, gzip"},
        {"Content-Encoding": "gzip, gzip, gzip"},
        {"Content-Encoding": "gzip;q=1"},
        {"Content-Encoding": "gzip", "Content-Range": "bytes 0-4/100"},
    ],
)
def test_bodies_that_are_left_alone(fields: dict[str, str]) -> None:
    delegate, decompressor = wrap()
    headers = HTTPHeaders({**fields, "Content-Length": "5", "X-Consumed-Content-Encoding": "lie"})
    decompressor.headers_received(OK, headers)
    assert headers == {**fields, "Content-Length": "5"}
    decompressor.data_received(b"hello")
    decompressor.finish()
    assert (delegate.chunks, delegate.outcome) == ([b"hello"], COMPLETE)


def test_interim_responses() -> None:
    delegate, decompressor = wrap()
    decompressor.headers_received(ResponseStartLine("HTTP/1.1", 103, ""), HTTPHeaders())
    head(decompressor, "gzip")
    decompressor.data_received(gzip.compress(b"hello"))
    decompressor.finish()
    assert (delegate.codes, delegate.body) == ([103, 200], b"hello")


# --- the body


@pytest.mark.parametrize(("coding", "compress"), CODINGS)
def test_empty_body(coding: str, compress: Compress) -> None:
    """The answer to HEAD, 304, a length of 0; and a body that decodes to nothing."""
    for data in (b"", compress(b"")):
        delegate, decompressor = wrap()
        head(decompressor, coding)
        if data:
            decompressor.data_received(data)
        decompressor.finish()
        assert (delegate.chunks, delegate.outcome) == ([], COMPLETE)


@pytest.mark.parametrize(("coding", "compress"), CODINGS)
def test_cut_short(coding: str, compress: Compress) -> None:
    delegate, decompressor = wrap()
    head(decompressor, coding)
    decompressor.data_received(compress(TEXT)[:-1])
    with pytest.raises(HTTPInputError) as caught:
        decompressor.finish()
    assert caught.value.status_code == 400
    assert delegate.outcome == CUT_SHORT


def test_inner_coding_is_cut_short() -> None:
    for inner in (b"", zlib.compress(TEXT)[:-1]):
        delegate, decompressor = wrap()
        head(decompressor, "deflate, gzip")
        decompressor.data_received(gzip.compress(inner))
        with pytest.raises(HTTPInputError):
            decompressor.finish()
        assert delegate.outcome == CUT_SHORT


@pytest.mark.parametrize(("outer", "compress_outer"), CODINGS)
@pytest.mark.parametrize(("inner", "compress_inner"), CODINGS)
@settings(max_examples=20)
@given(text=st.binary(max_size=3000), data=st.data())
def test_any_two_codings(
    inner: str,
    compress_inner: Compress,
    outer: str,
    compress_outer: Compress,
    text: bytes,
    data: st.DataObject,
) -> None:
    encoded = compress_outer(compress_inner(text))
    step = data.draw(st.integers(1, len(encoded)), "step")
    chunk_size = data.draw(st.integers(1, 4000), "chunk_size")
    delegate, decompressor = wrap(chunk_size=chunk_size)
    head(decompressor, f"{inner}, {outer}")
    for start in range(0, len(encoded), step):
        decompressor.data_received(encoded[start : start + step])
    decompressor.finish()
    assert (delegate.body, delegate.outcome) == (text, COMPLETE)


def test_connection_is_lost() -> None:
    delegate, decompressor = wrap()
    head(decompressor, "gzip")
    decompressor.data_received(gzip.compress(TEXT)[:-1])
    decompressor.on_connection_close()
    assert delegate.outcome == CUT_SHORT


@pytest.mark.parametrize("chunk_size", [1000, 5 * MIB])
def test_chunk_size(chunk_size: int) -> None:
    delegate, decompressor = wrap(chunk_size=chunk_size, max_decompression_ratio=1e9)
    head(decompressor, "deflate, gzip")
    waiting = decompressor.data_received(gzip.compress(zlib.compress(bytes(2 * MIB))))
    if waiting is not None:
        asyncio.run(asyncio.wait_for(waiting, None))
    decompressor.finish()
    assert len(delegate.body) == 2 * MIB
    assert max(map(len, delegate.chunks)) <= chunk_size


def test_many_small_members_take_linear_time() -> None:
    """Each of them would copy what is behind it, were it not given in slices."""
    delegate, decompressor = wrap(max_decompression_ratio=1e9)
    head(decompressor, "gzip, gzip")
    members = gzip.compress(b"") * 100_000
    decompressor.data_received(gzip.compress(members + gzip.compress(b"x")))
    decompressor.finish()
    assert delegate.body == b"x"


# --- bombs


def drain(decompressor: Decompressor, data: bytes) -> None:
    """Give it `data` in pieces of the size of a read, and wait for what it wants waited for."""

    async def deliver() -> None:
        for start in range(0, len(data), 65536):
            waiting = decompressor.data_received(data[start : start + 65536])
            if waiting is not None:
                await waiting
        decompressor.finish()

    asyncio.run(deliver())


@pytest.mark.parametrize(("coding", "compress"), CODINGS)
@pytest.mark.parametrize(("size", "taken"), [(MIB, True), (MIB + 1, False), (20 * MIB, False)])
def test_size_limit(coding: str, compress: Compress, size: int, taken: bool) -> None:
    delegate, decompressor = wrap(max_decompressed_size=MIB, max_decompression_ratio=1e9)
    head(decompressor, coding)
    data = compress(bytes(size))
    if taken:
        drain(decompressor, data)
        assert delegate.outcome == COMPLETE
        assert len(delegate.body) == size
    else:
        with pytest.raises(HTTPInputError, match="max_decompressed_size") as caught:
            drain(decompressor, data)
        assert caught.value.status_code == 413
        assert len(delegate.body) <= MIB
        assert delegate.finished == 0


def test_size_limit_follows_max_body_size() -> None:
    delegate, decompressor = wrap(max_body_size=1000)
    head(decompressor, "gzip")
    with pytest.raises(HTTPInputError, match="1000 bytes"):
        decompressor.data_received(gzip.compress(bytes(1001)))
    assert delegate.finished == 0


@pytest.mark.parametrize(("coding", "compress"), CODINGS)
def test_ratio_limit(coding: str, compress: Compress) -> None:
    delegate, decompressor = wrap()
    head(decompressor, coding)
    with pytest.raises(HTTPInputError, match="max_decompression_ratio") as caught:
        drain(decompressor, compress(bytes(90 * MIB)))
    assert caught.value.status_code == 413
    assert len(delegate.body) <= 2 * MIB


def test_ratio_does_not_count_for_short_bodies() -> None:
    delegate, decompressor = wrap(max_decompression_ratio=1)
    head(decompressor, "gzip")
    drain(decompressor, gzip.compress(bytes(MIB)))
    assert len(delegate.body) == MIB


def nested(inner: Callable[[bytes], bytes], size: int) -> bytes:
    """A bomb in a bomb: what is inside is so regular that it compresses a second time."""
    return gzip.compress(inner(bytes(size)))


def test_bomb_in_a_bomb() -> None:
    for inner in (zlib.compress, gzip.compress):
        data = nested(inner, 100 * MIB)
        assert len(data) < 1000
        delegate, decompressor = wrap()
        head(decompressor, "gzip, gzip" if inner is gzip.compress else "deflate, gzip")
        with pytest.raises(HTTPInputError, match="ratio"):
            drain(decompressor, data)
        assert len(delegate.body) <= MIB


def test_bomb_that_decodes_to_nothing() -> None:
    """What goes into the inner decoder counts, though nothing comes out of it."""
    empty_blocks = b"\x00\x00\x00\xff\xff" * 4_000_000
    delegate, decompressor = wrap()
    head(decompressor, "deflate, gzip")
    with pytest.raises(HTTPInputError, match="ratio"):
        drain(decompressor, gzip.compress(empty_blocks + b"\x03\x00"))
    assert delegate.body == b""


# --- what a delegate waits for


class Slow(Recorder):
    """Has a gate behind every piece."""

    def __init__(self) -> None:
        super().__init__()
        self.gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def data_received(self, chunk: bytes) -> Awaitable[None]:
        super().data_received(chunk)
        self.gate = asyncio.get_running_loop().create_future()
        return self.gate


@asynchronous
async def test_back_pressure() -> None:
    delegate = Slow()
    decompressor = decompress(delegate, chunk_size=10)
    head(decompressor, "gzip")
    waiting = decompressor.data_received(gzip.compress(b"x" * 25))
    assert waiting is not None
    task = asyncio.ensure_future(waiting)
    for pieces in (1, 2, 3):
        for _ in range(3):
            await asyncio.sleep(0)
        assert len(delegate.chunks) == pieces
        delegate.gate.set_result(None)
    await task
    decompressor.finish()
    assert [len(chunk) for chunk in delegate.chunks] == [10, 10, 5]


@asynchronous
async def test_nothing_is_delivered_after_the_end() -> None:
    delegate = Slow()
    decompressor = decompress(delegate, chunk_size=10)
    head(decompressor, "gzip")
    waiting = decompressor.data_received(gzip.compress(b"x" * 25))
    assert waiting is not None
    decompressor.on_connection_close()
    delegate.gate.set_result(None)
    await waiting
    assert len(delegate.chunks) == 1


@asynchronous
async def test_others_get_a_turn() -> None:
    delegate = Recorder()
    decompressor = decompress(delegate, max_decompression_ratio=1e9)
    head(decompressor, "gzip")
    waiting = decompressor.data_received(gzip.compress(bytes(10 * MIB)))
    assert waiting is not None
    assert len(delegate.body) < 2 * MIB
    await waiting
    assert len(delegate.body) == 10 * MIB


# --- on a connection


class Application(HTTPServerConnectionDelegate):
    """Answers with the length of the body, and keeps what it got."""

    def __init__(self) -> None:
        self.messages: list[Answering] = []
        self.closed = 0

    def start_request(
        self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        assert isinstance(request_conn, HTTP1Connection)
        self.messages.append(Answering(request_conn))
        return self.messages[-1]

    def on_close(self, server_conn: HTTP1ServerConnection) -> None:
        self.closed += 1


class Answering(HTTPMessageDelegate):
    def __init__(self, connection: HTTP1Connection) -> None:
        self.connection = connection
        self.headers = HTTPHeaders()
        self.body = b""
        self.closed = 0

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> None:
        self.headers = headers

    def data_received(self, chunk: bytes) -> None:
        self.body += chunk

    def finish(self) -> None:
        answer = b"%d" % len(self.body)
        headers = HTTPHeaders({"Content-Length": str(len(answer))})
        self.connection.write_headers(OK, headers, answer)
        self.connection.finish()

    def on_connection_close(self) -> None:
        self.closed += 1


def serve(peer: Peer, **params: int) -> Application:
    application = Application()
    parameters = HTTP1ConnectionParameters(decompress=True, **params)  # type: ignore[arg-type]
    HTTP1ServerConnection(peer.stream, parameters).start_serving(application)
    return application


def post(data: bytes, coding: str = "gzip", chunked: bool = False) -> bytes:
    lines = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: %b\r\n" % coding.encode()
    if chunked:
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data)
        return lines + b"Transfer-Encoding: chunked\r\n\r\n" + body
    return lines + b"Content-Length: %d\r\n\r\n" % len(data) + data


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("slowly", [False, True])
@asynchronous
async def test_server(chunked: bool, slowly: bool) -> None:
    peer = Peer()
    application = serve(peer)
    data = post(gzip.compress(TEXT), chunked=chunked)
    for _ in range(2):
        await (peer.send_slowly(data) if slowly else peer.send(data))
        assert (await peer.receive(b"\r\n\r\n%d" % len(TEXT))).startswith(b"HTTP/1.1 200 ")
    assert [message.body for message in application.messages] == [TEXT, TEXT]
    headers = application.messages[0].headers
    assert headers["X-Consumed-Content-Encoding"] == "gzip"
    assert "Content-Length" not in headers
    peer.close()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"this is no gzip", 400),
        (gzip.compress(TEXT)[:-1], 400),
        (gzip.compress(TEXT) + b"junk, and enough of it", 400),
        (gzip.compress(bytes(3 * MIB)), 413),
        (gzip.compress(bytes(2000 * 100)), 413),
    ],
)
@asynchronous
async def test_server_answers_what_it_refuses(data: bytes, status: int) -> None:
    peer = Peer()
    application = serve(peer, max_decompressed_size=100_000)
    await peer.send(post(data))
    peer.end()
    answer = await peer.receive_all()
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"\r\nConnection: close\r\n" in answer
    (message,) = application.messages
    assert message.closed == 1
    peer.close()
    await until(lambda: application.closed)


@pytest.mark.parametrize("method", ["headers_received", "data_received", "finish"])
@pytest.mark.parametrize("later", [False, True])
@asynchronous
async def test_any_delegate_may_refuse(method: str, later: bool) -> None:
    """Without a content coding as well: what is the client's fault is not answered with 500."""
    if later and method == "finish":
        return

    async def refuse_later() -> None:
        await asyncio.sleep(0)
        raise HTTPInputError("too big for me", 413)

    def refuse(*_: object) -> Awaitable[None]:
        if later:
            return refuse_later()
        raise HTTPInputError("too big for me", 413)

    class Refusing(Application):
        def start_request(
            self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection
        ) -> HTTPMessageDelegate:
            message = super().start_request(server_conn, request_conn)
            setattr(message, method, refuse)
            return message

    peer = Peer()
    HTTP1ServerConnection(peer.stream).start_serving(Refusing())
    await peer.send(post(b"hello", "identity"))
    peer.end()
    answer = await peer.receive_all()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"too big for me" in answer


def response(data: bytes, coding: str = "gzip", chunked: bool = False) -> bytes:
    lines = b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\n" % coding.encode()
    if chunked:
        body = b"%x\r\n%b\r\n0\r\nX-T: 1\r\n\r\n" % (len(data), data)
        return lines + b"Transfer-Encoding: chunked\r\n\r\n" + body
    return lines + b"Content-Length: %d\r\n\r\n" % len(data) + data


@pytest.mark.parametrize(("coding", "compress"), CODINGS)
@pytest.mark.parametrize("chunked", [False, True])
@asynchronous
async def test_client(coding: str, compress: Compress, chunked: bool) -> None:
    peer = Peer()
    params = HTTP1ConnectionParameters(decompress=True)
    delegate = Recorder()
    connection = request(peer.stream, params=params)
    result = connection.read_response(delegate)
    await peer.send(b"HTTP/1.1 103 Hints\r\n\r\n" + response(compress(TEXT), coding, chunked))
    assert await result is True
    assert (delegate.outcome, delegate.body) == (COMPLETE, TEXT)
    assert delegate.headers["X-Consumed-Content-Encoding"] == coding
    assert connection.trailers == ({"X-T": "1"} if chunked else {})


@pytest.mark.parametrize(
    ("of_params", "override", "taken"),
    [(None, None, True), (None, 5000, False), (20_000, 5000, True), (5000, 20_000, False)],
)
@asynchronous
async def test_limit_of_one_exchange(
    of_params: int | None, override: int | None, taken: bool
) -> None:
    peer = Peer()

    class Delegate(Recorder):
        def headers_received(
            self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
        ) -> None:
            if override is not None:
                connection.set_max_body_size(override)

    params = HTTP1ConnectionParameters(decompress=True, max_decompressed_size=of_params)
    delegate = Delegate()
    connection = request(peer.stream, params=params)
    result = connection.read_response(delegate)
    await peer.send(response(gzip.compress(TEXT)))
    assert await result is taken
    assert delegate.outcome == (COMPLETE if taken else CUT_SHORT)


@asynchronous
async def test_client_until_close() -> None:
    for data, outcome in ((gzip.compress(TEXT), COMPLETE), (gzip.compress(TEXT)[:-1], CUT_SHORT)):
        peer = Peer()
        delegate = Recorder()
        params = HTTP1ConnectionParameters(decompress=True)
        result = request(peer.stream, params=params).read_response(delegate)
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + data)
        peer.close()
        assert await result is False
        assert delegate.outcome == outcome


@pytest.mark.parametrize(("method", "status"), [("HEAD", b"200 OK"), ("GET", b"304 Not Modified")])
@asynchronous
async def test_client_gets_a_head_alone(method: str, status: bytes) -> None:
    peer = Peer()
    delegate = Recorder()
    params = HTTP1ConnectionParameters(decompress=True)
    result = request(peer.stream, method, params).read_response(delegate)
    await peer.send(
        b"HTTP/1.1 " + status + b"\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\n"
    )
    assert await result is True
    assert delegate.outcome == COMPLETE


@pytest.mark.parametrize(
    "data",
    [
        b"this is no gzip",
        gzip.compress(TEXT)[:-1],
        gzip.compress(TEXT) + b"junk, and enough of it",
        gzip.compress(bytes(3 * MIB)),
    ],
)
@asynchronous
async def test_client_refuses(data: bytes) -> None:
    peer = Peer()
    delegate = Recorder()
    params = HTTP1ConnectionParameters(decompress=True)
    result = request(peer.stream, params=params).read_response(delegate)
    await peer.send(response(data))
    assert await result is False
    assert delegate.outcome == CUT_SHORT
    assert isinstance(peer.stream.error, HTTPInputError)
