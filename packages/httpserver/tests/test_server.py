"""`HTTPServer`: each argument does what it says, and wrong ones are refused in words."""

import asyncio
import gzip
import socket
import ssl
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from http1 import HTTP1ConnectionParameters
from http1 import HTTP1ServerConnection
from http1 import HTTPConnection
from http1 import HTTPHeaders
from http1 import HTTPMessageDelegate
from http1 import HTTPServerConnectionDelegate
from http1 import RequestStartLine
from http1 import ResponseStartLine
from httpserver import ConnectionContext
from httpserver import HTTPServer
from httpserver import HTTPServerRequest
from httpserver import TrustedProxies

Serving = Callable[[HTTPServer], AbstractAsyncContextManager[Any]]
Run = Callable[[Any], None]
Reply = Callable[..., None]


class Telling(asyncio.SelectorEventLoop):
    """A loop that counts what it was asked to watch."""

    def __init__(self) -> None:
        self.watched = 0
        super().__init__()

    def add_reader(self, *args: Any) -> None:  # type: ignore[override]  # they are passed on
        self.watched += 1
        super().add_reader(*args)


@pytest.mark.parametrize(("close", "watched"), [(True, 0), (False, 5)])
def test_who_wants_one_answer_gets_it_with_the_accept(
    close: bool, watched: int, reply: Reply
) -> None:
    """Only a connection that stays is one that the loop hears of."""
    request = b"GET / HTTP/1.1\r\nHost: a\r\n%s\r\n" % (b"Connection: close\r\n" if close else b"")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Telling)
        server = HTTPServer(lambda request: reply(request, b"hello"))
        server.listen(0, "127.0.0.1")
        before = loop.watched
        clients = [socket.create_connection(server.sockets[0].getsockname()) for _ in range(5)]
        for client in clients:
            client.send(request)
        while server.counters.accepted < 5:  # noqa: ASYNC110  # no event tells it
            await asyncio.sleep(0)
        assert loop.watched - before == watched
        await asyncio.sleep(0)  # what stays is answered at the end of the turn
        for client in clients:
            with client:
                assert client.recv(1000).endswith(b"\r\n\r\nhello")
                if close:
                    assert client.recv(1000) == b""
        await server.drain(0)

    with asyncio.Runner(loop_factory=Telling) as runner:
        runner.run(main())


