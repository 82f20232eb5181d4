"""Our TLS streams and OpenSSL's own programs."""

import asyncio
import os
import socket
from collections.abc import Coroutine

import pytest

from iostream import IOStream
from iostream import PipeIOStream
from iostream import SSLIOStream
from iostream import StreamClosedError

VERSIONS = ["-tls1_2", "-tls1_3"]


def run_with_deadline(test: Coroutine[object, object, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await test

    asyncio.run(bounded())


async def accept(listener: socket.socket) -> socket.socket:
    listener.setblocking(False)
    connection, _ = await asyncio.get_running_loop().sock_accept(listener)
    return connection


@pytest.mark.parametrize("version", VERSIONS)
def test_s_client(certificate: tuple[str, str], version: str) -> None:
    certfile, keyfile = certificate

    async def test() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            client = await asyncio.create_subprocess_exec(
                *f"openssl s_client -quiet -no_ign_eof {version} -connect 127.0.0.1:{port}".split(),
                *f"-servername localhost -verify_return_error -CAfile {certfile}".split(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            options = {"certfile": certfile, "keyfile": keyfile}
            server = SSLIOStream(await accept(listener), ssl_options=options, server_side=True)
            await server.wait_for_handshake()
            assert client.stdin is not None
            assert client.stdout is not None
            client.stdin.write(b"hello\n")
            assert await server.read_until(b"\n") == b"hello\n"
            sent = b"0123456789abcdef" * 65536
            write = server.write(sent)
            assert await client.stdout.readexactly(len(sent)) == sent
            await write
            # s_client takes a line that begins with R for the wish to renegotiate (TLS 1.2) or
            # with K for one to change the key (TLS 1.3), unless -quiet; so it is sent as it is.
            client.stdin.write(b"bye\n")
            client.stdin.close()
            assert await server.read_until_close() == b"bye\n"
            assert server.error is None
            await client.wait()

    run_with_deadline(test())


def test_a_client_that_renegotiates_gets_nowhere(certificate: tuple[str, str]) -> None:
    certfile, keyfile = certificate

    async def test() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            client = await asyncio.create_subprocess_exec(
                *f"openssl s_client -tls1_2 -connect 127.0.0.1:{port}".split(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
            options = {"certfile": certfile, "keyfile": keyfile}
            server = SSLIOStream(await accept(listener), ssl_options=options, server_side=True)
            await server.wait_for_handshake()
            assert client.stdin is not None
            assert client.stderr is not None
            client.stdin.write(b"hello\n")
            assert await server.read_until(b"\n") == b"hello\n"
            client.stdin.write(b"R\n")
            with pytest.raises(StreamClosedError):
                await server.read_bytes(1)
            assert b"no renegotiation" in (await client.stderr.read()).lower()
            await client.wait()

    run_with_deadline(test())


@pytest.mark.parametrize("version", VERSIONS)
def test_s_server(certificate: tuple[str, str], version: str) -> None:
    certfile, keyfile = certificate

    async def test() -> None:
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        server = await asyncio.create_subprocess_exec(
            *f"openssl s_server -rev {version} -accept {port} -naccept 1".split(),
            *f"-cert {certfile} -key {keyfile}".split(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert server.stdout is not None
        while (await server.stdout.readline()).strip() != b"ACCEPT":
            pass
        client = SSLIOStream(socket.socket(), ssl_options={"ca_certs": certfile})
        assert await client.connect(("127.0.0.1", port), server_hostname="localhost") is client
        client.write(b"stressed\n")
        assert await client.read_until(b"\n") == b"desserts\n"
        client.write(b"x" * 15_000 + b"\n")
        assert await client.read_until(b"\n") == b"x" * 15_000 + b"\n"
        client.close()
        await server.wait()

    run_with_deadline(test())


def test_starttls(certificate: tuple[str, str]) -> None:
    """`openssl s_client -starttls smtp` speaks enough SMTP to get to TLS."""
    certfile, keyfile = certificate

    async def test() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            client = await asyncio.create_subprocess_exec(
                *f"openssl s_client -quiet -starttls smtp -connect 127.0.0.1:{port}".split(),
                *f"-servername localhost -verify_return_error -CAfile {certfile}".split(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            plain = IOStream(await accept(listener))
            plain.write(b"220 mail.example.org ESMTP\r\n")
            assert (await plain.read_until(b"\r\n")).startswith(b"EHLO")
            plain.write(b"250-mail.example.org\r\n250 STARTTLS\r\n")
            assert await plain.read_until(b"\r\n") == b"STARTTLS\r\n"
            plain.write(b"220 go ahead\r\n")
            secure = await plain.start_tls(True, {"certfile": certfile, "keyfile": keyfile})
            assert client.stdin is not None
            client.stdin.write(b"NOOP\n")
            assert (await secure.read_until(b"\n")).strip() == b"NOOP"
            secure.close()
            await client.wait()

    run_with_deadline(test())


def test_pipes_of_a_subprocess() -> None:
    async def test() -> None:
        reading, writing = os.pipe()
        process = await asyncio.create_subprocess_exec("openssl", "version", stdout=writing)
        os.close(writing)
        async with PipeIOStream(reading) as stream:
            assert (await stream.read_until_close()).startswith(b"OpenSSL")
        await process.wait()

    run_with_deadline(test())
