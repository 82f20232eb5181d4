"""Delegates: bodies as they come, back-pressure, early answers, and what goes wrong on the way."""

import asyncio
import logging
from collections.abc import Awaitable
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from http1 import HTTP1ServerConnection
from http1 import HTTPConnection
from http1 import HTTPHeaders
from http1 import HTTPMessageDelegate
from http1 import HTTPServerConnectionDelegate
from http1 import ResponseStartLine
from httpserver import HTTPServer

Serving = Callable[[HTTPServer], AbstractAsyncContextManager[Any]]
Run = Callable[[Any], None]

HEAD = b"POST /where HTTP/1.1\r\nHost: a\r\nContent-Length: "


class Recorder(HTTPMessageDelegate):
    """Notes what it is told, and answers when the request is complete."""

    def __init__(self, connection: HTTPConnection) -> None:
        self.connection: Any = connection
        self.calls: list[str] = []
        self.ended = asyncio.Event()

    def headers_received(self, start_line: Any, headers: HTTPHeaders) -> Awaitable[None] | None:
        self.calls.append("headers_received")
        return None

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self.calls.append("data_received")
        return None

    def finish(self) -> None:
        self.calls.append("finish")
        self.answer(b"complete")

    def on_connection_close(self) -> None:
        self.calls.append("on_connection_close")
        self.ended.set()

    def answer(self, body: bytes) -> None:
        headers = HTTPHeaders({"Content-Length": str(len(body))})
        self.connection.write_headers(ResponseStartLine("", 200, "OK"), headers, body)
        self.connection.finish()


