"""ASGI's http scope, over sockets."""

import asyncio
import logging
from collections.abc import Awaitable
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from httpserver import ASGIDelegate
from httpserver import HTTPServer
from httpserver import TrustedProxies
from iostream import StreamClosedError

Serving = Callable[[HTTPServer], AbstractAsyncContextManager[Any]]
Run = Callable[[Any], None]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Scope = dict[str, Any]

OK = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
STREAMED = {"type": "http.response.start", "status": 200, "headers": []}
BODY = {"type": "http.response.body", "body": b"ok"}
LARGE = bytes(range(256)) * 8192  # more than the sockets of a connection take


async def read(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        assert message["type"] == "http.request"
        body += message["body"]
        if not message["more_body"]:
            return body


def test_the_scope(run: Run, serving: Serving) -> None:
    scopes: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)
        await send(OK)
        await send(BODY)

    async def main() -> None:
        async with serving(HTTPServer(ASGIDelegate(app, root_path="/shop"))) as site:
            peer = await site.connect()
            answer = await peer.ask("GET", "/caf%C3%A9/%2F%ff?a=%20&b", "X-One: a", "x-one:b \t")
            assert (answer.status, answer.body) == (200, b"ok")
            assert answer.headers["Content-Length"] == "2"
            assert "Date" in answer.headers
            client = peer.writer.get_extra_info("sockname")
            await peer.send(b"OPTIONS * HTTP/1.0\r\n\r\n")
            assert (await peer.answer()).status == 200
        first, second = scopes
        assert first["type"] == "http"
        assert first["asgi"]["version"] == "3.0"
        assert first["http_version"] == "1.1"
        assert first["method"] == "GET"
        assert first["scheme"] == "http"
        assert first["path"] == "/shop/café//\ufffd"
        assert first["raw_path"] == b"/shop/caf%C3%A9/%2F%ff"
        assert first["query_string"] == b"a=%20&b"
        assert first["root_path"] == "/shop"
        assert first["headers"] == [(b"host", b"a.example"), (b"x-one", b"a"), (b"x-one", b"b")]
        assert first["client"] == client
        assert first["server"] == ("127.0.0.1", site.port)
        assert first["state"] == {}
        assert set(first["extensions"]) == {
            "http.response.early_hint",
            "http.response.pathsend",
            "http.response.trailers",
        }
        assert second["http_version"] == "1.0"
        assert second["method"] == "OPTIONS"
        # What an application does to its scope, no other one sees.
        assert first["state"] is not second["state"]
        assert first["extensions"] is not second["extensions"]

    run(main())


def test_the_scope_says_what_a_believed_proxy_says(run: Run, serving: Serving) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        text = f"{scope['scheme']} {scope['client']}".encode()
        await send(STREAMED)
        await send({"type": "http.response.body", "body": text})

    async def main() -> None:
        policy = TrustedProxies(["127.0.0.1"], header="X-Forwarded-For")
        async with serving(HTTPServer(ASGIDelegate(app), xheaders=policy)) as site:
            peer = await site.connect()
            lines = ("X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https")
            answer = await peer.ask("GET", "/", *lines)
            assert answer.body == b"https ('192.0.2.1', 0)"
            answer = await peer.ask("GET", "/")
            assert answer.body.startswith(b"http ('127.0.0.1', ")

    run(main())


def test_tls_is_https(run: Run, serving: Serving, certificate: Any) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(STREAMED)
        await send({"type": "http.response.body", "body": scope["scheme"].encode()})

    async def main() -> None:
        options = {"certfile": certificate.certfile, "keyfile": certificate.keyfile}
        async with serving(HTTPServer(ASGIDelegate(app), ssl_options=options)) as site:
            peer = await site.connect(certificate.client())
            assert (await peer.ask("GET", "/")).body == b"https"

    run(main())


@pytest.mark.parametrize("size", [0, 1, 1024, 70_000, 3_000_000])
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies(run: Run, serving: Serving, size: int, chunked: bool) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    content = content[:size]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = await read(receive)
        await send({**STREAMED, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})

    async def main() -> None:
        async with serving(HTTPServer(ASGIDelegate(app))) as site:
            peer = await site.connect()
            for _ in range(2):
                if chunked:
                    await peer.send(
                        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    )
                    sending = asyncio.create_task(
                        peer.send((b"%x\r\n%b\r\n" % (size, content)) * bool(size) + b"0\r\n\r\n")
                    )
                    answer = await peer.answer()
                    await sending
                else:
                    answer = await peer.ask("POST", "/", body=content)
                assert answer.body == content

    run(main())


