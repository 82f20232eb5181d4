"""TLS: both sides, both versions, the ways in which it fails, and STARTTLS."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from collections.abc import Coroutine
from typing import Any

import pytest

from iostream import IOStream
from iostream import SSLIOStream
from iostream import StreamClosedError
from iostream import ssl_options_to_context
from iostream.testing import Recorder

Run = Callable[[Coroutine[Any, Any, None]], None]
Contexts = tuple[ssl.SSLContext, ssl.SSLContext]


@pytest.fixture(params=["1.2", "1.3"])
def contexts(request: pytest.FixtureRequest, certificate: tuple[str, str]) -> Contexts:
    """For the server and the client, of one version of TLS."""
    certfile, keyfile = certificate
    server = ssl_options_to_context({"certfile": certfile, "keyfile": keyfile}, server_side=True)
    client = ssl_options_to_context({"ca_certs": certfile}, server_side=False)
    version = ssl.TLSVersion.TLSv1_2 if request.param == "1.2" else ssl.TLSVersion.TLSv1_3
    server.minimum_version = server.maximum_version = version
    return server, client


def pair(contexts: Contexts, name: str | None = "localhost") -> tuple[SSLIOStream, SSLIOStream]:
    """A server and a client, whose handshake is on its way."""
    near, far = socket.socketpair()
    return (
        SSLIOStream(near, ssl_options=contexts[0], server_side=True),
        SSLIOStream(far, ssl_options=contexts[1], server_hostname=name),
    )


async def shaken(contexts: Contexts) -> tuple[SSLIOStream, SSLIOStream]:
    """A server and a client that have shaken hands."""
    server, client = pair(contexts)
    assert await server.wait_for_handshake() is server
    assert await client.wait_for_handshake() is client
    return server, client


def test_what_is_started_before_the_handshake_waits_for_it(run: Run, contexts: Contexts) -> None:
    async def test() -> None:
        server, client = pair(contexts)
        write = client.write(b"hello\n")
        assert not write.done()
        assert await server.read_until(b"\n") == b"hello\n"
        await write
        assert client.ssl_object is not None
        assert client.ssl_object.version() == contexts[0].minimum_version.name.replace("_", ".")
        assert await client.wait_for_handshake() is client
        server.close()
        client.close()

    run(test())


class Flagged(socket.socket):
    """Writes down with which flags is sent."""

    flags: list[int]

    def send(self, data: Any, flags: int = 0) -> int:
        self.flags.append(flags)
        return super().send(data, flags)


@pytest.mark.skipif(not hasattr(socket, "MSG_MORE"), reason="Linux only")
def test_the_last_record_leaves_together_with_the_farewell(run: Run, contexts: Contexts) -> None:
    async def test() -> None:
        near, far = socket.socketpair()
        ours = Flagged(near.family, near.type, near.proto, near.detach())
        ours.flags = []
        server = SSLIOStream(ours, ssl_options=contexts[0], server_side=True)
        client = SSLIOStream(far, ssl_options=contexts[1], server_hostname="localhost")
        await server.wait_for_handshake()
        await client.wait_for_handshake()
        server.write(b"first ")
        assert set(ours.flags) == {0}
        ours.flags.clear()
        server.cork()
        server.write(b"last")
        server.shutdown_write()
        server.uncork()
        assert ours.flags == [socket.MSG_MORE] * 2
        assert await client.read_until_close() == b"first last"
        server.close()

    run(test())


def test_every_size_of_write(run: Run, contexts: Contexts) -> None:
    """Around the size of a record, and of what is encrypted at a time."""

    async def test() -> None:
        server, client = await shaken(contexts)
        for size in (1, 2, 16383, 16384, 16385, 131071, 131072, 131073, 1048577, 5_000_000):
            data = bytes(index & 255 for index in range(256)) * (size // 256 + 1)
            write = server.write(data[:size])
            assert await client.read_bytes(size) == data[:size]
            await write
        for byte in b"one at a time":
            client.write(bytes([byte]))
        assert await server.read_bytes(13) == b"one at a time"
        for size in (1, 100, 16384, 20_000):
            buffer = bytearray(size)
            write = server.write(b"y" * 50_000)
            assert await client.read_into(buffer) == size
            assert buffer == b"y" * size
            assert await client.read_bytes(50_000 - size) == b"y" * (50_000 - size)
        server.close()
        client.close()

    run(test())


def test_the_rest_of_a_record_is_not_forgotten(run: Run, contexts: Contexts) -> None:
    """No event tells of what OpenSSL has and the kernel has not any more."""

    async def test() -> None:
        server, client = await shaken(contexts)
        await server.write(b"a" * 16000)
        for _ in range(160):
            assert await client.read_bytes(100) == b"a" * 100
        await server.write(b"b" * 16000)
        assert await client.read_into(bytearray(10)) == 10
        recorder = Recorder()
        client.set_receiver(recorder)
        await recorder.until_data(15990)
        client.pause_reading()
        server.write(b"c" * 10)
        server.close()
        for _ in range(5):
            await asyncio.sleep(0)
        client.resume_reading()
        await recorder.until_event("eof")
        assert len(recorder.data) == 16000
        client.close()

    run(test())


def test_a_read_of_small_chunks(run: Run, contexts: Contexts) -> None:
    async def test() -> None:
        near, far = socket.socketpair()
        server = SSLIOStream(near, ssl_options=contexts[0], server_side=True)
        client = SSLIOStream(
            far, read_chunk_size=50, ssl_options=contexts[1], server_hostname="localhost"
        )
        server.write(b"x" * 100_000)
        assert await client.read_bytes(100_000) == b"x" * 100_000
        server.close()
        client.close()

    run(test())


def test_the_end_and_a_cut_are_told_apart(run: Run, contexts: Contexts) -> None:
    async def test() -> None:
        server, client = await shaken(contexts)
        recorder = Recorder()
        client.set_receiver(recorder)
        server.write(b"all of it")
        server.close()
        await recorder.until_event("eof")
        assert recorder.data == b"all of it"
        client.close()
        await recorder.until_event("lost")
        assert recorder.lost is None

        server, client = await shaken(contexts)
        recorder = Recorder()
        client.set_receiver(recorder)
        server.write(b"a part")
        server.socket.shutdown(socket.SHUT_RDWR)
        await recorder.until_event("lost")
        assert recorder.events == ["lost"]
        assert isinstance(recorder.lost, ssl.SSLEOFError)
        server.close()

        server, client = await shaken(contexts)
        read = client.read_until_close()
        server.write(b"a part")
        server.socket.shutdown(socket.SHUT_RDWR)
        with pytest.raises(StreamClosedError) as caught:
            await read
        assert isinstance(caught.value.real_error, ssl.SSLEOFError)
        server.close()

    run(test())


def test_half_close(run: Run, contexts: Contexts) -> None:
    async def test() -> None:
        server, client = await shaken(contexts)
        client.write(b"question")
        client.shutdown_write()
        recorder = Recorder()
        server.set_receiver(recorder)
        await recorder.until_event("eof")
        assert recorder.data == b"question"
        server.write(b"a" * 300_000)
        server.shutdown_write()
        assert await client.read_until_close() == b"a" * 300_000
        server.close()

    run(test())


def test_data_that_came_before_our_farewell(run: Run, contexts: Contexts) -> None:
    """OpenSSL looks for the peer's close_notify when it sends ours; it must not eat the data."""

    async def test() -> None:
        server, client = await shaken(contexts)
        await server.write(b"x" * 40_000)
        assert await client.read_into(bytearray(5)) == 5
        client.shutdown_write()
        assert await client.read_bytes(39_995) == b"x" * 39_995
        server.write(b"more")
        assert await client.read_bytes(4) == b"more"
        server.close()
        client.close()

    run(test())