class TestServing:
    def test_callback_gets_the_request(self, serving: Serving, run: Run, reply: Reply) -> None:
        seen: list[HTTPServerRequest] = []

        def callback(request: HTTPServerRequest) -> None:
            seen.append(request)
            reply(request, b"got " + request.body)

        async def main() -> None:
            async with serving(HTTPServer(callback)) as site:
                peer = await site.connect()
                answer = await peer.ask("POST", "/a?b=c", "X-Y: z", body=b"body")
                assert (answer.status, answer.body) == (200, b"got body")
                assert (await peer.ask("GET", "/again")).body == b"got "

        run(main())
        first, second = seen
        assert (first.method, first.uri, first.version) == ("POST", "/a?b=c", "HTTP/1.1")
        assert (first.path, first.query, first.body) == ("/a", "b=c", b"body")
        assert (first.headers["x-y"], first.host) == ("z", "a.example")
        assert (first.remote_ip, first.protocol) == ("127.0.0.1", "http")
        assert first.full_url() == "http://a.example/a?b=c"
        assert isinstance(first.server_connection, HTTP1ServerConnection)
        assert first.server_connection is second.server_connection
        assert second.arguments == {}

    @pytest.mark.parametrize(
        ("line", "url", "host_name"),
        [
            ("GET http://B.example:81/x?y HTTP/1.1", "http://B.example:81/x?y", "b.example"),
            ("GET http://b.example HTTP/1.1", "http://b.example/", "b.example"),
            ("OPTIONS * HTTP/1.1", "http://a.example", "a.example"),
            ("OPTIONS http://b.example HTTP/1.1", "http://b.example", "b.example"),
        ],
    )
    def test_forms_of_the_target(
        self, serving: Serving, run: Run, reply: Reply, line: str, url: str, host_name: str
    ) -> None:
        async def main() -> None:
            server = HTTPServer(
                lambda request: reply(request, f"{request.full_url()} {request.host_name}".encode())
            )
            async with serving(server) as site:
                peer = await site.connect()
                await peer.send(line.encode() + b"\r\nHost: a.example\r\n\r\n")
                assert (await peer.answer()).body.decode() == f"{url} {host_name}"

        run(main())

    @pytest.mark.parametrize(
        ("options", "status"),
        [({}, 421), ({"protocol": "http"}, 200), ({"xheaders": True}, 200)],
    )
    def test_target_of_the_other_scheme(
        self, serving: Serving, run: Run, reply: Reply, options: dict[str, Any], status: int
    ) -> None:
        async def main() -> None:
            async with serving(HTTPServer(reply, **options)) as site:
                peer = await site.connect()
                await peer.send(b"GET https://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n")
                assert (await peer.answer()).status == status

        run(main())

    def test_body_in_pieces_is_joined(self, serving: Serving, run: Run, reply: Reply) -> None:
        async def main() -> None:
            server = HTTPServer(lambda request: reply(request, request.body[::-1]))
            async with serving(server) as site:
                peer = await site.connect()
                await peer.send(
                    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                    b"1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n"
                )
                assert (await peer.answer()).body == b"fedcba"

        run(main())

    def test_delegate_instance(self, serving: Serving, run: Run) -> None:
        calls: list[object] = []

        class Message(HTTPMessageDelegate):
            def __init__(self, connection: HTTPConnection) -> None:
                self.connection = connection

            def headers_received(self, start_line: Any, headers: HTTPHeaders) -> None:
                calls.append(start_line)

            def data_received(self, chunk: bytes) -> None:
                calls.append(chunk)

            def finish(self) -> None:
                start_line = ResponseStartLine("HTTP/1.1", 204, "No Content")
                self.connection.write_headers(start_line, HTTPHeaders())
                self.connection.finish()

        class Delegate(HTTPServerConnectionDelegate):
            def start_request(
                self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection
            ) -> HTTPMessageDelegate:
                return Message(request_conn)

            def on_close(self, server_conn: HTTP1ServerConnection) -> None:
                calls.append("closed")

        async def main() -> None:
            async with serving(HTTPServer(Delegate())) as site:
                assert (await site.ask("PUT", "/x", body=b"abc")).status == 204

        run(main())
        assert calls == [RequestStartLine("PUT", "/x", "HTTP/1.1"), b"abc", "closed"]

    def test_subclass(self, serving: Serving, run: Run, reply: Reply) -> None:
        calls: list[str] = []

        class Counting(HTTPServer):
            def start_request(
                self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection
            ) -> HTTPMessageDelegate:
                calls.append("start_request")
                return super().start_request(server_conn, request_conn)

            def on_close(self, server_conn: HTTP1ServerConnection) -> None:
                calls.append("on_close")
                super().on_close(server_conn)

        async def main() -> None:
            async with serving(Counting(reply)) as site:
                peer = await site.connect()
                await peer.ask("GET", "/")
                await peer.ask("GET", "/")

        run(main())
        assert calls == ["start_request", "start_request", "on_close"]

    def test_objects_with_start_request_need_no_base_class(
        self, serving: Serving, run: Run, reply: Reply
    ) -> None:
        class Duck:
            def start_request(
                self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection
            ) -> HTTPMessageDelegate:
                class Message(HTTPMessageDelegate):
                    def finish(self) -> None:
                        reply(HTTPServerRequest(connection=request_conn), b"quack")

                return Message()

            def on_close(self, server_conn: HTTP1ServerConnection) -> None:
                pass

        async def main() -> None:
            async with serving(HTTPServer(Duck())) as site:
                assert (await site.ask("GET", "/")).body == b"quack"

        run(main())

    def test_several_servers_and_the_same_port_again(
        self, serving: Serving, run: Run, reply: Reply
    ) -> None:
        async def main() -> None:
            one = HTTPServer(lambda request: reply(request, b"one"))
            two = HTTPServer(lambda request: reply(request, b"two"))
            async with serving(one) as first, serving(two) as second:
                assert (await first.ask("GET", "/")).body == b"one"
                assert (await second.ask("GET", "/")).body == b"two"
                await one.drain()
                one.listen(first.port, "127.0.0.1")
                assert (await first.ask("GET", "/")).body == b"one"

        run(main())