def test_a_body_is_read_no_faster_than_it_is_taken(run: Run, serving: Serving) -> None:
    async def main() -> None:
        begun = asyncio.Event()
        go_on = asyncio.Event()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            begun.set()
            await go_on.wait()
            body = await read(receive)
            await send(OK)
            await send({**BODY, "body": b"ok" if body == LARGE * 8 else b"no"})

        delegate = ASGIDelegate(app)
        async with serving(HTTPServer(delegate)) as site:
            peer = await site.connect()
            head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (len(LARGE) * 8)
            peer.writer.write(head + LARGE * 8)
            await begun.wait()
            exchange: Any = next(iter(delegate.running))
            await site.until(lambda: exchange._room is not None)
            assert exchange._kept_size < 1_000_000
            go_on.set()
            assert (await peer.answer()).body == b"ok"

    run(main())


def test_100_continue_is_sent_when_the_body_is_wanted(run: Run, serving: Serving) -> None:
    async def main() -> None:
        wanted = asyncio.Event()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["path"] == "/no":
                await send(OK)
                await send(BODY)
                return
            await wanted.wait()
            assert await read(receive) == b"hello"
            await send(OK)
            await send(BODY)

        async with serving(HTTPServer(ASGIDelegate(app))) as site:
            peer = await site.connect()
            lines = b"Host: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
            await peer.send(b"POST /yes HTTP/1.1\r\n" + lines)
            first = asyncio.create_task(peer.reader.readline())
            for _ in range(20):
                await asyncio.sleep(0)
            assert not first.done()
            wanted.set()
            assert await first == b"HTTP/1.1 100 Continue\r\n"
            assert await peer.reader.readline() == b"\r\n"
            await peer.send(b"hello")
            assert (await peer.answer()).body == b"ok"
            # One that is not wanted is not asked for.
            await peer.send(b"POST /no HTTP/1.1\r\n" + lines)
            answer = await peer.answer()
            assert (answer.status, answer.headers["Connection"]) == (200, "close")
            assert await peer.rest() == b""

    run(main())


def test_an_early_answer_keeps_the_connection_if_little_is_left(run: Run, serving: Serving) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(OK)
        await send(BODY)
        assert await receive() == {"type": "http.disconnect"}

    async def main() -> None:
        async with serving(HTTPServer(ASGIDelegate(app))) as site:
            peer = await site.connect()
            head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n"
            await peer.send(head + b"x" * 100_000)
            assert (await peer.answer()).body == b"ok"
            await peer.send(b"x" * 100_000)
            assert (await peer.ask("GET", "/")).body == b"ok"

    run(main())


def test_streaming_waits_for_the_client(run: Run, serving: Serving) -> None:
    async def main() -> None:
        sent = 0

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            nonlocal sent
            await send(STREAMED)
            for _ in range(20):
                await send({"type": "http.response.body", "body": LARGE, "more_body": True})
                sent += 1
            await send({"type": "http.response.body"})

        async with serving(HTTPServer(ASGIDelegate(app))) as site:
            peer = await site.connect()
            await peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            for _ in range(200):
                await asyncio.sleep(0)
            assert sent < 10
            assert (await peer.answer()).body == LARGE * 20

    run(main())


def test_head_and_statuses_without_a_body(run: Run, serving: Serving) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        status = int(scope["path"][1:])
        await send({"type": "http.response.start", "status": status})
        await send({"type": "http.response.body", "body": b"nothing of this" * (status == 200)})

    async def main() -> None:
        async with serving(HTTPServer(ASGIDelegate(app))) as site:
            peer = await site.connect()
            assert (await peer.ask("HEAD", "/200")).status == 200
            for status in (204, 304, 299):
                assert (await peer.ask("GET", f"/{status}")).status == status
            assert (await peer.ask("GET", "/200")).body == b"nothing of this"

    run(main())