def test_wrong_host_name(run: Run, contexts: Contexts) -> None:
    async def test() -> None:
        server, client = pair(contexts, "example.org")
        write = client.write(b"secret")
        with pytest.raises(StreamClosedError) as caught:
            await client.wait_for_handshake()
        assert isinstance(caught.value.real_error, ssl.SSLCertVerificationError)
        with pytest.raises(StreamClosedError):
            await write
        with pytest.raises(StreamClosedError) as caught:
            await server.read_bytes(1)
        assert isinstance(caught.value.real_error, ssl.SSLError)

    run(test())


def test_no_host_name(run: Run, contexts: Contexts) -> None:
    async def test() -> None:
        near, far = socket.socketpair()
        with pytest.raises(ValueError, match="server_hostname"):
            SSLIOStream(near, ssl_options=contexts[1])
        unconnected = SSLIOStream(socket.socket(), ssl_options=contexts[1])
        with pytest.raises(ValueError, match="server_hostname"):
            unconnected.connect(("127.0.0.1", 9))
        unconnected.close()
        near.close()
        far.close()

    run(test())


@pytest.mark.parametrize(
    "hello",
    [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"", b"\x16\x03\x01\xff\xff" + b"\0" * 20, b"\x80"],
)
def test_a_peer_that_does_not_speak_tls(run: Run, contexts: Contexts, hello: bytes) -> None:
    async def test() -> None:
        near, far = socket.socketpair()
        server = SSLIOStream(near, ssl_options=contexts[0], server_side=True)
        handshake = server.wait_for_handshake()
        far.sendall(hello)
        far.shutdown(socket.SHUT_WR)
        with pytest.raises(StreamClosedError) as caught:
            await handshake
        assert isinstance(caught.value.real_error, OSError)
        assert server.closed()
        with pytest.raises(StreamClosedError):
            await server.wait_for_handshake()
        far.close()

    run(test())