class TestArguments:
    def test_no_keep_alive(self, serving: Serving, run: Run, reply: Reply) -> None:
        async def main() -> None:
            async with serving(HTTPServer(reply, no_keep_alive=True)) as site:
                peer = await site.connect()
                assert (await peer.ask("GET", "/")).headers["Connection"] == "close"
                assert await peer.rest() == b""

        run(main())

    def test_protocol(self, serving: Serving, run: Run, reply: Reply) -> None:
        async def main() -> None:
            server = HTTPServer(
                lambda request: reply(request, request.full_url().encode()), protocol="https"
            )
            async with serving(server) as site:
                assert (await site.ask("GET", "/x")).body == b"https://a.example/x"

        run(main())

    @pytest.mark.parametrize("decompress", [False, True])
    def test_decompress_request(
        self, serving: Serving, run: Run, reply: Reply, decompress: bool
    ) -> None:
        plain = b"a=1&" * 100
        packed = gzip.compress(plain)

        async def main() -> None:
            server = HTTPServer(
                lambda request: reply(request, request.body), decompress_request=decompress
            )
            async with serving(server) as site:
                answer = await site.ask("POST", "/", "Content-Encoding: gzip", body=packed)
                assert answer.body == (plain if decompress else packed)

        run(main())

    def test_chunk_size(self, serving: Serving, run: Run, reply: Reply) -> None:
        sizes: list[int] = []

        class Server(HTTPServer):
            def start_request(self, server_conn: Any, request_conn: Any) -> HTTPMessageDelegate:
                class Message(HTTPMessageDelegate):
                    def data_received(self, chunk: bytes) -> None:
                        sizes.append(len(chunk))

                    def finish(self) -> None:
                        reply(HTTPServerRequest(connection=request_conn))

                return Message()

        async def main() -> None:
            async with serving(Server(reply, chunk_size=100)) as site:
                await site.ask("POST", "/", body=b"x" * 1000)

        run(main())
        assert sum(sizes) == 1000
        assert max(sizes) <= 100

    def test_chunk_size_is_that_of_reads(self, serving: Serving, run: Run, reply: Reply) -> None:
        async def main() -> None:
            server = HTTPServer(
                lambda request: reply(
                    request,
                    str(request.connection.stream.read_chunk_size).encode(),  # type: ignore[union-attr]
                ),
                chunk_size=1234,
            )
            async with serving(server) as site:
                assert (await site.ask("GET", "/")).body == b"1234"

        run(main())

    def test_max_header_size(self, serving: Serving, run: Run, reply: Reply, caplog: Any) -> None:
        async def main() -> None:
            async with serving(HTTPServer(reply, max_header_size=1000)) as site:
                assert (await site.ask("GET", "/", "X: " + "y" * 900)).status == 200
                assert (await site.ask("GET", "/", "X: " + "y" * 1000)).status == 431

        run(main())

    @pytest.mark.parametrize("name", ["max_body_size", "max_buffer_size"])
    def test_max_body_size(
        self, serving: Serving, run: Run, reply: Reply, caplog: Any, name: str
    ) -> None:
        async def main() -> None:
            server = HTTPServer(reply, **{name: 1000})  # type: ignore[arg-type]
            async with serving(server) as site:
                assert (await site.ask("POST", "/", body=b"x" * 1000)).status == 200
                assert (await site.ask("POST", "/", body=b"x" * 1001)).status == 413

        run(main())

    def test_max_buffer_size_is_that_of_streams(
        self, serving: Serving, run: Run, reply: Reply
    ) -> None:
        async def main() -> None:
            server = HTTPServer(
                lambda request: reply(
                    request,
                    str(request.connection.stream.max_buffer_size).encode(),  # type: ignore[union-attr]
                ),
                max_buffer_size=12345,
                max_body_size=10**6,
            )
            async with serving(server) as site:
                assert (await site.ask("POST", "/", body=b"x" * 10**5)).body == b"12345"

        run(main())

    def test_idle_connection_timeout(self, serving: Serving, run: Run, reply: Reply) -> None:
        async def main() -> None:
            server = HTTPServer(reply, idle_connection_timeout=0.05)
            async with serving(server) as site:
                silent = await site.connect()
                assert await silent.rest() == b""
                peer = await site.connect()
                await peer.ask("GET", "/")
                assert await peer.rest() == b""
                await site.until(lambda: server.counters.idle_timeouts == 2)
                assert server.counters.header_timeouts == 0

        run(main())

    def test_body_timeout(self, serving: Serving, run: Run, reply: Reply, caplog: Any) -> None:
        async def main() -> None:
            server = HTTPServer(reply, body_timeout=0.05)
            async with serving(server) as site:
                peer = await site.connect()
                await peer.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345")
                assert (await peer.answer()).status == 408
                peer.close()
                await site.until(lambda: server.counters.body_timeouts == 1)
                assert server.counters.idle_timeouts == 0

        run(main())

    def test_parameters(self, serving: Serving, run: Run, reply: Reply, caplog: Any) -> None:
        async def main() -> None:
            server = HTTPServer(reply, parameters=HTTP1ConnectionParameters(max_header_count=2))
            async with serving(server) as site:
                assert (await site.ask("GET", "/", "A: b")).status == 200
                assert (await site.ask("GET", "/", "A: b", "C: d")).status == 431

        run(main())

    def test_tcp_options(self, serving: Serving, run: Run, reply: Reply) -> None:
        async def main() -> None:
            server = HTTPServer(
                lambda request: reply(request, str(request.remote_ip).encode()),
                proxy_protocol=True,
                proxy_networks=["127.0.0.1"],
            )
            async with serving(server) as site:
                peer = await site.connect()
                await peer.send(b"PROXY TCP4 192.0.2.1 127.0.0.1 5000 80\r\n")
                assert (await peer.ask("GET", "/")).body == b"192.0.2.1"

        run(main())

    def test_defaults_are_safe(self, reply: Reply) -> None:
        parameters = HTTPServer(reply).parameters
        assert parameters.header_timeout == 30
        assert parameters.idle_timeout == 75
        assert parameters.min_body_rate > 0
        assert 0 < parameters.write_timeout < 600
        assert parameters.max_body_size == 100 * 1024 * 1024
        assert parameters.limits.max_header_size == 64 * 1024
        assert parameters.limits.max_header_count == 100

    @pytest.mark.parametrize(
        ("arguments", "error", "words"),
        [
            ({"protocol": "ftp"}, ValueError, "protocol must be"),
            ({"parameters": 5}, TypeError, "parameters must be HTTP1ConnectionParameters"),
            ({"access_log": 5}, TypeError, "access_log is called"),
            ({"max_body_size": True}, TypeError, "max_body_size is a whole number of bytes"),
            ({"xheaders": "yes"}, TypeError, "xheaders must be"),
            ({"trusted_downstream": ["nowhere.example"]}, ValueError, "nowhere.example"),
            (
                {"xheaders": TrustedProxies([]), "trusted_downstream": ["::1"]},
                ValueError,
                "trusted_downstream",
            ),
            ({"max_header_size": 0}, ValueError, "max_header_size"),
            ({"max_body_size": -1}, ValueError, "max_body_size"),
            ({"chunk_size": 0}, ValueError, "chunk_size"),
            ({"body_timeout": 0}, ValueError, "body_timeout"),
            ({"idle_connection_timeout": -1}, ValueError, "idle_timeout"),
            ({"no_keep_alive": "no"}, TypeError, "no_keep_alive|bool"),
            ({"decompress_request": "no"}, TypeError, "decompress|bool"),
            ({"max_body_size": "1 MB"}, TypeError, "max_body_size|int"),
            ({"idle_connection_timeout": "75"}, TypeError, "idle_timeout|float"),
            ({"ssl_options": {}}, ValueError, "certfile"),
            ({"ssl_options": {"cert_file": "a.pem"}}, ValueError, "cert_file"),
            ({"ssl_options": "a.pem"}, TypeError, "a.pem"),
            ({"ssl_options": {"certfile": "/nowhere.pem"}}, OSError, None),
            (
                {"parameters": HTTP1ConnectionParameters(), "body_timeout": 5},
                ValueError,
                "not both",
            ),
            (
                {"parameters": HTTP1ConnectionParameters(), "no_keep_alive": True},
                ValueError,
                "not both",
            ),
            ({"proxy_protocol": True}, ValueError, "proxy_networks"),
            ({"header_timeout": 3}, TypeError, "header_timeout"),
        ],
        ids=str,
    )
    def test_wrong_values_are_refused_in_words(
        self, reply: Reply, arguments: dict[str, Any], error: type[Exception], words: str | None
    ) -> None:
        with pytest.raises(error, match=words):
            HTTPServer(reply, **arguments)

    def test_request_callback_has_to_be_callable(self) -> None:
        with pytest.raises(TypeError, match="a function that takes a request"):
            HTTPServer("app")  # type: ignore[arg-type]