class App(HTTPServerConnectionDelegate):
    """Makes message delegates of one class, and keeps them."""

    def __init__(self, kind: type[Recorder]) -> None:
        self.kind = kind
        self.messages: list[Recorder] = []
        self.begun = asyncio.Event()
        self.closed = 0

    def start_request(
        self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        self.messages.append(self.kind(request_conn))
        self.begun.set()
        return self.messages[-1]

    def on_close(self, server_conn: HTTP1ServerConnection) -> None:
        self.closed += 1


class TestBodies:
    @pytest.mark.parametrize("method", ["headers_received", "data_received"])
    def test_nothing_comes_while_a_method_is_awaited(
        self, serving: Serving, run: Run, method: str
    ) -> None:
        async def main() -> None:
            go_on = asyncio.Event()
            waits = asyncio.Event()

            class Slow(Recorder):
                def headers_received(self, *args: Any) -> Awaitable[None] | None:
                    super().headers_received(*args)
                    return self.wait() if method == "headers_received" else None

                def data_received(self, chunk: bytes) -> Awaitable[None] | None:
                    super().data_received(chunk)
                    return self.wait() if method == "data_received" else None

                async def wait(self) -> None:
                    waits.set()
                    await go_on.wait()

            app = App(Slow)
            async with serving(HTTPServer(app)) as site:
                peer = await site.connect()
                size = 64 * 2**20
                await peer.send(HEAD + b"%d\r\n\r\n" % size)
                sending = asyncio.create_task(peer.send(bytes(size)))
                await waits.wait()
                other = await site.connect()
                await other.send(HEAD + b"0\r\n\r\n")
                before = list(app.messages[0].calls)
                assert "finish" not in before
                assert not sending.done(), "64 MiB can't all have been taken"
                go_on.set()
                await sending
                assert (await peer.answer()).body == b"complete"
                assert app.messages[0].calls[-1] == "finish"
                assert (await other.answer()).body == b"complete"

        run(main())

    @pytest.mark.parametrize("chunked", [False, True])
    def test_limit_set_while_headers_received_is_awaited(
        self, serving: Serving, run: Run, chunked: bool
    ) -> None:
        class Patient(Recorder):
            async def headers_received(self, *args: Any) -> None:
                await asyncio.sleep(0)
                self.connection.set_max_body_size(1000)

        async def main() -> None:
            async with serving(HTTPServer(App(Patient), max_body_size=10)) as site:
                for size in (1000, 1001):
                    peer = await site.connect()
                    if chunked:
                        head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                        await peer.send(head + b"%x\r\n" % size + bytes(size) + b"\r\n0\r\n\r\n")
                    else:
                        await peer.send(HEAD + b"%d\r\n\r\n" % size + bytes(size))
                    assert (await peer.answer()).status == (200 if size == 1000 else 413)

        run(main())

    def test_truncated_body(self, serving: Serving, run: Run, caplog: Any) -> None:
        async def main() -> None:
            app = App(Recorder)
            async with serving(HTTPServer(app)) as site:
                peer = await site.connect()
                await peer.send(HEAD + b"9\r\n\r\n1234")
                peer.writer.write_eof()
                await peer.rest()
                assert app.messages[0].calls == [
                    "headers_received",
                    "data_received",
                    "on_connection_close",
                ]

        run(main())

    def test_client_that_goes_away_is_told_of_once(
        self, serving: Serving, run: Run, caplog: Any
    ) -> None:
        async def main() -> None:
            app = App(Recorder)
            async with serving(HTTPServer(app)) as site:
                peer = await site.connect()
                await peer.send(HEAD + b"9\r\n\r\n1234")
                await app.begun.wait()
                peer.reset()
                await app.messages[0].ended.wait()
                await site.until(lambda: app.closed == 1)
                assert app.messages[0].calls.count("on_connection_close") == 1

        run(main())


class TestEarlyAnswers:
    def test_little_is_left_of_the_body(self, serving: Serving, run: Run) -> None:
        class Early(Recorder):
            def headers_received(self, *args: Any) -> None:
                self.answer(b"early")

            def finish(self) -> None:
                self.calls.append("finish")

        async def main() -> None:
            async with serving(HTTPServer(App(Early))) as site:
                peer = await site.connect()
                for _ in range(2):
                    await peer.send(HEAD + b"1000\r\n\r\n")
                    assert (await peer.answer()).body == b"early"
                    await peer.send(bytes(1000))

        run(main())

    def test_much_is_left_of_the_body(self, serving: Serving, run: Run) -> None:
        class Early(Recorder):
            def headers_received(self, *args: Any) -> None:
                self.answer(b"early")

        async def main() -> None:
            async with serving(HTTPServer(App(Early))) as site:
                peer = await site.connect()
                await peer.send(HEAD + b"50000000\r\n\r\n" + bytes(100_000))
                answer = await peer.answer()
                assert (answer.body, answer.headers["Connection"]) == (b"early", "close")
                assert await peer.rest() == b""

        run(main())


class TestErrors:
    @pytest.mark.parametrize("method", ["headers_received", "data_received", "finish"])
    @pytest.mark.parametrize("answering", [False, True])
    def test_exception(
        self,
        serving: Serving,
        run: Run,
        method: str,
        answering: bool,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        def fail(self: Recorder, *args: object) -> None:
            if answering:
                self.connection.write_headers(
                    ResponseStartLine("", 200, "OK"), HTTPHeaders(), b"begun"
                )
            raise ZeroDivisionError

        kind: Any = type("Failing", (Recorder,), {method: fail})

        async def main() -> None:
            async with serving(HTTPServer(App(kind))) as site:
                peer = await site.connect()
                await peer.send(HEAD + b"3\r\n\r\nabc")
                if answering:
                    assert (await peer.rest()).endswith(b"\r\n\r\n5\r\nbegun\r\n")
                else:
                    answer = await peer.answer()
                    assert (answer.status, answer.headers["Connection"]) == (500, "close")
                    assert await peer.rest() == b""

        run(main())
        (record,) = caplog.records
        assert record.levelno == logging.ERROR
        assert "POST" in record.getMessage()
        assert "/where" in record.getMessage()
        assert record.exc_info is not None
        assert record.exc_info[0] is ZeroDivisionError

    @pytest.mark.parametrize("method", ["headers_received", "data_received"])
    def test_exception_in_what_is_awaited(
        self, serving: Serving, run: Run, method: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def fail(self: Recorder, *args: object) -> None:
            await asyncio.sleep(0)
            raise ZeroDivisionError

        kind: Any = type("Failing", (Recorder,), {method: fail})

        async def main() -> None:
            async with serving(HTTPServer(App(kind))) as site:
                peer = await site.connect()
                await peer.send(HEAD + b"3\r\n\r\nabc")
                assert (await peer.answer()).status == 500
                assert await peer.rest() == b""

        run(main())
        assert [record.levelno for record in caplog.records] == [logging.ERROR]

    def test_exception_in_start_request(
        self, serving: Serving, run: Run, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Failing(App):
            def start_request(self, *args: Any) -> HTTPMessageDelegate:
                raise ZeroDivisionError

        async def main() -> None:
            async with serving(HTTPServer(Failing(Recorder))) as site:
                assert (await site.ask("GET", "/")).status == 500

        run(main())
        (record,) = caplog.records
        assert record.getMessage() == 'Exception in "GET" "/"'

    def test_exception_in_on_close(
        self, serving: Serving, run: Run, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Failing(App):
            def on_close(self, server_conn: HTTP1ServerConnection) -> None:
                raise ZeroDivisionError

        async def main() -> None:
            server = HTTPServer(Failing(Recorder))
            async with serving(server) as site:
                peer = await site.connect()
                await peer.ask("GET", "/", "Connection: close")
                assert await peer.rest() == b""
                await site.until(lambda: server.connections == 0)
                assert await server.drain() == (0, 0)

        run(main())
        assert len(caplog.records) == 1