def test_a_handshake_one_byte_at_a_time(run: Run, contexts: Contexts) -> None:
    async def test() -> None:
        near, middle = socket.socketpair()
        server = SSLIOStream(near, ssl_options=contexts[0], server_side=True)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = contexts[1].wrap_bio(incoming, outgoing, server_hostname="localhost")
        wire = IOStream(middle)
        handshake = server.wait_for_handshake()
        while not handshake.done():
            try:
                client.do_handshake()
            except ssl.SSLWantReadError:
                pass
            for byte in outgoing.read():
                wire.write(bytes([byte]))
                await asyncio.sleep(0)
            if not handshake.done():
                incoming.write(await wire.read_bytes(1, partial=True))
        wire.close()
        server.close()

    run(test())


def test_a_client_that_renegotiates_is_refused(run: Run, certificate: tuple[str, str]) -> None:
    certfile, keyfile = certificate
    context = ssl_options_to_context({"certfile": certfile, "keyfile": keyfile}, server_side=True)
    assert context.options & ssl.OP_NO_RENEGOTIATION


def test_connect_shakes_hands(run: Run, contexts: Contexts) -> None:
    async def test() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            client = SSLIOStream(socket.socket(), ssl_options=contexts[1])
            connecting = client.connect(listener.getsockname(), server_hostname="localhost")
            write = client.write(b"early")
            server = SSLIOStream(listener.accept()[0], ssl_options=contexts[0], server_side=True)
            assert await server.read_bytes(5) == b"early"
            assert await connecting is client
            await write
        server.close()
        client.close()

    run(test())


def test_a_cancelled_handshake(run: Run, contexts: Contexts) -> None:
    async def test() -> None:
        near, far = socket.socketpair()
        server = SSLIOStream(near, ssl_options=contexts[0], server_side=True)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(server.wait_for_handshake(), 0.01)
        assert not server.closed()
        client = SSLIOStream(far, ssl_options=contexts[1], server_hostname="localhost")
        assert await server.wait_for_handshake() is server
        server.close()
        client.close()

    run(test())


# ---- STARTTLS ----


async def plain_pair() -> tuple[IOStream, IOStream]:
    near, far = socket.socketpair()
    return IOStream(near), IOStream(far)


def test_start_tls(run: Run, contexts: Contexts) -> None:
    async def test() -> None:
        server, client = await plain_pair()
        calls: list[str] = []
        server.set_close_callback(lambda: calls.append("closed"))
        client.write(b"STARTTLS\r\n")
        assert await server.read_until(b"\r\n") == b"STARTTLS\r\n"
        server.write(b"220 go ahead\r\n")
        to_tls = server.start_tls(True, contexts[0])
        assert server.closed()
        assert await client.read_until(b"\r\n") == b"220 go ahead\r\n"
        secure_client = await client.start_tls(False, contexts[1], server_hostname="localhost")
        secure_server = await to_tls
        secure_client.write(b"EHLO\r\n")
        assert await secure_server.read_until(b"\r\n") == b"EHLO\r\n"
        assert calls == []
        with pytest.raises(StreamClosedError):
            server.read_bytes(1)
        secure_server.close()
        secure_client.close()
        await asyncio.sleep(0)
        assert calls == ["closed"]

    run(test())


def test_plain_text_behind_starttls_is_not_taken_for_tls(run: Run, contexts: Contexts) -> None:
    async def test() -> None:
        server, client = await plain_pair()
        client.write(b"STARTTLS\r\nRCPT TO:<victim>\r\n")
        assert await server.read_until(b"\r\n") == b"STARTTLS\r\n"
        with pytest.raises(ValueError, match="plain text"):
            server.start_tls(True, contexts[0])
        assert not server.closed()
        assert await server.read_until(b"\r\n") == b"RCPT TO:<victim>\r\n"
        server.unread(b"given back")
        with pytest.raises(ValueError, match="plain text"):
            server.start_tls(True, contexts[0])
        server.close()
        client.close()

        # The same in two segments: the second meets the handshake, which it is no part of.
        server, client = await plain_pair()
        client.write(b"STARTTLS\r\n")
        assert await server.read_until(b"\r\n") == b"STARTTLS\r\n"
        client.write(b"RCPT TO:<victim>\r\n")
        with pytest.raises(StreamClosedError) as caught:
            await server.start_tls(True, contexts[0])
        assert isinstance(caught.value.real_error, ssl.SSLError)
        client.close()

    run(test())