class TestProxies:
    @staticmethod
    def server(reply: Reply, **arguments: Any) -> HTTPServer:
        return HTTPServer(
            lambda request: reply(request, f"{request.protocol} {request.remote_ip}".encode()),
            **arguments,
        )

    def test_without_xheaders(self, serving: Serving, run: Run, reply: Reply) -> None:
        async def main() -> None:
            async with serving(self.server(reply)) as site:
                answer = await site.ask("GET", "/", "X-Real-Ip: 192.0.2.1", "X-Scheme: https")
                assert answer.body == b"http 127.0.0.1"

        run(main())

    def test_each_request_has_its_own_client(
        self, serving: Serving, run: Run, reply: Reply
    ) -> None:
        async def main() -> None:
            async with serving(self.server(reply, xheaders=True)) as site:
                peer = await site.connect()
                for lines, expected in [
                    (["X-Real-Ip: 192.0.2.1", "X-Scheme: https"], b"https 192.0.2.1"),
                    ([], b"http 127.0.0.1"),
                    (["X-Forwarded-For: ::1, 2001:db8::1"], b"http 2001:db8::1"),
                    (["X-Real-Ip: nobody"], b"http 127.0.0.1"),
                ]:
                    assert (await peer.ask("GET", "/", *lines)).body == expected

        run(main())

    def test_trusted_downstream(self, serving: Serving, run: Run, reply: Reply) -> None:
        field = "X-Forwarded-For: 198.51.100.1, 192.0.2.1, 10.0.0.1"

        async def main() -> None:
            near = self.server(reply, xheaders=True, trusted_downstream=["127.0.0.0/8", "10.0.0.1"])
            far = self.server(reply, xheaders=True, trusted_downstream=["10.0.0.1"])
            async with serving(near) as one, serving(far) as other:
                assert (await one.ask("GET", "/", field)).body == b"http 192.0.2.1"
                assert (await other.ask("GET", "/", field)).body == b"http 127.0.0.1"

        run(main())

    def test_policy(self, serving: Serving, run: Run, reply: Reply) -> None:
        async def main() -> None:
            policy = TrustedProxies(["127.0.0.1"], header="Forwarded")
            async with serving(self.server(reply, xheaders=policy)) as site:
                answer = await site.ask(
                    "GET", "/", 'Forwarded: for="[2001:db8::1]:4711";proto=https', "X-Real-Ip: ::2"
                )
                assert answer.body == b"https 2001:db8::1"

        run(main())

    def test_subclass_that_gives_its_own_delegates(
        self, serving: Serving, run: Run, reply: Reply
    ) -> None:
        class Server(HTTPServer):
            def start_request(self, server_conn: Any, request_conn: Any) -> HTTPMessageDelegate:
                class Message(HTTPMessageDelegate):
                    def finish(self) -> None:
                        request = HTTPServerRequest(connection=request_conn)
                        reply(request, str(request_conn.context).encode())

                return Message()

        async def main() -> None:
            async with serving(Server(reply, xheaders=True)) as site:
                assert (await site.ask("GET", "/", "X-Real-Ip: 192.0.2.1")).body == b"192.0.2.1"

        run(main())

    def test_unix_socket(self, run: Run, reply: Reply, tmp_path: Path) -> None:
        from netsock import bind_unix_socket

        async def ask(path: str, *lines: str) -> bytes:
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write("\r\n".join(["GET / HTTP/1.0", *lines, "", ""]).encode())
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
            return answer.partition(b"\r\n\r\n")[2]

        async def main() -> None:
            path = str(tmp_path / "socket")
            server = self.server(reply, xheaders=TrustedProxies(["unix"]))
            server.add_socket(bind_unix_socket(path))
            assert await ask(path) == b"http unix"
            assert await ask(path, "X-Forwarded-For: 192.0.2.1") == b"http 192.0.2.1"
            await server.drain()

        run(main())


