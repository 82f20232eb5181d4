import asyncio
import ssl

import pytest

from iostream import IOStream
from tcpserver import ProxyHeader
from tcpserver import ServerStream
from tcpserver import ServerTLSStream
from tcpserver import TCPServer
from tcpserver._proxy_gate import TrustedProxies

from .talk import HOST
from .talk import Client
from .talk import Recorder
from .talk import connect
from .talk import until
from .test_proxy_header import V4
from .test_proxy_header import tlv
from .test_proxy_header import v2
from .test_tls import client_context
from .test_tls import server_context

pytestmark = pytest.mark.usefixtures("each_loop")

V1 = b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n"
V2 = v2(0x11, V4 + tlv(1, b"chat"))


def behind_proxy(**options: object) -> Recorder:
    return Recorder(proxy_protocol=True, proxy_networks=["127.0.0.0/8"], **options)


@pytest.mark.parametrize("header", [V1, V2], ids=["v1", "v2"])
def test_address_is_the_clients_and_what_follows_is_the_streams(header: bytes) -> None:
    async def main() -> None:
        async with behind_proxy() as server:
            server.listen(0, HOST)
            client = await connect(server)
            client.writer.write(header + b"hello\n")
            stream, address = await server.got.get()
            assert address == ("192.0.2.1", 56324)
            assert await stream.read_until(b"\n") == b"hello\n"
            assert isinstance(stream, ServerStream)
            assert stream.proxy_header is not None
            assert stream.proxy_header.destination == ("192.0.2.2", 443)
            if header is V2:
                assert stream.proxy_header.tlvs == ((1, b"chat"),)
            stream.close()
            await client.close()
            assert server.connections == 0

    asyncio.run(main())


@pytest.mark.parametrize("header", [V1, V2], ids=["v1", "v2"])
def test_byte_by_byte(header: bytes) -> None:
    async def main() -> None:
        async with behind_proxy() as server:
            server.listen(0, HOST)
            client = await connect(server)
            client.writer.get_extra_info("socket").setsockopt(6, 1, 1)
            for byte in header + b"hello\n":
                client.writer.write(bytes([byte]))
                for _ in range(3):
                    await asyncio.sleep(0)
            stream, address = await server.got.get()
            assert address == ("192.0.2.1", 56324)
            assert await stream.read_until(b"\n") == b"hello\n"
            stream.close()
            await client.close()

    asyncio.run(main())


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", v2(0, b"", 0x20)], ids=["v1", "v2"])
def test_a_proxy_that_speaks_for_itself(header: bytes) -> None:
    async def main() -> None:
        async with behind_proxy() as server:
            server.listen(0, HOST)
            client = await connect(server)
            client.writer.write(header)
            stream, address = await server.got.get()
            assert address == client.writer.get_extra_info("sockname")
            stream.close()
            await client.close()

    asyncio.run(main())


def test_a_tls_hello_in_the_same_segment() -> None:
    async def main() -> None:
        async with behind_proxy(ssl_options=server_context()) as server:
            server.listen(0, HOST)
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = client_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
            with pytest.raises(ssl.SSLWantReadError):
                tls.do_handshake()
            client = await connect(server)
            client.writer.write(V2 + outgoing.read())
            incoming.write(await client.reader.read(65536))
            tls.do_handshake()
            tls.write(b"secret\n")
            client.writer.write(outgoing.read())
            stream, address = await server.got.get()
            assert address == ("192.0.2.1", 56324)
            assert isinstance(stream, ServerTLSStream)
            assert stream.proxy_header is not None
            assert await stream.read_until(b"\n") == b"secret\n"
            stream.close()
            await client.close()

    asyncio.run(main())