def test_start_tls_needs_an_idle_stream(run: Run, contexts: Contexts) -> None:
    async def test() -> None:
        server, client = await plain_pair()
        read = server.read_bytes(1)
        with pytest.raises(ValueError, match="read is pending"):
            server.start_tls(True, contexts[0])
        client.write(b"x")
        await read
        server.set_receiver(Recorder())
        with pytest.raises(ValueError, match="receiver"):
            server.start_tls(True, contexts[0])
        server.set_receiver(None)
        with pytest.raises(ValueError, match="certfile"):
            server.start_tls(True)
        with pytest.raises(ValueError, match="server_hostname"):
            server.start_tls(False)
        server.write(b"x" * (16 << 20))
        with pytest.raises(ValueError, match="waiting to be sent"):
            server.start_tls(True, contexts[0])
        assert not server.closed()
        server.close()
        with pytest.raises(StreamClosedError):
            server.start_tls(True, contexts[0])
        client.close()

    run(test())


def test_a_cancelled_start_tls_closes_the_connection(run: Run, contexts: Contexts) -> None:
    async def test() -> None:
        server, client = await plain_pair()
        closed = asyncio.Event()
        server.set_close_callback(closed.set)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(server.start_tls(True, contexts[0]), 0.01)
        await closed.wait()
        assert await client.read_until_close() == b""

    run(test())


# ---- Options ----


def test_a_wrapped_socket_is_refused(contexts: Contexts) -> None:
    near, far = socket.socketpair()
    wrapped = contexts[0].wrap_socket(near, server_side=True, do_handshake_on_connect=False)
    with wrapped, pytest.raises(TypeError, match="plain socket"):
        SSLIOStream(wrapped, ssl_options=contexts[0], server_side=True)
    far.close()


def test_options(certificate: tuple[str, str]) -> None:
    certfile, keyfile = certificate
    context = ssl.create_default_context()
    assert ssl_options_to_context(context) is context
    server = ssl_options_to_context({"certfile": certfile, "keyfile": keyfile})
    assert server.verify_mode is ssl.CERT_NONE
    client = ssl_options_to_context({})
    assert client.verify_mode is ssl.CERT_REQUIRED
    assert client.check_hostname
    careless = ssl_options_to_context({"cert_reqs": ssl.CERT_NONE}, server_side=False)
    assert careless.verify_mode is ssl.CERT_NONE
    assert not careless.check_hostname
    mutual = ssl_options_to_context(
        {
            "certfile": certfile,
            "keyfile": keyfile,
            "ca_certs": certfile,
            "cert_reqs": ssl.CERT_REQUIRED,
        },
        server_side=True,
    )
    assert mutual.verify_mode is ssl.CERT_REQUIRED
    old = ssl_options_to_context({"ssl_version": ssl.PROTOCOL_TLS_CLIENT, "ca_certs": certfile})
    assert old.verify_mode is ssl.CERT_REQUIRED
    ciphers = ssl_options_to_context({"ciphers": "ECDHE+AESGCM"})
    assert any(cipher["name"].startswith("ECDHE") for cipher in ciphers.get_ciphers())
    with pytest.raises(ValueError, match="cert_file"):
        ssl_options_to_context({"cert_file": certfile})
    with pytest.raises(ValueError, match="certfile"):
        ssl_options_to_context({}, server_side=True)
    with pytest.raises(FileNotFoundError):
        ssl_options_to_context({"certfile": "/nowhere.pem"})


def test_client_certificate(run: Run, certificate: tuple[str, str]) -> None:
    certfile, keyfile = certificate
    own = {"certfile": certfile, "keyfile": keyfile, "ca_certs": certfile}

    async def test() -> None:
        server_context = ssl_options_to_context({**own, "cert_reqs": ssl.CERT_REQUIRED}, True)
        server, client = await shaken((server_context, ssl_options_to_context(own, False)))
        client.write(b"x")
        assert await server.read_bytes(1) == b"x"
        assert server.ssl_object is not None
        assert server.ssl_object.getpeercert()
        server.close()
        client.close()

    run(test())