class TestTLS:
    @pytest.mark.parametrize("as_context", [False, True])
    def test_request_over_tls(
        self, serving: Serving, run: Run, reply: Reply, certificate: Any, as_context: bool
    ) -> None:
        options: Any = certificate._asdict()
        if as_context:
            options = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            options.load_cert_chain(certificate.certfile, certificate.keyfile)

        async def main() -> None:
            server = HTTPServer(
                lambda request: reply(request, request.full_url().encode()), ssl_options=options
            )
            async with serving(server) as site:
                peer = await site.connect(certificate.client())
                assert (await peer.ask("GET", "/x")).body == b"https://a.example/x"
                assert (await peer.ask("GET", "/y")).body == b"https://a.example/y"

        run(main())

    def test_client_certificate(
        self, serving: Serving, run: Run, reply: Reply, certificate: Any
    ) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificate.certfile)
        context.load_cert_chain(certificate.certfile, certificate.keyfile)
        context.verify_mode = ssl.CERT_OPTIONAL
        seen: list[Any] = []

        def callback(request: HTTPServerRequest) -> None:
            seen.append(request.get_ssl_certificate())
            seen.append(request.get_ssl_certificate(binary_form=True))
            reply(request)

        async def main() -> None:
            async with serving(HTTPServer(callback, ssl_options=context)) as site:
                for present in (True, False):
                    peer = await site.connect(certificate.client(present=present))
                    await peer.ask("GET", "/")

        run(main())
        named, der, nothing, no_der = seen
        assert named["subject"] == ((("commonName", "a.example"),),)
        assert der == ssl.PEM_cert_to_DER_cert(Path(certificate.certfile).read_text())
        assert not nothing
        assert no_der is None

    @pytest.mark.parametrize("method", ["GET", "POST", "CONNECT"])
    def test_plain_http_is_told_so(
        self, serving: Serving, run: Run, reply: Reply, certificate: Any, caplog: Any, method: str
    ) -> None:
        async def main() -> None:
            async with serving(HTTPServer(reply, ssl_options=certificate._asdict())) as site:
                peer = await site.connect()
                answer = await peer.ask(method, "/", body=b"x" * 20_000)
                assert (answer.status, answer.headers["Connection"]) == (400, "close")
                assert b"https://" in answer.body
                assert "Date" in answer.headers
                assert await peer.rest() == b""

        run(main())
        assert len(caplog.records) == 1

    def test_peer_that_goes_away_before_the_handshake(
        self, serving: Serving, run: Run, reply: Reply, certificate: Any, caplog: Any
    ) -> None:
        async def main() -> None:
            server = HTTPServer(reply, ssl_options=certificate._asdict())
            async with serving(server) as site:
                peer = await site.connect()
                await site.until(lambda: server.connections == 1)
                peer.close()
                await site.until(lambda: server.counters.tls_failures == 1)
                assert server.connections == 0

        run(main())
        assert not [record for record in caplog.records if record.exc_info]

    def test_no_certificate_without_tls(self, serving: Serving, run: Run, reply: Reply) -> None:
        async def main() -> None:
            server = HTTPServer(
                lambda request: reply(request, repr(request.get_ssl_certificate()).encode())
            )
            async with serving(server) as site:
                assert (await site.ask("GET", "/")).body == b"None"

        run(main())


