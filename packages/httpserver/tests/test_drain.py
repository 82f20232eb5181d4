"""How a server ends: stop, drain, close all connections."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from http1 import HTTP1ConnectionParameters
from http1 import HTTPHeaders
from http1 import ResponseStartLine
from httpserver import HTTPServer
from httpserver import HTTPServerRequest

Serving = Callable[[HTTPServer], AbstractAsyncContextManager[Any]]
Run = Callable[[Any], None]
Reply = Callable[..., None]


class Gate:
    """A callback whose answers wait until it is opened."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.opened = asyncio.Event()
        self.asked = asyncio.Event()

    async def __call__(self, request: HTTPServerRequest) -> None:
        if request.path == "/slow":
            self.asked.set()
            await self.opened.wait()
        self.reply(request, request.path.encode())


class TestDrain:
    def test_each_kind_of_connection(self, serving: Serving, run: Run, reply: Reply) -> None:
        async def main() -> None:
            gate = Gate(reply)
            server = HTTPServer(gate)
            async with serving(server) as site:
                running = await site.connect()
                await running.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
                await gate.asked.wait()
                idle = await site.connect()
                assert "Connection" not in (await idle.ask("GET", "/")).headers
                fresh = await site.connect()
                half = await site.connect()
                await half.send(b"GET /half HTTP/1.1\r\nHo")
                # A request on another connection has been answered: the half one was read before.
                await site.ask("GET", "/")

                draining = asyncio.create_task(server.drain())
                assert await idle.rest() == b""
                with pytest.raises(ConnectionRefusedError):
                    await site.connect()
                answer = await fresh.ask("GET", "/fresh")
                assert (answer.body, answer.headers["Connection"]) == (b"/fresh", "close")
                await half.send(b"st: a\r\n\r\n")
                answer = await half.answer()
                assert (answer.body, answer.headers["Connection"]) == (b"/half", "close")
                assert not draining.done()
                gate.opened.set()
                answer = await running.answer()
                assert (answer.body, answer.headers["Connection"]) == (b"/slow", "close")
                for peer in (fresh, half, running):
                    assert await peer.rest() == b""
                    peer.close()
                drained = await draining
                assert drained.cut == 0
                assert drained.finished >= 4
                assert server.connections == 0

        run(main())

    def test_what_is_left_is_cut(self, serving: Serving, run: Run, reply: Reply) -> None:
        async def main() -> None:
            gate = Gate(reply)
            server = HTTPServer(gate)
            async with serving(server) as site:
                peer = await site.connect()
                await peer.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
                await gate.asked.wait()
                idle = await site.connect()
                await idle.ask("GET", "/")
                assert await server.drain(timeout=0.01) == (1, 1)
                assert await peer.rest() == b""
                gate.opened.set()
                await asyncio.sleep(0)

        run(main())

    def test_clients_that_keep_their_side_open_do_not_hold_it_up(
        self, serving: Serving, run: Run, reply: Reply
    ) -> None:
        async def main() -> None:
            gate = Gate(reply)
            parameters = HTTP1ConnectionParameters(linger_timeout=1000)
            server = HTTPServer(gate, parameters=parameters)
            async with serving(server) as site:
                peer = await site.connect()
                await peer.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
                await gate.asked.wait()
                draining = asyncio.create_task(server.drain(timeout=1000))
                await asyncio.sleep(0)
                gate.opened.set()
                assert await draining == (1, 0)
                answer = await peer.answer()
                assert (answer.body, answer.headers["Connection"]) == (b"/slow", "close")

        run(main())

    def test_nothing_to_drain(self, serving: Serving, run: Run, reply: Reply) -> None:
        async def main() -> None:
            server = HTTPServer(reply)
            async with serving(server):
                assert await server.drain() == (0, 0)
            assert await server.drain() == (0, 0)

        run(main())

    def test_detached_connections_are_left_alone(self, serving: Serving, run: Run) -> None:
        async def main() -> None:
            echoed = asyncio.Event()

            async def callback(request: Any) -> None:
                request.connection.write_headers(
                    ResponseStartLine("", 101, "Switching Protocols"),
                    HTTPHeaders({"Connection": "Upgrade", "Upgrade": "echo"}),
                )
                request.connection.finish()
                stream = request.connection.detach()
                await stream.write(await stream.read_bytes(3))
                stream.close()
                echoed.set()

            server = HTTPServer(callback)
            async with serving(server) as site:
                peer = await site.connect()
                answer = await peer.ask("GET", "/", "Connection: Upgrade", "Upgrade: echo")
                assert answer.status == 101
                assert await server.drain() == (0, 0)
                await server.close_all_connections()
                assert server.connections == 1
                await peer.send(b"abc")
                assert await peer.rest() == b"abc"
                await echoed.wait()
                assert server.connections == 0

        run(main())

    def test_silent_handshakes_do_not_hold_it_up(
        self, serving: Serving, run: Run, reply: Reply, certificate: Any, caplog: Any
    ) -> None:
        async def main() -> None:
            server = HTTPServer(reply, ssl_options=certificate._asdict(), drain_timeout=60)
            async with serving(server) as site:
                peer = await site.connect()
                await site.until(lambda: server.connections == 1)
                await server.drain()
                assert await peer.rest() == b""

        run(main())

    def test_serve_forever_drains_when_stopped(
        self, serving: Serving, run: Run, reply: Reply
    ) -> None:
        async def main() -> None:
            gate = Gate(reply)
            server = HTTPServer(gate)
            async with serving(server) as site:
                forever = asyncio.create_task(server.serve_forever())
                peer = await site.connect()
                await peer.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
                await gate.asked.wait()
                idle = await site.connect()
                await idle.ask("GET", "/")
                server.stop()
                # That the idle connection is closed shows that the drain has begun.
                assert await idle.rest() == b""
                gate.opened.set()
                answer = await peer.answer()
                assert (answer.body, answer.headers["Connection"]) == (b"/slow", "close")
                peer.close()
                await forever

        run(main())


class TestStop:
    def test_open_connections_go_on(self, serving: Serving, run: Run, reply: Reply) -> None:
        async def main() -> None:
            async with serving(HTTPServer(reply)) as site:
                peer = await site.connect()
                await peer.ask("GET", "/")
                site.server.stop()
                assert (await peer.ask("GET", "/")).status == 200
                with pytest.raises(ConnectionRefusedError):
                    await site.connect()

        run(main())

    def test_close_all_connections(self, serving: Serving, run: Run) -> None:
        async def main() -> None:
            asked = asyncio.Event()
            server = HTTPServer(lambda request: asked.set())
            async with serving(server) as site:
                idle = await site.connect()
                busy = await site.connect()
                await busy.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                await asked.wait()
                await site.until(lambda: server.connections == 2)
                server.stop()
                await server.close_all_connections()
                assert server.connections == 0
                assert await idle.rest() == b""
                assert await busy.rest() == b""

        run(main())
