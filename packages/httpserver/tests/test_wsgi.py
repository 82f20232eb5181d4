"""WSGI applications, over sockets."""

import asyncio
import io
import logging
import sys
import threading
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest

from httpserver import HTTPServer
from httpserver import WSGIDelegate

Serving = Callable[[HTTPServer], AbstractAsyncContextManager[Any]]
Run = Callable[[Any], None]
Environ = dict[str, Any]

LARGE = bytes(range(256)) * 8192  # more than the sockets of a connection take
PATIENCE = 30


def hello(environ: Environ, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello, ", environ["PATH_INFO"].encode("latin-1")]


def echo(environ: Environ, start_response: Any) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body]


def test_the_environ(run: Run, serving: Serving) -> None:
    seen: list[Environ] = []

    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        seen.append(environ)
        return echo(environ, start_response)

    async def main() -> None:
        delegate = WSGIDelegate(app, script_name="/shop")
        async with serving(HTTPServer(delegate)) as site:
            peer = await site.connect()
            answer = await peer.ask(
                "POST", "/caf%C3%A9/%2F?a=%20", "Content-Type: text/plain", "Cookie: a=1",
                "Cookie: b=2", "X-One: a", "x-one: b", "X_One: c", body=b"body",
            )  # fmt: skip
            assert answer.body == b"body"
            host, port = peer.writer.get_extra_info("sockname")
            await peer.send(b"GET / HTTP/1.0\r\n\r\n")
            assert (await peer.answer()).status == 200
        delegate.close()
        first, second = seen
        expected = {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "/shop",
            "PATH_INFO": "/caf\xc3\xa9//",
            "QUERY_STRING": "a=%20",
            "CONTENT_TYPE": "text/plain",
            "CONTENT_LENGTH": "4",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(site.port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": host,
            "REMOTE_PORT": str(port),
            "HTTP_HOST": "a.example",
            "HTTP_COOKIE": "a=1; b=2",
            "HTTP_X_ONE": "a,b",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input_terminated": True,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        assert {key: first.get(key) for key in expected} == expected
        assert first["wsgi.errors"] is sys.stderr
        assert second["SERVER_PROTOCOL"] == "HTTP/1.0"
        assert "HTTP_HOST" not in second
        assert "CONTENT_LENGTH" not in second

    run(main())


def test_by_the_letter_of_pep_3333(run: Run, serving: Serving) -> None:
    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(3) + environ["wsgi.input"].readline()
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
        return [body]

    async def main() -> None:
        with WSGIDelegate(validator(app)) as delegate:
            async with serving(HTTPServer(delegate)) as site:
                peer = await site.connect()
                for _ in range(2):
                    answer = await peer.ask("POST", "/", "Content-Type: text/plain", body=b"hello")
                    assert answer.body == b"hello"

    run(main())


@pytest.mark.parametrize("size", [0, 1, 1024, 70_000, 3_000_000])
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies(run: Run, serving: Serving, size: int, chunked: bool) -> None:
    content = (bytes(range(256)) * (size // 256 + 1))[:size]

    async def main() -> None:
        with WSGIDelegate(echo) as delegate:
            async with serving(HTTPServer(delegate)) as site:
                peer = await site.connect()
                for _ in range(2):
                    if not chunked:
                        assert (await peer.ask("POST", "/", body=content)).body == content
                        continue
                    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    chunk = b"%x\r\n%b\r\n" % (size, content) if size else b""
                    sending = asyncio.create_task(peer.send(head + chunk + b"0\r\n\r\n"))
                    assert (await peer.answer()).body == content
                    await sending

    run(main())


def test_a_body_is_received_no_faster_than_it_is_read(run: Run, serving: Serving) -> None:
    go_on = threading.Event()

    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        assert go_on.wait(PATIENCE)
        size = 0
        while data := environ["wsgi.input"].read(10_000):
            size += len(data)
        start_response("200 OK", [])
        return [b"%d" % size]

    async def main() -> None:
        with WSGIDelegate(app) as delegate:
            async with serving(HTTPServer(delegate)) as site:
                peer = await site.connect()
                size = len(LARGE) * 8
                peer.writer.write(
                    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size + LARGE * 8
                )
                await site.until(lambda: bool(delegate.running))
                (exchange,) = delegate.running
                for _ in range(200):
                    await asyncio.sleep(0)
                assert exchange._body._size < 1_000_000  # type: ignore[attr-defined]
                go_on.set()
                assert (await peer.answer()).body == b"%d" % size

    run(main())


def test_a_slow_body_occupies_no_thread(run: Run, serving: Serving) -> None:
    async def main() -> None:
        with WSGIDelegate(echo, threads=1) as delegate:
            async with serving(HTTPServer(delegate)) as site:
                slow = await site.connect()
                await slow.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
                assert (await site.ask("POST", "/", body=b"b")).body == b"b"
                await slow.send(b"c")
                assert (await slow.answer()).body == b"ac"

    run(main())


def test_100_continue_is_sent_when_the_body_is_read(run: Run, serving: Serving) -> None:
    read = threading.Event()

    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        assert read.wait(PATIENCE)
        if environ["PATH_INFO"] == "/no":
            start_response("403 Forbidden", [])
            return [b"no"]
        return echo(environ, start_response)

    async def main() -> None:
        with WSGIDelegate(app) as delegate:
            async with serving(HTTPServer(delegate)) as site:
                peer = await site.connect()
                lines = b"Host: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
                await peer.send(b"POST /yes HTTP/1.1\r\n" + lines)
                first = asyncio.create_task(peer.reader.readline())
                for _ in range(20):
                    await asyncio.sleep(0)
                assert not first.done()
                read.set()
                assert await first == b"HTTP/1.1 100 Continue\r\n"
                await peer.reader.readline()
                await peer.send(b"hello")
                assert (await peer.answer()).body == b"hello"
                await peer.send(b"POST /no HTTP/1.1\r\n" + lines)
                answer = await peer.answer()
                assert (answer.status, answer.headers["Connection"]) == (403, "close")

    run(main())


def test_an_answer_that_is_generated(run: Run, serving: Serving) -> None:
    closed: list[str] = []

    class Result:
        def __iter__(self) -> Iterator[bytes]:
            yield b""
            yield b"one "
            yield b""
            yield b"two"

        def close(self) -> None:
            closed.append(threading.current_thread().name)

    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return Result()

    async def main() -> None:
        with WSGIDelegate(app) as delegate:
            async with serving(HTTPServer(delegate)) as site:
                peer = await site.connect()
                for _ in range(2):
                    answer = await peer.ask("GET", "/")
                    assert answer.headers["Transfer-Encoding"] == "chunked"
                    assert answer.body == b"one two"
                assert (await peer.ask("HEAD", "/")).status == 200
                assert (await peer.ask("GET", "/")).body == b"one two"
        assert len(closed) == 4
        assert all(name.startswith("wsgi-") for name in closed)

    run(main())


def test_each_block_goes_out_before_the_next_one_is_made(run: Run, serving: Serving) -> None:
    go_on = threading.Event()

    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        yield b"first"
        assert go_on.wait(PATIENCE)
        yield b"second"

    async def main() -> None:
        with WSGIDelegate(app) as delegate:
            async with serving(HTTPServer(delegate)) as site:
                peer = await site.connect()
                await peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                await peer.reader.readuntil(b"first\r\n")
                go_on.set()
                await peer.reader.readuntil(b"second\r\n0\r\n\r\n")

    run(main())


def test_streaming_waits_for_the_client(run: Run, serving: Serving) -> None:
    made = 0

    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        nonlocal made
        start_response("200 OK", [])
        for _ in range(20):
            yield LARGE
            made += 1

    async def main() -> None:
        with WSGIDelegate(app) as delegate:
            async with serving(HTTPServer(delegate)) as site:
                peer = await site.connect()
                await peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                for _ in range(500):
                    await asyncio.sleep(0)
                assert made < 10
                assert (await peer.answer()).body == LARGE * 20

    run(main())


def test_write(run: Run, serving: Serving) -> None:
    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        write = start_response("200 OK", [])
        write(b"one ")
        write(b"")
        write(b"two ")
        return [b"three"]

    async def main() -> None:
        with WSGIDelegate(app) as delegate:
            async with serving(HTTPServer(delegate)) as site:
                peer = await site.connect()
                for _ in range(2):
                    assert (await peer.ask("GET", "/")).body == b"one two three"

    run(main())


@pytest.mark.parametrize("regular", [True, False])
def test_files(run: Run, serving: Serving, tmp_path: Path, regular: bool) -> None:
    path = tmp_path / "large"
    path.write_bytes(LARGE)
    files: list[Any] = []

    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        file = path.open("rb") if regular else io.BytesIO(LARGE)
        files.append(file)
        file.seek(100)
        result: Iterable[bytes] = environ["wsgi.file_wrapper"](file, 8192)
        return result

    async def main() -> None:
        with WSGIDelegate(app) as delegate:
            async with serving(HTTPServer(delegate)) as site:
                peer = await site.connect()
                for _ in range(2):
                    answer = await peer.ask("GET", "/")
                    assert answer.body == LARGE[100:]
                    assert ("Content-Length" in answer.headers) is regular
                assert (await peer.ask("HEAD", "/")).status == 200
                await site.until(lambda: not delegate.running)
        assert [file.closed for file in files] == [True] * 3

    run(main())


def test_statuses_without_a_body(run: Run, serving: Serving) -> None:
    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        start_response(environ["PATH_INFO"][1:], [])
        return []

    async def main() -> None:
        with WSGIDelegate(app) as delegate:
            async with serving(HTTPServer(delegate)) as site:
                peer = await site.connect()
                for status in ("204%20No%20Content", "304%20Not%20Modified", "200", "299%20What"):
                    answer = await peer.ask("GET", f"/{status}")
                    assert answer.status == int(status[:3])
                    assert ("Content-Length" in answer.headers) is (status[:3] in ("200", "299"))

    run(main())


def test_an_error_after_start_response_replaces_the_head(run: Run, serving: Serving) -> None:
    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("X-First", "a")])
        try:
            raise ValueError("late")
        except ValueError:
            start_response("500 Oops", [("X-Second", "b")], sys.exc_info())
        return [b"replaced"]

    async def main() -> None:
        with WSGIDelegate(app) as delegate:
            async with serving(HTTPServer(delegate)) as site:
                answer = await site.ask("GET", "/")
                assert (answer.status, answer.body) == (500, b"replaced")
                assert "X-First" not in answer.headers
                assert answer.headers["X-Second"] == "b"

    run(main())


def raises(environ: Environ, start_response: Any) -> Iterable[bytes]:
    raise ValueError("the application's own")


def raises_with_a_head(environ: Environ, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    raise ValueError("the application's own")


def exits(environ: Environ, start_response: Any) -> Iterable[bytes]:
    raise SystemExit


def never_starts(environ: Environ, start_response: Any) -> Iterable[bytes]:
    return [b"body"]


def starts_twice(environ: Environ, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    start_response("200 OK", [])
    return []


def bad_status(environ: Environ, start_response: Any) -> Iterable[bytes]:
    start_response("OK", [])
    return []


def bad_field(environ: Environ, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("X", "a\r\nb: c")])
    return []


def hop_by_hop(environ: Environ, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Transfer-Encoding", "chunked")])
    return []


def gives_text(environ: Environ, start_response: Any) -> Iterable[Any]:
    start_response("200 OK", [])
    return ["text"]


@pytest.mark.parametrize(
    "app",
    [
        raises,
        raises_with_a_head,
        exits,
        never_starts,
        starts_twice,
        bad_status,
        bad_field,
        hop_by_hop,
        gives_text,
    ],
)
def test_failing_before_the_answer(
    run: Run, serving: Serving, caplog: pytest.LogCaptureFixture, app: Any
) -> None:
    async def main() -> None:
        with WSGIDelegate(app, threads=1) as delegate:
            async with serving(HTTPServer(delegate)) as site:
                for body in (b"", b"hello"):
                    peer = await site.connect()
                    answer = await peer.ask("POST", "/a?b", body=body)
                    assert (answer.status, answer.headers["Connection"]) == (500, "close")
                    assert b"own" not in answer.body
                    assert await peer.rest() == b""
        errors = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
        assert len(errors) == 2
        assert "POST /a?b from 127.0.0.1" in errors[0]

    run(main())


def raises_in_its_body(environ: Environ, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    yield b"ok"
    raise ValueError("the application's own")


def reports_too_late(environ: Environ, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    yield b"ok"
    try:
        raise ValueError("the application's own")
    except ValueError:
        start_response("500 Oops", [], sys.exc_info())


def gives_too_little(environ: Environ, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "3")])
    return [b"ok"]


def gives_too_much(environ: Environ, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "2")])
    yield b"ok"
    yield b"more"


@pytest.mark.parametrize("app", [raises_in_its_body, reports_too_late, gives_too_little])
def test_failing_in_the_answer_cuts_it_short(
    run: Run, serving: Serving, caplog: pytest.LogCaptureFixture, app: Any
) -> None:
    async def main() -> None:
        with WSGIDelegate(app) as delegate:
            async with serving(HTTPServer(delegate)) as site:
                peer = await site.connect()
                await peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                everything = await peer.rest()
                assert b"HTTP/1.1 200" in everything
                assert b"ok" in everything
                assert not everything.endswith(b"0\r\n\r\n")
                await site.until(lambda: not delegate.running)
        assert len([r for r in caplog.records if r.levelno == logging.ERROR]) == 1

    run(main())


def test_more_than_was_announced_is_never_sent(
    run: Run, serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        with WSGIDelegate(gives_too_much) as delegate:
            async with serving(HTTPServer(delegate)) as site:
                peer = await site.connect()
                await peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                # Cut short, or refused if it is noticed before any of it has gone out.
                assert b"okmore" not in await peer.rest()
                await site.until(lambda: not delegate.running)
        assert len([r for r in caplog.records if r.levelno == logging.ERROR]) == 1

    run(main())


def test_failing_after_the_answer_harms_nobody(
    run: Run, serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    class Result(list[bytes]):
        def close(self) -> None:
            raise ValueError("in close")

    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return Result([b"ok"])

    async def main() -> None:
        with WSGIDelegate(app) as delegate:
            async with serving(HTTPServer(delegate)) as site:
                peer = await site.connect()
                for _ in range(2):
                    assert (await peer.ask("GET", "/")).body == b"ok"
                await site.until(lambda: not delegate.running)
        assert "in close" in caplog.text

    run(main())


def test_a_client_that_goes_ends_reading_and_writing(run: Run, serving: Serving) -> None:
    raised: list[BaseException] = []
    closed = threading.Event()
    reading = threading.Event()

    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            reading.set()
            try:
                environ["wsgi.input"].read()
            except OSError as error:
                raised.append(error)
                closed.set()
                raise
        start_response("200 OK", [])
        try:
            while True:
                yield LARGE
        finally:
            closed.set()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with WSGIDelegate(app) as delegate:
            async with serving(HTTPServer(delegate)) as site:
                peer = await site.connect()
                await peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                await peer.reader.readexactly(100)
                peer.reset()
                assert await loop.run_in_executor(None, closed.wait, PATIENCE)
                closed.clear()
                peer = await site.connect()
                head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n"
                await peer.send(head + b"x" * 100_000)
                assert await loop.run_in_executor(None, reading.wait, PATIENCE)
                peer.reset()
                assert await loop.run_in_executor(None, closed.wait, PATIENCE)
                await site.until(lambda: not delegate.running)
        assert len(raised) == 1

    run(main())


def test_requests_run_side_by_side_in_so_many_threads(run: Run, serving: Serving) -> None:
    together = threading.Barrier(3)
    names: set[str] = set()

    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        names.add(threading.current_thread().name)
        together.wait(PATIENCE)
        return hello(environ, start_response)

    async def main() -> None:
        with WSGIDelegate(app, threads=3) as delegate:
            async with serving(HTTPServer(delegate)) as site:
                answers = await asyncio.gather(*[site.ask("GET", f"/{n}") for n in range(6)])
                assert [answer.body for answer in answers] == [b"hello, /%d" % n for n in range(6)]
        assert len(names) == 3

    run(main())


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"script_name": "shop"}, ValueError),
        ({"script_name": "/shop/"}, ValueError),
        ({"threads": 0}, ValueError),
        ({"application": None}, TypeError),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        WSGIDelegate(**{"application": hello, **arguments})
