"""`CallbackDelegate`: plain and async callbacks, what they raise, and clients that go away."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from http1 import HTTPHeaders
from http1 import ResponseStartLine
from httpserver import CallbackDelegate
from httpserver import FormLimits
from httpserver import HTTPServer
from httpserver import HTTPServerRequest
from iostream import StreamClosedError

Serving = Callable[[HTTPServer], AbstractAsyncContextManager[Any]]
Run = Callable[[Any], None]
Reply = Callable[..., None]

OK = ResponseStartLine("HTTP/1.1", 200, "OK")


class TestAsync:
    def test_is_awaited(self, serving: Serving, run: Run, reply: Reply) -> None:
        async def callback(request: HTTPServerRequest) -> None:
            await asyncio.sleep(0)
            reply(request, request.path.encode())

        async def main() -> None:
            async with serving(HTTPServer(CallbackDelegate(callback))) as site:
                peer = await site.connect()
                assert (await peer.ask("GET", "/a")).body == b"/a"
                assert (await peer.ask("GET", "/b")).body == b"/b"

        run(main())

    def test_pipelined_requests_are_answered_in_order(
        self, serving: Serving, run: Run, reply: Reply
    ) -> None:
        running: list[str] = []

        async def callback(request: HTTPServerRequest) -> None:
            running.append(request.path)
            assert len(running) == 1
            for _ in range(3):
                await asyncio.sleep(0)
            running.remove(request.path)
            reply(request, request.path.encode())

        async def main() -> None:
            async with serving(HTTPServer(callback)) as site:
                peer = await site.connect()
                requests = [f"GET /{n} HTTP/1.1\r\nHost: a\r\n\r\n" for n in range(20)]
                await peer.send("".join(requests).encode())
                for n in range(20):
                    assert (await peer.answer()).body == f"/{n}".encode()

        run(main())

    def test_streamed_answer_waits_for_the_client(self, serving: Serving, run: Run) -> None:
        piece = b"x" * 2**20

        async def callback(request: HTTPServerRequest) -> None:
            connection = request.connection
            assert connection is not None
            await connection.write_headers(OK, HTTPHeaders())
            for _ in range(20):
                await connection.write(piece)
                assert request.server_connection is not None
            connection.finish()

        async def main() -> None:
            async with serving(HTTPServer(callback)) as site:
                answer = await site.ask("GET", "/")
                assert answer.headers["Transfer-Encoding"] == "chunked"
                assert len(answer.body) == 20 * 2**20

        run(main())

    def test_future_of_write_may_be_returned(
        self, serving: Serving, run: Run, reply: Reply
    ) -> None:
        def callback(request: HTTPServerRequest) -> object:
            assert request.connection is not None
            headers = HTTPHeaders({"Content-Length": "2"})
            future = request.connection.write_headers(OK, headers, b"ok")
            request.connection.finish()
            return future

        async def main() -> None:
            async with serving(HTTPServer(callback)) as site:
                assert (await site.ask("GET", "/")).body == b"ok"

        run(main())

    def test_other_results_mean_nothing(self, serving: Serving, run: Run, reply: Reply) -> None:
        def callback(request: HTTPServerRequest) -> str:
            reply(request)
            return "something"

        async def main() -> None:
            async with serving(HTTPServer(callback)) as site:
                assert (await site.ask("GET", "/")).status == 200

        run(main())


class TestErrors:
    @pytest.fixture(params=["plain", "async", "async after a turn"])
    def raising(self, request: pytest.FixtureRequest) -> Callable[..., Callable[..., object]]:
        """Makes a callback, of each kind, of a function that raises."""

        def make(function: Callable[[HTTPServerRequest], object]) -> Callable[..., object]:
            async def call(http_request: HTTPServerRequest) -> None:
                if request.param == "async after a turn":
                    await asyncio.sleep(0)
                function(http_request)

            return function if request.param == "plain" else call

        return make

    def test_before_the_answer(
        self,
        serving: Serving,
        run: Run,
        raising: Callable[..., Any],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        def function(request: HTTPServerRequest) -> None:
            raise ZeroDivisionError("in the callback")

        async def main() -> None:
            async with serving(HTTPServer(raising(function))) as site:
                peer = await site.connect()
                answer = await peer.ask("GET", "/some/where")
                assert answer.status == 500
                assert answer.headers["Connection"] == "close"
                assert b"ZeroDivisionError" not in answer.body
                assert await peer.rest() == b""

        run(main())
        (record,) = caplog.records
        assert record.levelno == logging.ERROR
        assert "GET" in record.getMessage()
        assert "/some/where" in record.getMessage()
        assert record.exc_info is not None
        assert record.exc_info[0] is ZeroDivisionError

    def test_in_the_middle_of_the_answer(
        self,
        serving: Serving,
        run: Run,
        raising: Callable[..., Any],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        def function(request: HTTPServerRequest) -> None:
            assert request.connection is not None
            request.connection.write_headers(OK, HTTPHeaders(), b"begun")
            raise ZeroDivisionError

        async def main() -> None:
            async with serving(HTTPServer(raising(function))) as site:
                peer = await site.connect()
                await peer.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                head, _, body = (await peer.rest()).partition(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 200 OK\r\n")
                assert body == b"5\r\nbegun\r\n", "there must be no last chunk"

        run(main())
        assert [record.levelno for record in caplog.records] == [logging.ERROR]

    def test_after_the_answer(
        self,
        serving: Serving,
        run: Run,
        reply: Reply,
        raising: Callable[..., Any],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        def function(request: HTTPServerRequest) -> None:
            reply(request, b"fine")
            raise ZeroDivisionError

        async def main() -> None:
            async with serving(HTTPServer(raising(function))) as site:
                answer = await site.ask("GET", "/")
                assert (answer.status, answer.body) == (200, b"fine")

        run(main())
        assert [record.levelno for record in caplog.records] == [logging.ERROR]

    def test_malformed_form_is_the_clients_mistake(
        self, serving: Serving, run: Run, reply: Reply, raising: Callable[..., Any]
    ) -> None:
        def function(request: HTTPServerRequest) -> None:
            request.form_limits = FormLimits(max_arguments=2)
            reply(request, str(len(request.arguments)).encode())

        async def main() -> None:
            async with serving(HTTPServer(raising(function))) as site:
                assert (await site.ask("GET", "/?a&b")).body == b"2"
                peer = await site.connect()
                answer = await peer.ask("GET", "/?a&b&c")
                assert (answer.status, answer.headers["Connection"]) == (413, "close")
                assert b"max_arguments" in answer.body
                assert await peer.rest() == b""

        run(main())

    def test_stream_of_somebody_else(
        self, serving: Serving, run: Run, raising: Callable[..., Any], caplog: Any
    ) -> None:
        def function(request: HTTPServerRequest) -> None:
            raise StreamClosedError

        async def main() -> None:
            async with serving(HTTPServer(raising(function))) as site:
                assert (await site.ask("GET", "/")).status == 500

        run(main())


class TestClientGone:
    def test_while_it_is_being_answered(self, serving: Serving, run: Run) -> None:
        events: list[str] = []

        async def main() -> None:
            asked = asyncio.Event()
            gone = asyncio.Event()
            ended = asyncio.Event()

            async def callback(request: HTTPServerRequest) -> None:
                connection: Any = request.connection

                def closed() -> None:
                    events.append("closed")
                    gone.set()

                connection.set_close_callback(closed)
                asked.set()
                await gone.wait()
                ended.set()
                await connection.write_headers(OK, HTTPHeaders())
                events.append("not reached")

            async with serving(HTTPServer(callback)) as site:
                peer = await site.connect()
                await peer.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                await asked.wait()
                peer.reset()
                await ended.wait()

        run(main())
        assert events == ["closed"]

    def test_its_last_byte_is_told_of_and_cuts_nothing_off(
        self, serving: Serving, run: Run, reply: Reply
    ) -> None:
        async def main() -> None:
            asked = asyncio.Event()
            at_eof = asyncio.Event()

            async def callback(request: HTTPServerRequest) -> None:
                server_connection: Any = request.server_connection
                server_connection.set_eof_callback(at_eof.set)
                asked.set()
                await at_eof.wait()
                reply(request, b"all the same")

            async with serving(HTTPServer(callback)) as site:
                peer = await site.connect()
                await peer.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                await asked.wait()
                peer.writer.write_eof()
                assert (await peer.answer()).body == b"all the same"

        run(main())

    def test_before_the_request_was_complete(self, serving: Serving, run: Run) -> None:
        async def main() -> None:
            called = asyncio.Event()
            server = HTTPServer(lambda request: called.set())
            async with serving(server) as site:
                peer = await site.connect()
                await peer.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1234")
                peer.writer.write_eof()
                await peer.rest()
            assert not called.is_set()

        run(main())
