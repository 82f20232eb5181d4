import asyncio
import ssl
from pathlib import Path

import pytest

from iostream import IOStream
from iostream import SSLIOStream
from tcpserver import Drained
from tcpserver import TCPServer
from tcpserver import _server

from .talk import HOST
from .talk import Client
from .talk import Echo
from .talk import Recorder
from .talk import connect
from .talk import until

pytestmark = pytest.mark.usefixtures("each_loop")

CERTIFICATES = Path(__file__).with_name("certificates")


def pair(name: str) -> dict[str, str]:
    return {
        "certfile": str(CERTIFICATES / f"{name}.pem"),
        "keyfile": str(CERTIFICATES / f"{name}.key"),
    }


def server_context(name: str = "localhost") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(**pair(name))
    return context


def client_context(*alpn: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(CERTIFICATES / "ca.pem"))
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


def subject(client: Client) -> str:
    certificate = client.writer.get_extra_info("peercert")
    return str(certificate["subject"][0][0][1])


@pytest.mark.parametrize("options", [server_context(), pair("localhost")], ids=["context", "dict"])
def test_echo(options: ssl.SSLContext | dict[str, str]) -> None:
    async def main() -> None:
        async with Echo(ssl_options=options) as server:
            server.listen(0, HOST)
            client = await connect(server, context=client_context())
            assert await client.say(b"secret\n") == b"secret\n"
            assert server.connections == 1
            await client.close()
        assert server.counters.tls_failures == 0
        assert server.counters.bytes_received == 7  # of plain text

    asyncio.run(main())


def test_handle_stream_is_called_after_the_handshake() -> None:
    async def main() -> None:
        async with Recorder(ssl_options=server_context()) as server:
            server.listen(0, HOST)
            client = await connect(server, context=client_context())
            stream, address = await server.got.get()
            assert isinstance(stream, SSLIOStream)
            assert address == client.writer.get_extra_info("sockname")
            assert stream.ssl_object is not None
            assert stream.ssl_object.cipher() == client.writer.get_extra_info("cipher")
            stream.close()
            await client.close()

    asyncio.run(main())


