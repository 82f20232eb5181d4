"""ASGI's websocket scope, over sockets, against wsproto's own client end."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from httpserver import ASGIDelegate
from httpserver import HTTPServer
from iostream import StreamClosedError

pytest.importorskip("wsproto")

from wsproto.connection import Connection
from wsproto.connection import ConnectionState
from wsproto.connection import ConnectionType
from wsproto.events import BytesMessage
from wsproto.events import CloseConnection
from wsproto.events import Event
from wsproto.events import Ping
from wsproto.events import Pong
from wsproto.events import TextMessage
from wsproto.extensions import PerMessageDeflate

Serving = Callable[[HTTPServer], AbstractAsyncContextManager[Any]]
Run = Callable[[Any], None]

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
LARGE = bytes(range(256)) * 8192  # more than the sockets of a connection take


class Client:
    """The client's end of a WebSocket."""

    def __init__(self, peer: Any, answer: Any) -> None:
        self.peer = peer
        self.headers = answer.headers
        agreed = answer.headers.get("Sec-WebSocket-Extensions")
        extensions: list[Any] = []
        if agreed:
            deflate = PerMessageDeflate()
            deflate.finalize(agreed)
            extensions.append(deflate)
        self.frames = Connection(ConnectionType.CLIENT, extensions)
        self.events: list[Event] = []

    async def send(self, event: Event) -> None:
        await self.peer.send(self.frames.send(event))

    async def event(self) -> Event:
        """The next event, an unfinished message put together."""
        data: Any = None
        while True:
            while self.events:
                event = self.events.pop(0)
                if isinstance(event, (TextMessage, BytesMessage)):
                    data = event.data if data is None else data + event.data
                    if not event.message_finished:
                        continue
                    return type(event)(data)
                return event
            received = await self.peer.reader.read(65536)
            assert received, "closed without a close frame"
            self.frames.receive_data(received)
            self.events += self.frames.events()

    async def closed(self) -> CloseConnection:
        """How the server closes; it is agreed to."""
        event = await self.event()
        assert isinstance(event, CloseConnection)
        if self.frames.state is ConnectionState.REMOTE_CLOSING:
            await self.send(event.response())
        assert await self.peer.rest() == b""
        return event


async def ask(
    site: Any, target: str = "/", *lines: str, key: str = KEY, version: str = "13"
) -> Any:
    peer = await site.connect()
    answer = await peer.ask(
        "GET",
        target,
        "Connection: keep-alive, Upgrade",
        "Upgrade: WebSocket",
        f"Sec-WebSocket-Key: {key}",
        f"Sec-WebSocket-Version: {version}",
        *lines,
    )
    return peer, answer


async def connect(site: Any, target: str = "/", *lines: str) -> Client:
    peer, answer = await ask(site, target, *lines)
    assert answer.status == 101, answer
    return Client(peer, answer)


async def echo(scope: Any, receive: Any, send: Any) -> None:
    assert await receive() == {"type": "websocket.connect"}
    await send({"type": "websocket.accept"})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        del message["type"]
        await send({"type": "websocket.send", **message})