def test_early_hints(run: Run, serving: Serving) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.early_hint", "links": [b"</a>; rel=preload", b"</b>"]})
        await send(OK)
        await send(BODY)

    async def main() -> None:
        async with serving(HTTPServer(ASGIDelegate(app))) as site:
            peer = await site.connect()
            await peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            head = await peer.reader.readuntil(b"\r\n\r\n")
            assert head == (
                b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nLink: </b>\r\n\r\n"
            )
            assert (await peer.answer()).body == b"ok"
            # HTTP/1.0 knows no interim responses.
            await peer.send(b"GET / HTTP/1.0\r\n\r\n")
            assert (await peer.answer()).status == 200

    run(main())


def test_trailers(run: Run, serving: Serving) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        fields = [(b"trailer", b"x-sum, x-more")]
        await send({**STREAMED, "headers": fields, "trailers": True})
        await send(BODY)
        more = {"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]}
        await send({**more, "more_trailers": True})
        await send({"type": "http.response.trailers", "headers": [(b"x-more", b"2")]})

    async def main() -> None:
        async with serving(HTTPServer(ASGIDelegate(app))) as site:
            peer = await site.connect()
            await peer.send(b"GET / HTTP/1.1\r\nHost: x\r\nTE: trailers\r\n\r\n")
            await peer.reader.readuntil(b"\r\n\r\n")
            rest = await peer.reader.readuntil(b"X-More: 2\r\n\r\n")
            assert rest == b"2\r\nok\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n"
            # Where there are no chunks there is no room for them.
            await peer.send(b"GET / HTTP/1.0\r\n\r\n")
            assert (await peer.rest()).endswith(b"\r\n\r\nok")

    run(main())


@pytest.mark.parametrize("length", [None, b"2097152"])
def test_pathsend(run: Run, serving: Serving, tmp_path: Path, length: bytes | None) -> None:
    path = tmp_path / "large"
    path.write_bytes(LARGE)
    fields = [] if length is None else [(b"content-length", length)]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({**STREAMED, "headers": fields})
        await send({"type": "http.response.pathsend", "path": str(path)})

    async def main() -> None:
        async with serving(HTTPServer(ASGIDelegate(app))) as site:
            peer = await site.connect()
            for _ in range(2):
                answer = await peer.ask("GET", "/")
                assert answer.headers["Content-Length"] == str(len(LARGE))
                assert answer.body == LARGE
            head = await peer.ask("HEAD", "/")
            assert head.headers["Content-Length"] == str(len(LARGE))
            assert (await peer.ask("GET", "/")).body == LARGE

    run(main())


def test_a_client_that_goes_is_told_of_and_can_t_be_written_to(run: Run, serving: Serving) -> None:
    async def main() -> None:
        waiting = asyncio.Event()
        through: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            assert await read(receive) == b""
            both = asyncio.gather(receive(), receive())
            waiting.set()
            assert list(await both) == [{"type": "http.disconnect"}] * 2
            assert await receive() == {"type": "http.disconnect"}
            await send(OK)
            try:
                await send(BODY)
            except OSError as error:
                through.set_result(type(error).__name__)
                raise

        async with serving(HTTPServer(ASGIDelegate(app))) as site:
            peer = await site.connect()
            await peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await waiting.wait()
            peer.reset()
            assert await through == StreamClosedError.__name__

    run(main())


def test_a_client_that_goes_in_the_middle_of_its_body(run: Run, serving: Serving) -> None:
    async def main() -> None:
        got: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            while True:
                message = await receive()
                got.put_nowait(message)
                if message["type"] == "http.disconnect":
                    return

        async with serving(HTTPServer(ASGIDelegate(app))) as site:
            peer = await site.connect()
            await peer.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello")
            assert await got.get() == {"type": "http.request", "body": b"hello", "more_body": True}
            peer.reset()
            assert await got.get() == {"type": "http.disconnect"}

    run(main())


async def raises_at_once(scope: Scope, receive: Receive, send: Send) -> None:
    raise ValueError("the application's own")


async def raises_after_waiting(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(0)
    raise ValueError("the application's own")


async def raises_with_a_head(scope: Scope, receive: Receive, send: Send) -> None:
    await send(OK)
    raise ValueError("the application's own")


async def returns(scope: Scope, receive: Receive, send: Send) -> None:
    pass


async def sends_a_bad_field(scope: Scope, receive: Receive, send: Send) -> None:
    await send({**STREAMED, "headers": [(b"x", b"a\r\nb: c")]})
    await send(BODY)


async def sends_no_such_thing(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.nonsense"})


async def sends_a_body_first(scope: Scope, receive: Receive, send: Send) -> None:
    await send(BODY)


@pytest.mark.parametrize(
    "app",
    [
        raises_at_once,
        raises_after_waiting,
        raises_with_a_head,
        returns,
        sends_a_bad_field,
        sends_no_such_thing,
        sends_a_body_first,
    ],
)
@pytest.mark.parametrize("body", [b"", b"hello"])
def test_failing_before_the_answer(
    run: Run, serving: Serving, caplog: pytest.LogCaptureFixture, app: Any, body: bytes
) -> None:
    async def main() -> None:
        async with serving(HTTPServer(ASGIDelegate(app))) as site:
            peer = await site.connect()
            answer = await peer.ask("POST", "/a?b", body=body)
            assert (answer.status, answer.headers["Connection"]) == (500, "close")
            assert b"own" not in answer.body
            assert await peer.rest() == b""
        (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
        assert "POST /a?b from 127.0.0.1" in record.getMessage()

    run(main())


async def raises_in_its_body(scope: Scope, receive: Receive, send: Send) -> None:
    await send(STREAMED)
    await send({**BODY, "more_body": True})
    raise ValueError("the application's own")


async def returns_in_its_body(scope: Scope, receive: Receive, send: Send) -> None:
    await send(STREAMED)
    await send({**BODY, "more_body": True})


async def forgets_its_trailers(scope: Scope, receive: Receive, send: Send) -> None:
    await send({**STREAMED, "trailers": True})
    await send(BODY)


async def starts_twice(scope: Scope, receive: Receive, send: Send) -> None:
    await send(STREAMED)
    await send({**BODY, "more_body": True})
    await send(STREAMED)


async def sends_too_little(scope: Scope, receive: Receive, send: Send) -> None:
    await send({**OK, "headers": [(b"content-length", b"3")]})
    await send(BODY)


@pytest.mark.parametrize(
    "app",
    [
        raises_in_its_body,
        returns_in_its_body,
        forgets_its_trailers,
        starts_twice,
        sends_too_little,
    ],
)
def test_failing_in_the_answer_cuts_it_short(
    run: Run, serving: Serving, caplog: pytest.LogCaptureFixture, app: Any
) -> None:
    async def main() -> None:
        async with serving(HTTPServer(ASGIDelegate(app))) as site:
            peer = await site.connect()
            await peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            everything = await peer.rest()
            assert b"HTTP/1.1 200" in everything
            assert b"ok" in everything
            assert not everything.endswith(b"0\r\n\r\n")
        assert len([r for r in caplog.records if r.levelno == logging.ERROR]) == 1

    run(main())


def test_failing_after_the_answer_harms_nobody(
    run: Run, serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(OK)
        await send(BODY)
        raise ValueError("in the background")

    async def main() -> None:
        async with serving(HTTPServer(ASGIDelegate(app))) as site:
            peer = await site.connect()
            for _ in range(2):
                assert (await peer.ask("GET", "/")).status == 200
        assert "in the background" in caplog.text

    run(main())


def test_a_cancelled_application_gives_up_its_connection(run: Run, serving: Serving) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    async def main() -> None:
        async with serving(HTTPServer(ASGIDelegate(app))) as site:
            peer = await site.connect()
            await peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert await peer.rest() == b""

    run(main())


def test_pipelined_requests_are_answered_in_order(run: Run, serving: Serving) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in ("/1", "/4"):
            await asyncio.sleep(0)
        await send({**STREAMED, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    async def main() -> None:
        async with serving(HTTPServer(ASGIDelegate(app))) as site:
            peer = await site.connect()
            request = "GET /{} HTTP/1.1\r\nHost: x\r\n\r\n"
            await peer.send("".join([request.format(n) for n in range(6)]).encode())
            assert [(await peer.answer()).body for _ in range(6)] == [b"/%d" % n for n in range(6)]

    run(main())


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"root_path": "shop"}, ValueError),
        ({"root_path": "/shop/"}, ValueError),
        ({"lifespan": "maybe"}, ValueError),
        ({"application": None}, TypeError),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        ASGIDelegate(**{"application": returns, **arguments})
