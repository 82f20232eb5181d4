"""An unmodified `tornado.web.Application`, served by our `HTTPServer`, asked by Tornado's clients."""

import asyncio
import gzip
import logging
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from collections.abc import Callable
from collections.abc import Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tornado import iostream as tornado_iostream
from tornado.httpclient import AsyncHTTPClient
from tornado.httpclient import HTTPClientError
from tornado.httpclient import HTTPRequest
from tornado.httpclient import HTTPResponse
from tornado.httputil import HTTPHeaders as TornadoHeaders
from tornado.web import Application
from tornado.web import RequestHandler
from tornado.web import stream_request_body
from tornado.websocket import WebSocketHandler
from tornado.websocket import websocket_connect

from httpserver import AccessRecord
from httpserver import HTTPServer

MIB = 2**20
PATIENCE = 30


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def patiently() -> None:
        async with asyncio.timeout(PATIENCE):
            await main()

    asyncio.run(patiently())


class Site:
    """An application that is served, and Tornado's client for it."""

    def __init__(self, server: HTTPServer, scheme: str) -> None:
        self.server = server
        server.listen(0, "127.0.0.1")
        self.port: int = server.sockets[0].getsockname()[1]
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self.client = AsyncHTTPClient(force_instance=True, max_body_size=200 * MIB)

    async def ask(self, path: str, **arguments: Any) -> HTTPResponse:
        return await self.client.fetch(self.url + path, raise_error=False, **arguments)


@asynccontextmanager
async def serving(
    handlers: list[Any], settings: dict[str, Any] | None = None, **arguments: Any
) -> AsyncIterator[Site]:
    application = Application(handlers, **(settings or {}))
    scheme = "https" if "ssl_options" in arguments else "http"
    site = Site(HTTPServer(application, **arguments), scheme)
    try:
        yield site
    finally:
        site.client.close()
        site.server.stop()
        await site.server.close_all_connections()


@pytest.fixture(autouse=True)
def _quiet_access_log(caplog: pytest.LogCaptureFixture) -> None:
    """Tornado logs every 404 as a warning."""
    caplog.set_level(logging.CRITICAL, "tornado.access")


class Echo(RequestHandler):
    """What the request was."""

    def get(self) -> None:
        self.write(
            {
                "path": self.request.path,
                "arguments": self.get_arguments("a"),
                "remote_ip": self.request.remote_ip,
                "url": self.request.full_url(),
                "cookie": self.get_cookie("c"),
            }
        )

    def post(self) -> None:
        files = {
            name: [file.body.decode() for file in files]
            for name, files in self.request.files.items()
        }
        self.write({"arguments": self.get_body_arguments("a"), "files": files})