async def refused(client: Client, server: TCPServer) -> None:
    """Closed without an answer."""
    try:
        assert await client.reader.read() == b""
    except ConnectionResetError:  # closed with bytes unread
        pass
    await client.close()
    assert server.connections == 0


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "no PROXY header"),
        (b"PROXY TCP4 1 2 3 4\r\n", "not a port"),
        (b"PROXY TCP4 x 192.0.2.2 1 2\r\n", "not an IPv4 address"),
    ],
)
def test_malformed(header: bytes, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with behind_proxy() as server:
            server.listen(0, HOST)
            client = await connect(server)
            client.writer.write(header)
            await refused(client, server)
            assert server.counters.refused == 1
            assert server.got.empty()

    asyncio.run(main())
    (record,) = caplog.records
    assert record.getMessage().startswith("refused 127.0.0.1:")


def test_from_a_stranger(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with Recorder(proxy_protocol=True, proxy_networks=["10.0.0.0/8"]) as server:
            server.listen(0, HOST)
            client = await connect(server)
            await refused(client, server)
            assert server.counters.refused == 1

    asyncio.run(main())
    assert "not a trusted proxy" in caplog.text


def test_in_time(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with behind_proxy(proxy_timeout=0.02) as server:
            server.listen(0, HOST)
            client = await connect(server)
            client.writer.write(V1[:10])
            await refused(client, server)
            assert server.counters.proxy_timeouts == 1
            assert server.counters.refused == 0

    asyncio.run(main())
    assert "no PROXY header in time" in caplog.text


def test_a_health_check_that_only_connects_is_not_told() -> None:
    async def main() -> None:
        async with behind_proxy() as server:
            server.listen(0, HOST)
            client = await connect(server)
            await client.close()
            await until(lambda: server.counters.accepted and not server.connections)

    asyncio.run(main())


def test_reset(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with behind_proxy() as server:
            server.listen(0, HOST)
            client = await connect(server)
            await until(lambda: server.connections)
            client.writer.transport.abort()
            await until(lambda: not server.connections)

    asyncio.run(main())


def test_drain_closes_those_who_wait() -> None:
    async def main() -> None:
        server = behind_proxy(drain_timeout=0)
        server.listen(0, HOST)
        client = await connect(server)
        await until(lambda: server.connections)
        assert (await server.drain()).cut == 1
        await refused(client, server)

    asyncio.run(main())


def test_they_count_for_max_connections() -> None:
    async def main() -> None:
        async with behind_proxy(max_connections=1) as server:
            server.listen(0, HOST)
            first = await connect(server)
            second = await connect(server)
            second.writer.write(V1)
            await until(lambda: server.connections)
            for _ in range(10):
                await asyncio.sleep(0)
            assert server.counters.accepted == 1
            await first.close()
            (await server.got.get())[0].close()
            await second.close()

    asyncio.run(main())


def test_nobody_to_believe() -> None:
    with pytest.raises(ValueError, match="proxy_networks"):
        TCPServer(proxy_protocol=True)


@pytest.mark.parametrize("network", ["10.0.0.1/8", "proxy.example", ""])
def test_networks_are_checked(network: str) -> None:
    with pytest.raises(ValueError, match=r"network|host bits"):
        TCPServer(proxy_protocol=True, proxy_networks=[network])


def test_trusted_proxies() -> None:
    trusted = TrustedProxies(["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "fe80::/10"])
    assert ("10.1.2.3", 1) in trusted
    assert ("192.0.2.1", 1) in trusted
    assert ("192.0.2.2", 1) not in trusted
    assert ("2001:db8::1", 1, 0, 0) in trusted
    assert ("::ffff:10.1.2.3", 1, 0, 0) in trusted
    assert ("::ffff:11.1.2.3", 1, 0, 0) not in trusted
    assert ("fe80::1%eth0", 1, 0, 2) in trusted
    assert "" not in trusted
    assert "" in TrustedProxies(["unix"])
    assert ("127.0.0.1", 1) not in TrustedProxies(["unix"])
    assert not TrustedProxies([])


def test_exported_types() -> None:
    assert ProxyHeader(1, None, None).tlvs == ()
    assert issubclass(ServerStream, IOStream)