def test_the_scope_and_the_handshake(run: Run, serving: Serving) -> None:
    scopes: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)
        await receive()
        fields = [(b"x-one", b"a"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
        await send({"type": "websocket.accept", "subprotocol": "two", "headers": fields})
        await send({"type": "websocket.close"})

    async def main() -> None:
        async with serving(HTTPServer(ASGIDelegate(app, root_path="/shop"))) as site:
            client = await connect(site, "/%20?a", "Sec-WebSocket-Protocol: one, two")
            assert client.headers["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
            assert client.headers["Sec-WebSocket-Protocol"] == "two"
            assert client.headers["X-One"] == "a"
            assert client.headers.get_list("Set-Cookie") == ["a=1", "b=2"]
            assert (await client.closed()).code == 1000
        (scope,) = scopes
        assert scope["type"] == "websocket"
        assert scope["scheme"] == "ws"
        assert scope["path"] == "/shop/ "
        assert scope["query_string"] == b"a"
        assert scope["subprotocols"] == ["one", "two"]
        assert "websocket.http.response" in scope["extensions"]
        assert "method" not in scope

    run(main())


@pytest.mark.parametrize("deflate", [False, True])
def test_messages(run: Run, serving: Serving, deflate: bool) -> None:
    async def main() -> None:
        async with serving(HTTPServer(ASGIDelegate(echo))) as site:
            offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
            client = await connect(site, "/", *([offer] if deflate else []))
            assert ("Sec-WebSocket-Extensions" in client.headers) is deflate
            for event in (
                TextMessage("hello"),
                TextMessage(""),
                TextMessage("caf\xe9 \U0001f600" * 1000),
                BytesMessage(b"\x00\xff"),
                BytesMessage(LARGE),
                TextMessage("a" * 1_000_000),
            ):
                sending = asyncio.create_task(client.send(event))
                assert await client.event() == event
                await sending
            # In fragments, with a ping in between.
            await client.send(TextMessage("one ", message_finished=False))
            if not deflate:  # wsproto loses its place in a compressed message there
                await client.send(Ping(b"there?"))
                assert await client.event() == Pong(b"there?")
            await client.send(TextMessage("two"))
            assert await client.event() == TextMessage("one two")
            await client.send(CloseConnection(4000, "bye"))
            assert (await client.closed()).code == 4000

    run(main())


def test_frames_behind_the_handshake_in_one_segment(run: Run, serving: Serving) -> None:
    async def main() -> None:
        async with serving(HTTPServer(ASGIDelegate(echo))) as site:
            peer = await site.connect()
            frames = Connection(ConnectionType.CLIENT)
            await peer.send(
                b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n\r\n"
                % KEY.encode()
                + frames.send(TextMessage("early"))
            )
            client = Client(peer, await peer.answer())
            assert await client.event() == TextMessage("early")
            await client.send(CloseConnection(1000))
            assert (await client.closed()).code == 1000

    run(main())


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (CloseConnection(1000), (1000, "")),
        (CloseConnection(4321, "why"), (4321, "why")),
        (None, (1006, "")),
    ],
)
def test_how_the_client_leaves(run: Run, serving: Serving, sent: Any, told: Any) -> None:
    async def main() -> None:
        left: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            message = await receive()
            assert await receive() == message
            with pytest.raises(StreamClosedError):
                await send({"type": "websocket.send", "text": "too late"})
            await send({"type": "websocket.close"})
            left.set_result(message)

        async with serving(HTTPServer(ASGIDelegate(app))) as site:
            client = await connect(site)
            if sent is None:
                client.peer.reset()
            else:
                await client.send(sent)
            message = await left
            assert message["type"] == "websocket.disconnect"
            assert (message["code"], message["reason"]) == told

    run(main())


@pytest.mark.parametrize("deflate", [False, True])
def test_a_message_that_is_too_large(run: Run, serving: Serving, deflate: bool) -> None:
    async def main() -> None:
        left: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            left.set_result(await receive())

        async with serving(HTTPServer(ASGIDelegate(app, websocket_max_size=1000))) as site:
            offer = ["Sec-WebSocket-Extensions: permessage-deflate"] if deflate else []
            client = await connect(site, "/", *offer)
            await client.send(TextMessage("a" * 1001))
            assert (await client.closed()).code == 1009
            assert (await left)["code"] == 1009

    run(main())


def test_what_is_no_websocket(run: Run, serving: Serving) -> None:
    async def main() -> None:
        async with serving(HTTPServer(ASGIDelegate(echo))) as site:
            for junk, code in ((b"\xff\xff\xff", 1002), (b"\x81\x01a", 1002)):
                client = await connect(site)
                await client.peer.send(junk)
                assert (await client.closed()).code == code
            client = await connect(site)
            await client.peer.send(b"\x81\x81\0\0\0\0\xff")  # no UTF-8
            assert (await client.closed()).code == 1007

    run(main())


def test_messages_are_read_no_faster_than_they_are_received(run: Run, serving: Serving) -> None:
    async def main() -> None:
        go_on = asyncio.Event()
        delegate: ASGIDelegate

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            await go_on.wait()
            size = 0
            while size < 200 * 50_000:
                size += len((await receive())["bytes"])
            await send({"type": "websocket.send", "text": str(size)})

        delegate = ASGIDelegate(app)
        async with serving(HTTPServer(delegate)) as site:
            client = await connect(site)
            for _ in range(200):
                client.peer.writer.write(client.frames.send(BytesMessage(bytes(50_000))))
            exchange: Any = next(iter(delegate.running))
            await site.until(lambda: exchange._websocket._paused)
            assert exchange._websocket._messages_size < 1_000_000
            go_on.set()
            assert await client.event() == TextMessage("10000000")
            assert (await client.closed()).code == 1000

    run(main())


def test_sending_waits_for_the_client(run: Run, serving: Serving) -> None:
    async def main() -> None:
        sent = 0

        async def app(scope: Any, receive: Any, send: Any) -> None:
            nonlocal sent
            await receive()
            await send({"type": "websocket.accept"})
            for _ in range(20):
                await send({"type": "websocket.send", "bytes": LARGE})
                sent += 1

        async with serving(HTTPServer(ASGIDelegate(app))) as site:
            client = await connect(site)
            for _ in range(200):
                await asyncio.sleep(0)
            assert sent < 10
            for _ in range(20):
                assert await client.event() == BytesMessage(LARGE)
            assert (await client.closed()).code == 1000

    run(main())


def test_pings_find_out_who_is_gone(run: Run, serving: Serving) -> None:
    async def main() -> None:
        left: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            left.set_result(await receive())

        delegate = ASGIDelegate(app, websocket_ping_interval=0.05)
        async with serving(HTTPServer(delegate)) as site:
            client = await connect(site)
            for _ in range(3):
                event = await client.event()
                assert isinstance(event, Ping)
                await client.send(event.response())
            # Now it keeps silent.
            assert (await left)["code"] == 1006

    run(main())


async def declines(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.close"})


async def raises(scope: Any, receive: Any, send: Any) -> None:
    raise ValueError("the application's own")


async def returns(scope: Any, receive: Any, send: Any) -> None:
    pass


async def talks_too_early(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "websocket.send", "text": "x"})


@pytest.mark.parametrize(
    ("app", "status", "logged"),
    [(declines, 403, 0), (raises, 500, 1), (returns, 500, 1), (talks_too_early, 500, 1)],
)
def test_no_websocket_after_all(
    run: Run, serving: Serving, caplog: pytest.LogCaptureFixture, app: Any, status: int, logged: int
) -> None:
    async def main() -> None:
        async with serving(HTTPServer(ASGIDelegate(app))) as site:
            peer, answer = await ask(site, "/a?b")
            assert answer.status == status
            assert await peer.rest() == b""
        errors = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
        assert len(errors) == logged
        assert all("GET /a?b from 127.0.0.1" in error for error in errors)

    run(main())


def test_a_denial_of_one_s_own(run: Run, serving: Serving) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        fields = [(b"content-length", b"4"), (b"x-why", b"because")]
        await send({"type": "websocket.http.response.start", "status": 401, "headers": fields})
        await send({"type": "websocket.http.response.body", "body": b"no", "more_body": True})
        await send({"type": "websocket.http.response.body", "body": b"pe"})
        assert (await receive())["type"] == "websocket.disconnect"

    async def either(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await app(scope, receive, send)
        else:
            await send({"type": "http.response.start", "status": 204})
            await send({"type": "http.response.body"})

    async def main() -> None:
        async with serving(HTTPServer(ASGIDelegate(either))) as site:
            peer, answer = await ask(site)
            assert (answer.status, answer.body) == (401, b"nope")
            assert answer.headers["X-Why"] == "because"
            # The connection is one for HTTP still.
            assert (await peer.ask("GET", "/")).status == 204

    run(main())


def test_failing_in_the_middle(
    run: Run, serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        raise ValueError("the application's own")

    async def main() -> None:
        async with serving(HTTPServer(ASGIDelegate(app))) as site:
            client = await connect(site)
            assert (await client.closed()).code == 1011
        assert len([r for r in caplog.records if r.levelno == logging.ERROR]) == 1

    run(main())


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ({"version": "8"}, 426),
        ({"key": "short"}, 400),
        ({"key": ""}, 400),
    ],
)
def test_bad_handshakes(run: Run, serving: Serving, arguments: dict[str, str], status: int) -> None:
    async def main() -> None:
        async with serving(HTTPServer(ASGIDelegate(raises))) as site:
            peer, answer = await ask(site, **arguments)
            assert answer.status == status
            if status == 426:
                assert answer.headers["Sec-WebSocket-Version"] == "13"
            assert await peer.rest() == b""

    run(main())


def test_another_protocol_is_not_changed_to(run: Run, serving: Serving) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    async def main() -> None:
        async with serving(HTTPServer(ASGIDelegate(app))) as site:
            peer = await site.connect()
            answer = await peer.ask("GET", "/", "Connection: Upgrade", "Upgrade: h2c")
            assert answer.status == 200

    run(main())


def test_shutdown_sends_them_away(run: Run, serving: Serving) -> None:
    async def main() -> None:
        delegate = ASGIDelegate(echo)
        async with serving(HTTPServer(delegate)) as site:
            client = await connect(site)
            shutting_down = asyncio.create_task(delegate.shutdown())
            assert (await client.closed()).code == 1001
            await shutting_down
            assert not delegate.running

    run(main())