class TestRequests:
    def test_get(self) -> None:
        async def main() -> None:
            async with serving([("/.*", Echo)], xheaders=True) as site:
                answer = await site.ask("/x?a=1&a=2", headers={"Cookie": "c=d"})
                assert answer.code == 200
                assert eval(answer.body, {"null": None}) == {  # our own handler's answer
                    "path": "/x",
                    "arguments": ["1", "2"],
                    "remote_ip": "127.0.0.1",
                    "url": site.url + "/x?a=1&a=2",
                    "cookie": "d",
                }
                proxied = {"X-Real-Ip": "192.0.2.1", "X-Scheme": "https"}
                body = (await site.ask("/", headers=proxied)).body.decode()
                assert '"192.0.2.1"' in body
                assert "https://127.0.0.1" in body
                assert '"127.0.0.1"' in (await site.ask("/")).body.decode()

        run(main)

    def test_forms(self) -> None:
        multipart = (
            b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
            b'--B\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\ncontent\r\n--B--\r\n'
        )

        async def main() -> None:
            async with serving([("/", Echo)]) as site:
                answer = await site.ask("/", method="POST", body="a=1&a=2")
                assert answer.body == b'{"arguments": ["1", "2"], "files": {}}'
                answer = await site.ask(
                    "/",
                    method="POST",
                    body=multipart,
                    headers={"Content-Type": "multipart/form-data; boundary=B"},
                )
                assert answer.body == b'{"arguments": ["1"], "files": {"f": ["content"]}}'

        run(main)

    def test_malformed_requests_are_the_clients_mistake(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def main() -> None:
            async with serving([("/", Echo)]) as site:
                answer = await site.ask(
                    "/",
                    method="POST",
                    body="x",
                    headers={"Content-Type": "multipart/form-data; boundary=B"},
                )
                assert answer.code == 400
                answer = await site.ask("/?" + "&".join(["a=b"] * 2000))
                assert answer.code == 400

        run(main)
        assert not [record for record in caplog.records if record.levelno >= logging.ERROR]

    def test_certificate_of_the_client(self, certificate: Any) -> None:
        class Subject(RequestHandler):
            def get(self) -> None:
                certificate: Any = self.request.get_ssl_certificate()
                self.write(str(certificate and certificate["subject"]))

        async def main() -> None:
            context = ssl.create_default_context(
                ssl.Purpose.CLIENT_AUTH, cafile=certificate.certfile
            )
            context.load_cert_chain(*certificate)
            context.verify_mode = ssl.CERT_OPTIONAL
            async with serving([("/", Subject)], ssl_options=context) as site:
                shown = {"client_cert": certificate.certfile, "client_key": certificate.keyfile}
                answer = await site.ask("/", ca_certs=certificate.certfile, **shown)
                assert b"localhost" in answer.body
                answer = await site.ask("/", ca_certs=certificate.certfile)
                assert b"localhost" not in answer.body

        run(main)

    def test_access_log(self) -> None:
        records: list[AccessRecord] = []

        async def main() -> None:
            async with serving([("/", Echo)], access_log=records.append) as site:
                await site.ask("/")
                await site.ask("/nowhere")

        run(main)
        assert [(record.target, record.status) for record in records] == [
            ("/", 200),
            ("/nowhere", 404),
        ]

    def test_not_found_and_method_not_allowed(self) -> None:
        async def main() -> None:
            async with serving([("/", Echo)]) as site:
                assert (await site.ask("/nowhere")).code == 404
                assert (await site.ask("/", method="DELETE")).code == 405

        run(main)

    def test_handlers_by_host(self) -> None:
        class Other(RequestHandler):
            def get(self) -> None:
                self.write("other")

        async def main() -> None:
            async with serving([("/", Echo)]) as site:
                application: Any = site.server.request_callback
                application.add_handlers(r"other\.example", [("/", Other)])
                assert (await site.ask("/", headers={"Host": "other.example"})).body == b"other"
                assert (await site.ask("/")).body != b"other"

        run(main)

    def test_exception_in_a_handler(self, caplog: pytest.LogCaptureFixture) -> None:
        class Failing(RequestHandler):
            def get(self) -> None:
                raise ZeroDivisionError

        async def main() -> None:
            async with serving([("/", Failing)]) as site:
                assert (await site.ask("/")).code == 500

        run(main)


class TestAnswers:
    @pytest.mark.parametrize("length", ["2", "20", "nonsense"])
    def test_wrong_content_length(self, length: str, caplog: Any) -> None:
        class Wrong(RequestHandler):
            def get(self) -> None:
                self.set_header("Content-Length", length)
                self.finish("hello")

        async def main() -> None:
            async with serving([("/", Wrong)]) as site:
                if length == "20":
                    with pytest.raises(HTTPClientError, match="Connection closed"):
                        await site.ask("/")
                else:
                    assert (await site.ask("/")).code == 500

        run(main)

    def test_head_and_not_modified(self) -> None:
        async def main() -> None:
            class Text(RequestHandler):
                def get(self) -> None:
                    self.write("text")

                head = get

            async with serving([("/", Text)]) as site:
                answer = await site.ask("/")
                head = await site.ask("/", method="HEAD")
                assert (head.code, head.body) == (200, b"")
                assert head.headers["Content-Length"] == "4"
                etag = {"If-None-Match": answer.headers["Etag"]}
                unchanged = await site.ask("/", headers=etag)
                assert (unchanged.code, unchanged.body) == (304, b"")

        run(main)

    def test_flush(self) -> None:
        class Slow(RequestHandler):
            async def get(self) -> None:
                for piece in ("one ", "two ", "three"):
                    self.write(piece)
                    await self.flush()

        async def main() -> None:
            pieces: list[bytes] = []
            async with serving([("/", Slow)]) as site:
                answer = await site.ask("/", streaming_callback=pieces.append)
                assert b"".join(pieces) == b"one two three"
                assert answer.headers["Transfer-Encoding"] == "chunked"

        run(main)

    def test_compressed_output(self) -> None:
        class Long(RequestHandler):
            def get(self) -> None:
                self.set_header("Content-Type", "text/plain")
                self.write("text " * 1000)

        async def main() -> None:
            async with serving([("/", Long)], {"compress_response": True}) as site:
                headers = {"Accept-Encoding": "gzip"}
                answer = await site.ask("/", headers=headers, decompress_response=False)
                assert answer.headers["Content-Encoding"] == "gzip"
                assert gzip.decompress(answer.body) == b"text " * 1000

        run(main)

    def test_static_files(self, tmp_path: Path) -> None:
        content = bytes(range(256)) * 4096
        (tmp_path / "file.bin").write_bytes(content)

        async def main() -> None:
            async with serving([], {"static_path": str(tmp_path)}) as site:
                path = "/static/file.bin"
                whole = await site.ask(path)
                assert (whole.code, whole.body) == (200, content)
                part = await site.ask(path, headers={"Range": "bytes=1000-1999"})
                assert (part.code, part.body) == (206, content[1000:2000])
                assert part.headers["Content-Range"] == f"bytes 1000-1999/{len(content)}"
                beyond = await site.ask(path, headers={"Range": "bytes=99999999-"})
                assert beyond.code == 416
                etag = {"If-None-Match": whole.headers["Etag"]}
                assert (await site.ask(path, headers=etag)).code == 304
                head = await site.ask(path, method="HEAD")
                assert (head.body, head.headers["Content-Length"]) == (b"", str(len(content)))
                assert (await site.ask("/static/../file.bin")).code in (403, 404)
                assert (await site.ask("/static/none")).code == 404

        run(main)

    def test_xsrf_and_secure_cookies(self) -> None:
        class Form(RequestHandler):
            def get(self) -> None:
                self.set_signed_cookie("user", "somebody")
                self.write(self.xsrf_token)

            def post(self) -> None:
                self.write(self.get_signed_cookie("user") or b"nobody")

        async def main() -> None:
            settings = {"cookie_secret": "secret", "xsrf_cookies": True}
            async with serving([("/", Form)], settings) as site:
                form = await site.ask("/")
                assert (await site.ask("/", method="POST", body="a=b")).code == 403
                cookies = [line.partition(";")[0] for line in form.headers.get_list("Set-Cookie")]
                assert len(cookies) == 2
                answer = await site.ask(
                    "/",
                    method="POST",
                    body="_xsrf=" + form.body.decode(),
                    headers={"Cookie": "; ".join(cookies)},
                )
                assert (answer.code, answer.body) == (200, b"somebody")

        run(main)


class TestStreamedBodies:
    def test_upload(self) -> None:
        @stream_request_body
        class Upload(RequestHandler):
            def prepare(self) -> None:
                self.size = 0
                self.request.connection.set_max_body_size(200 * MIB)  # type: ignore[union-attr]

            async def data_received(self, chunk: bytes) -> None:
                await asyncio.sleep(0)
                self.size += len(chunk)

            def put(self) -> None:
                self.write(str(self.size))

        async def main() -> None:
            async with serving([("/", Upload)], max_body_size=MIB) as site:
                answer = await site.ask("/", method="PUT", body=b"x" * 20 * MIB)
                assert (answer.code, answer.body) == (200, str(20 * MIB).encode())

        run(main)

    def test_client_that_goes_away(self) -> None:
        events: list[str] = []

        async def main() -> None:
            begun = asyncio.Event()
            ended = asyncio.Event()

            @stream_request_body
            class Upload(RequestHandler):
                def data_received(self, chunk: bytes) -> None:
                    begun.set()

                def on_connection_close(self) -> None:
                    events.append("on_connection_close")
                    super().on_connection_close()
                    ended.set()

                def put(self) -> None:
                    events.append("put")

            async with serving([("/", Upload)]) as site:
                _, writer = await asyncio.open_connection("127.0.0.1", site.port)
                writer.write(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
                await begun.wait()
                writer.close()
                await ended.wait()

        run(main)
        assert events == ["on_connection_close"]

    @pytest.mark.parametrize("still_there", [False, True])
    def test_client_that_sends_its_last_byte(self, still_there: bool) -> None:
        events: list[str] = []

        async def main() -> None:
            waiting = asyncio.Event()
            ended = asyncio.Event()

            class Poll(RequestHandler):
                async def get(self) -> None:
                    waiting.set()
                    await ended.wait()
                    self.write("answer")

                def on_connection_close(self) -> None:
                    events.append("on_connection_close")
                    ended.set()

            async with serving([("/", Poll)]) as site:
                reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
                writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                await waiting.wait()
                if still_there:
                    writer.write_eof()
                    assert (await reader.read()).endswith(b"\r\n\r\nanswer")
                writer.close()
                await ended.wait()

        run(main)
        assert events == ["on_connection_close"]

    def test_client_that_goes_away_while_it_waits(self) -> None:
        async def main() -> None:
            waiting = asyncio.Event()
            gone = asyncio.Event()
            caught: list[BaseException] = []

            class Poll(RequestHandler):
                async def get(self) -> None:
                    waiting.set()
                    await gone.wait()
                    self.write("too late")
                    try:
                        await self.flush()
                    except tornado_iostream.StreamClosedError as error:
                        caught.append(error)
                    ended.set()

                def on_connection_close(self) -> None:
                    gone.set()

            ended = asyncio.Event()
            async with serving([("/", Poll)]) as site:
                _, writer = await asyncio.open_connection("127.0.0.1", site.port)
                writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                await waiting.wait()
                linger = struct.pack("ii", 1, 0)
                sock: Any = writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
                await ended.wait()
            assert len(caught) == 1, "it is Tornado's own class that the handler sees"

        run(main)


class EchoSocket(WebSocketHandler):
    """Sends back what comes."""

    closed: asyncio.Future[tuple[int | None, str | None]]

    def initialize(self, compress: bool = False) -> None:
        self.compress = compress

    def get_compression_options(self) -> dict[str, Any] | None:
        return {} if self.compress else None

    async def on_message(self, message: str | bytes) -> None:
        if message == "close":
            self.close(4001, "as you wish")
        else:
            await self.write_message(message, binary=isinstance(message, bytes))

    def on_close(self) -> None:
        EchoSocket.closed.set_result((self.close_code, self.close_reason))


class TestWebSockets:
    @pytest.mark.parametrize("tls", [False, True])
    @pytest.mark.parametrize("compress", [False, True])
    def test_echo(self, compress: bool, tls: bool, certificate: Any) -> None:
        async def main() -> None:
            EchoSocket.closed = asyncio.get_running_loop().create_future()
            arguments = {"ssl_options": certificate._asdict()} if tls else {}
            handlers = [("/", EchoSocket, {"compress": compress})]
            async with serving(handlers, **arguments) as site:
                request = HTTPRequest("ws" + site.url.removeprefix("http"), validate_cert=False)
                client = await websocket_connect(
                    request, compression_options={} if compress else None
                )
                for message in ("text", "\u00fc" * 5000, b"bytes", bytes(MIB)):
                    await client.write_message(message, binary=isinstance(message, bytes))
                    assert await client.read_message() == message
                client.close(4000, "enough")
                assert await client.read_message() is None
                assert await EchoSocket.closed == (4000, "enough")

        run(main)

    def test_many_messages_at_once(self) -> None:
        async def main() -> None:
            EchoSocket.closed = asyncio.get_running_loop().create_future()
            async with serving([("/", EchoSocket)]) as site:
                client = await websocket_connect("ws" + site.url.removeprefix("http"))
                for number in range(1000):
                    await client.write_message(str(number))
                for number in range(1000):
                    assert await client.read_message() == str(number)
                client.close()
                await EchoSocket.closed

        run(main)

    def test_closed_by_the_server(self) -> None:
        async def main() -> None:
            EchoSocket.closed = asyncio.get_running_loop().create_future()
            async with serving([("/", EchoSocket)]) as site:
                client = await websocket_connect("ws" + site.url.removeprefix("http"))
                await client.write_message("close")
                assert await client.read_message() is None
                assert (client.close_code, client.close_reason) == (4001, "as you wish")
                client.close()
                await EchoSocket.closed

        run(main)

    def test_pings(self) -> None:
        async def main() -> None:
            EchoSocket.closed = asyncio.get_running_loop().create_future()
            ponged = asyncio.Event()

            class Pinged(EchoSocket):
                def on_pong(self, data: bytes) -> None:
                    ponged.set()

            settings = {"websocket_ping_interval": 0.02, "websocket_ping_timeout": 10}
            async with serving([("/", Pinged)], settings) as site:
                client = await websocket_connect("ws" + site.url.removeprefix("http"))
                await ponged.wait()
                client.close()
                await EchoSocket.closed

        run(main)

    def test_client_that_vanishes(self) -> None:
        async def main() -> None:
            EchoSocket.closed = asyncio.get_running_loop().create_future()
            async with serving([("/", EchoSocket)]) as site:
                reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
                writer.write(
                    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
                )
                assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
                writer.close()
                assert await EchoSocket.closed == (None, None)

        run(main)

    def test_server_that_stops_leaves_them_alone(self) -> None:
        async def main() -> None:
            EchoSocket.closed = asyncio.get_running_loop().create_future()
            async with serving([("/", EchoSocket)]) as site:
                client = await websocket_connect("ws" + site.url.removeprefix("http"))
                assert await site.server.drain() == (0, 0)
                await client.write_message("still here")
                assert await client.read_message() == "still here"
                client.close()
                await EchoSocket.closed

        run(main)

    def test_declined_upgrade(self) -> None:
        async def main() -> None:
            EchoSocket.closed = asyncio.get_running_loop().create_future()
            async with serving([("/", EchoSocket)]) as site:
                headers = TornadoHeaders({"Origin": "http://evil.example"})
                answer = await site.ask("/", headers=headers)
                assert answer.code == 400
                upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
                headers.update(upgrade, Sec_Websocket_Version="13")
                assert (await site.ask("/", headers=headers)).code == 403

        run(main)


class TestDetach:
    def test_stream_has_the_face_of_tornados(self) -> None:
        results: list[Any] = []

        async def main() -> None:
            done = asyncio.Event()

            class Raw(RequestHandler):
                async def get(self) -> None:
                    self.set_status(101)
                    self.set_header("Connection", "Upgrade")
                    self.set_header("Upgrade", "raw")
                    self.finish()
                    stream: Any = self.detach()
                    results.append(await stream.read_until(b"\n"))
                    results.append(await stream.read_until_regex(b"[0-9]"))
                    results.append(await stream.read_bytes(2))
                    buffer = bytearray(2)
                    await stream.read_into(buffer)
                    results.append(bytes(buffer))
                    await stream.write(b"bye")
                    try:
                        await stream.read_until(b"never", max_bytes=3)
                    except tornado_iostream.StreamClosedError as error:
                        results.append(type(error.real_error))
                    results.append(stream.closed())
                    with pytest.raises(tornado_iostream.StreamClosedError):
                        stream.write(b"x")
                    stream.close()
                    done.set()

            async with serving([("/", Raw)]) as site:
                reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
                writer.write(
                    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n"
                    b"line\nx1abcdxxxxxxxx"
                )
                assert (await reader.read()).endswith(b"\r\n\r\nbye")
                await done.wait()
                writer.close()
                await writer.wait_closed()

        run(main)
        assert results == [
            b"line\n",
            b"x1",
            b"ab",
            b"cd",
            tornado_iostream.UnsatisfiableReadError,
            True,
        ]