# Options, checked in the constructor


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"certfile": "/no/such/file.pem"}, FileNotFoundError, "No such file"),
        ({"certfile": str(CERTIFICATES / "make.sh")}, ssl.SSLError, "SSL"),
        (
            {**pair("localhost"), "keyfile": pair("other.test")["keyfile"]},
            ssl.SSLError,
            "(?i)mismatch",
        ),
        ({}, ValueError, "no certfile"),
        ({"keyfile": pair("localhost")["keyfile"]}, ValueError, "no certfile"),
        ({"cert_file": "localhost.pem"}, ValueError, "unknown ssl_options: cert_file"),
        ("localhost.pem", TypeError, "SSLContext or a dict, not 'localhost.pem'"),
        ({**pair("localhost"), "ca_certs": "/no/such/ca.pem"}, FileNotFoundError, "No such file"),
        (ssl.create_default_context(), ValueError, "a context for clients"),
    ],
)
def test_bad_options(options: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        TCPServer(ssl_options=options)  # type: ignore[arg-type]  # some are nonsense


# Clients that cannot shake hands


async def failed_handshake(
    server: TCPServer, caplog: pytest.LogCaptureFixture, reason: str
) -> None:
    """One line in the log, without a traceback, and the server goes on."""
    await until(lambda: server.counters.tls_failures)
    assert server.counters.tls_failures == 1
    (record,) = [r for r in caplog.records if r.name.startswith("tcpserver")]
    assert record.getMessage().startswith("TLS handshake with 127.0.0.1:")
    assert reason in record.getMessage()
    assert record.exc_info is None
    assert server.connections == 0


@pytest.mark.parametrize(
    "hello",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        bytes(100),
        b"SSH-2.0-x\r\n",
        b"\x16\x03\x01\x00\x05hello",
    ],
    ids=["http", "zeros", "ssh", "broken hello"],
)
def test_plain_text_and_garbage(hello: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with Echo(ssl_options=server_context()) as server:
            server.listen(0, HOST)
            client = await connect(server)
            client.writer.write(hello)
            await failed_handshake(server, caplog, "failed: ")
            await client.close()
            good = await connect(server, context=client_context())
            assert await good.say(b"x\n") == b"x\n"
            await good.close()

    asyncio.run(main())


def test_old_version(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        strict = server_context()
        strict.minimum_version = ssl.TLSVersion.TLSv1_3
        old = client_context()
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        async with Echo(ssl_options=strict) as server:
            server.listen(0, HOST)
            with pytest.raises(ssl.SSLError):
                await connect(server, context=old)
            await failed_handshake(server, caplog, "unsupported protocol")

    asyncio.run(main())


def mutual() -> ssl.SSLContext:
    context = server_context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(CERTIFICATES / "ca.pem")
    return context


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [(None, "peer did not return a certificate"), ("stranger", "certificate verify failed")],
)
def test_client_certificate_missing_or_wrong(
    certificate: str | None, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        context = client_context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # the client hears of it in the handshake
        if certificate:
            context.load_cert_chain(**pair(certificate))
        async with Echo(ssl_options=mutual()) as server:
            server.listen(0, HOST)
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await connect(server, context=context)
            await failed_handshake(server, caplog, reason)

    asyncio.run(main())


def test_client_certificate_is_readable() -> None:
    async def main() -> None:
        context = client_context()
        context.load_cert_chain(**pair("client"))
        async with Recorder(ssl_options=mutual()) as server:
            server.listen(0, HOST)
            client = await connect(server, context=context)
            stream, _ = await server.got.get()
            assert isinstance(stream, SSLIOStream)
            assert stream.ssl_object is not None
            certificate = stream.ssl_object.getpeercert()
            assert certificate is not None
            assert certificate["subject"] == ((("commonName", "client"),),)
            stream.close()
            await client.close()

    asyncio.run(main())


def test_a_client_that_goes_away_in_the_handshake_is_not_told() -> None:
    """`_no_unexpected_log` sees that nothing is logged."""

    async def main() -> None:
        async with Echo(ssl_options=server_context()) as server:
            server.listen(0, HOST)
            client = await connect(server)
            await client.close()
            await until(lambda: server.counters.tls_failures)
            assert server.connections == 0

    asyncio.run(main())


def test_silent_clients_are_gone_after_the_timeout(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with Echo(ssl_options=server_context(), ssl_handshake_timeout=0.05) as server:
            server.listen(0, HOST)
            silent = [await connect(server) for _ in range(3)]
            served = await connect(server, context=client_context())
            assert await served.say(b"x\n") == b"x\n"
            for client in silent:
                assert await client.reader.read() == b""
                await client.close()
            assert server.counters.handshake_timeouts == 3
            assert server.counters.tls_failures == 0
            assert await served.say(b"x\n") == b"x\n"  # the clock is of the handshake only
            assert server.connections == 1
            await served.close()

    asyncio.run(main())
    assert len(caplog.records) == 3
    assert "took too long" in caplog.text


def test_drain_during_a_handshake() -> None:
    async def main() -> None:
        server = Echo(ssl_options=server_context())
        server.listen(0, HOST)
        client = await connect(server)
        await until(lambda: server.connections)
        assert (await server.drain(0)).cut == 1
        assert server.connections == 0
        await client.close()

    asyncio.run(main())


def test_a_drain_does_not_wait_for_the_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_server, "_NEWCOMER_GRACE", 0.01)

    async def main() -> None:
        server = Echo(ssl_options=server_context(), drain_timeout=3600)
        server.listen(0, HOST)
        silent = await connect(server)
        served = await connect(server, context=client_context())
        assert await served.say(b"x\n") == b"x\n"
        await until(lambda: server.connections == 2)
        draining = asyncio.ensure_future(server.drain())
        assert await silent.reader.read() == b""
        assert await served.say(b"y\n") == b"y\n"
        await served.close()
        assert await draining == Drained(finished=2, cut=0)
        assert server.counters.tls_failures == 0
        await silent.close()

    asyncio.run(main())


# Names, protocols, new certificates


def test_sni_chooses_the_certificate() -> None:
    others = {"other.test": server_context("other.test")}

    def choose(connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        if name in others:
            connection.context = others[name]

    async def main() -> None:
        context = server_context()
        context.sni_callback = choose
        async with Echo(ssl_options=context) as server:
            server.listen(0, HOST)
            for name in ("localhost", "other.test"):
                client = await connect(server, context=client_context(), name=name)
                assert subject(client) == name
                await client.close()

    asyncio.run(main())


def test_alpn() -> None:
    async def main() -> None:
        context = server_context()
        context.set_alpn_protocols(["chat/2", "chat/1"])
        async with Recorder(ssl_options=context) as server:
            server.listen(0, HOST)
            client = await connect(server, context=client_context("chat/1", "other"))
            stream, _ = await server.got.get()
            assert isinstance(stream, SSLIOStream)
            assert stream.ssl_object is not None
            assert stream.ssl_object.selected_alpn_protocol() == "chat/1"
            stream.close()
            await client.close()

    asyncio.run(main())


def test_reload_certificates(tmp_path: Path) -> None:
    def install(name: str) -> None:
        for kind, source in pair(name).items():
            (tmp_path / kind).write_bytes(Path(source).read_bytes())

    async def main() -> None:
        install("localhost")
        options = {"certfile": str(tmp_path / "certfile"), "keyfile": str(tmp_path / "keyfile")}
        async with Echo(ssl_options=options) as server:
            server.listen(0, HOST)
            before = await connect(server, context=client_context())
            assert subject(before) == "localhost"
            install("other.test")
            server.reload_certificates()
            after = await connect(server, context=client_context(), name="other.test")
            assert subject(after) == "other.test"
            assert await before.say(b"x\n") == b"x\n"  # is not disturbed

            (tmp_path / "keyfile").write_text("not a key")
            with pytest.raises(ssl.SSLError):
                server.reload_certificates()
            still = await connect(server, context=client_context(), name="other.test")
            for client in (before, after, still):
                await client.close()

    asyncio.run(main())


def test_reload_of_a_context() -> None:
    async def main() -> None:
        async with Echo(ssl_options=server_context()) as server:
            server.listen(0, HOST)
            with pytest.raises(ValueError, match="does not know its files"):
                server.reload_certificates()
            server.reload_certificates(server_context("other.test"))
            client = await connect(server, context=client_context(), name="other.test")
            await client.close()

    asyncio.run(main())


def test_reload_without_tls() -> None:
    with pytest.raises(ValueError, match="no ssl_options"):
        TCPServer().reload_certificates()


def test_a_handler_that_fails_under_tls(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(TCPServer):
        async def handle_stream(self, stream: IOStream, address: object) -> None:
            raise RuntimeError("oops")

    async def main() -> None:
        async with Failing(ssl_options=server_context()) as server:
            server.listen(0, HOST)
            client = await connect(server, context=client_context())
            assert await client.reader.read() == b""
            await client.close()

    asyncio.run(main())
    assert "handle_stream failed" in caplog.text
