"""The access log: one record for each request, whatever becomes of it."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from http1 import HTTPHeaders
from http1 import HTTPMessageDelegate
from http1 import ResponseStartLine
from httpserver import AccessRecord
from httpserver import HTTPServer
from httpserver import HTTPServerRequest

Serving = Callable[[HTTPServer], AbstractAsyncContextManager[Any]]
Run = Callable[[Any], None]
Reply = Callable[..., None]


class TestRecords:
    def test_answered_request(self, serving: Serving, run: Run, reply: Reply) -> None:
        records: list[AccessRecord] = []

        async def main() -> None:
            server = HTTPServer(
                lambda request: reply(request, b"12345", 201),
                access_log=records.append,
                xheaders=True,
            )
            async with serving(server) as site:
                peer = await site.connect()
                await peer.ask("PUT", "/a?b", "User-Agent: test", "X-Real-Ip: 192.0.2.1")
                await peer.ask("GET", "/c")

        run(main())
        first, second = records
        assert first[:4] == ("192.0.2.1", "PUT", "/a?b", "HTTP/1.1")
        assert (first.headers["User-Agent"], first.status, first.body_size) == ("test", 201, 5)
        assert 0 <= first.duration < 60
        assert first.received_at <= second.received_at
        assert (second.remote_ip, second.target) == ("127.0.0.1", "/c")

    def test_streamed_answer(self, serving: Serving, run: Run) -> None:
        records: list[AccessRecord] = []

        async def callback(request: HTTPServerRequest) -> None:
            connection = request.connection
            assert connection is not None
            await connection.write_headers(ResponseStartLine("", 200, "OK"), HTTPHeaders(), b"1")
            await connection.write(b"234")
            connection.finish()

        async def main() -> None:
            async with serving(HTTPServer(callback, access_log=records.append)) as site:
                assert (await site.ask("GET", "/")).body == b"1234"

        run(main())
        assert [(record.status, record.body_size) for record in records] == [(200, 4)]

    @pytest.mark.parametrize("kind", ["plain", "async"])
    def test_failed_application(
        self, serving: Serving, run: Run, kind: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        records: list[AccessRecord] = []

        def plain(request: HTTPServerRequest) -> None:
            raise ZeroDivisionError

        async def coroutine(request: HTTPServerRequest) -> None:
            plain(request)

        async def main() -> None:
            callback = plain if kind == "plain" else coroutine
            async with serving(HTTPServer(callback, access_log=records.append)) as site:
                assert (await site.ask("GET", "/")).status == 500

        run(main())
        assert [record.status for record in records] == [500]

    @pytest.mark.parametrize("method", ["headers_received", "data_received"])
    def test_failed_delegate(
        self, serving: Serving, run: Run, reply: Reply, method: str, caplog: Any
    ) -> None:
        records: list[AccessRecord] = []

        def fail(*args: object) -> None:
            raise ZeroDivisionError

        class Server(HTTPServer):
            def start_request(self, server_conn: Any, request_conn: Any) -> HTTPMessageDelegate:
                return type("Message", (HTTPMessageDelegate,), {method: fail})()  # type: ignore[no-any-return]

        async def main() -> None:
            async with serving(Server(reply, access_log=records.append)) as site:
                assert (await site.ask("POST", "/", body=b"x")).status == 500

        run(main())
        assert [record.status for record in records] == [500]

    def test_client_that_went_away(self, serving: Serving, run: Run) -> None:
        records: list[AccessRecord] = []

        async def main() -> None:
            asked = asyncio.Event()
            closed = asyncio.Event()

            def callback(request: Any) -> None:
                request.connection.set_close_callback(closed.set)
                asked.set()

            async with serving(HTTPServer(callback, access_log=records.append)) as site:
                peer = await site.connect()
                await peer.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                await asked.wait()
                peer.reset()
                await closed.wait()

        run(main())
        assert [(record.status, record.body_size) for record in records] == [(0, 0)]

    def test_detached_connection(self, serving: Serving, run: Run) -> None:
        records: list[AccessRecord] = []

        async def callback(request: Any) -> None:
            request.connection.write_headers(
                ResponseStartLine("", 101, "Switching Protocols"),
                HTTPHeaders({"Connection": "Upgrade", "Upgrade": "echo"}),
            )
            request.connection.finish()
            stream = request.connection.detach()
            await stream.write(await stream.read_bytes(3))
            stream.close()

        async def main() -> None:
            async with serving(HTTPServer(callback, access_log=records.append)) as site:
                peer = await site.connect()
                answer = await peer.ask("GET", "/", "Connection: Upgrade", "Upgrade: echo")
                assert answer.status == 101
                await peer.send(b"abc")
                assert await peer.rest() == b"abc"

        run(main())
        assert [record.status for record in records] == [101]

    def test_failing_log_does_no_harm(
        self, serving: Serving, run: Run, reply: Reply, caplog: pytest.LogCaptureFixture
    ) -> None:
        def log(record: AccessRecord) -> None:
            raise ZeroDivisionError

        async def main() -> None:
            async with serving(HTTPServer(reply, access_log=log)) as site:
                peer = await site.connect()
                assert (await peer.ask("GET", "/")).status == 200
                assert (await peer.ask("GET", "/")).status == 200

        run(main())
        assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