class TestConfigure:
    def test_implementation_and_arguments(self, serving: Serving, run: Run, reply: Reply) -> None:
        class Named(HTTPServer):
            def __init__(self, *args: Any, name: str = "unnamed", **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                self.name = name

        try:
            HTTPServer.configure(Named, name="default", no_keep_alive=True)
            server = HTTPServer(reply)
            assert isinstance(server, Named)
            assert server.name == "default"
            assert server.parameters.no_keep_alive
            other = HTTPServer(reply, name="given", no_keep_alive=False)  # type: ignore[call-arg]
            assert isinstance(other, Named)
            assert other.name == "given"
            assert not other.parameters.no_keep_alive
            assert Named(reply).name == "unnamed"
        finally:
            HTTPServer.configure(None)
        assert type(HTTPServer(reply)) is HTTPServer

    def test_by_name(self, reply: Reply) -> None:
        try:
            HTTPServer.configure("httpserver.HTTPServer", max_body_size=5)
            assert HTTPServer(reply).parameters.max_body_size == 5
        finally:
            HTTPServer.configure(None)
        assert HTTPServer(reply).parameters.max_body_size > 5

    @pytest.mark.parametrize("wrong", [int, "builtins.len", HTTPMessageDelegate])
    def test_only_subclasses(self, wrong: Any) -> None:
        with pytest.raises(TypeError, match="is not a subclass of HTTPServer"):
            HTTPServer.configure(wrong)


def test_context_of_a_connection() -> None:
    context = ConnectionContext.of_peer(("2001:db8::1", 80, 0, 0), "https")
    assert (str(context), context.address_family) == ("2001:db8::1", socket.AF_INET6)
    assert ConnectionContext.of_peer(("192.0.2.1", 80), "http").address_family == socket.AF_INET
    unix = ConnectionContext.of_peer("", "http")
    assert (unix.remote_ip, unix.address_family) == ("unix", None)
    assert repr(unix) == "ConnectionContext(remote_ip='unix', protocol='http', address='')"
