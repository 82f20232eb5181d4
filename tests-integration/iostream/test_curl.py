"""A server of a dozen lines on our streams, and curl."""

import asyncio
import socket
from collections.abc import Coroutine

import pytest

from iostream import IOStream
from iostream import SSLIOStream

BODY = b"0123456789abcdef" * 100_000


async def answer(stream: IOStream) -> None:
    """Answer one request with its own body, then close."""
    head = await stream.read_until(b"\r\n\r\n", max_bytes=65536)
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ),
        0,
    )
    body = await stream.read_bytes(length) if length else BODY
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
    await stream.write([head, body])
    stream.close()


async def curl(listener: socket.socket, options: dict[str, str] | None, *arguments: str) -> bytes:
    """What curl prints when it asks ``listener``, whose connection is answered as above."""
    process = await asyncio.create_subprocess_exec(
        "curl", "--silent", "--show-error", "--fail", *arguments, stdout=asyncio.subprocess.PIPE
    )
    # Read while it is answered: the answer is more than its pipe and the connection hold.
    printed = asyncio.create_task(process.communicate())
    listener.setblocking(False)
    connection, _ = await asyncio.get_running_loop().sock_accept(listener)
    stream = IOStream(connection)
    if options is not None:
        stream = await stream.start_tls(True, options)
    await answer(stream)
    output, _ = await printed
    assert process.returncode == 0
    return output


def run_with_deadline(test: Coroutine[object, object, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await test

    asyncio.run(bounded())


def test_plain() -> None:
    async def test() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            assert await curl(listener, None, url) == BODY
            assert await curl(listener, None, "--data", "some data", url) == b"some data"

    run_with_deadline(test())


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_tls(certificate: tuple[str, str], version: str) -> None:
    certfile, keyfile = certificate
    options = {"certfile": certfile, "keyfile": keyfile}

    async def test() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            common = ["--cacert", certfile, f"--tlsv{version}", "--tls-max", version]
            common += ["--resolve", f"localhost:{port}:127.0.0.1", f"https://localhost:{port}/"]
            assert await curl(listener, options, *common) == BODY
            assert await curl(listener, options, "--data", "x" * 50_000, *common) == b"x" * 50_000

    run_with_deadline(test())


def test_tls_of_a_connection_that_is_new(certificate: tuple[str, str]) -> None:
    certfile, keyfile = certificate
    options = {"certfile": certfile, "keyfile": keyfile}

    async def test() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            process = await asyncio.create_subprocess_exec(
                *["curl", "-s", "--cacert", certfile, "--resolve", f"localhost:{port}:127.0.0.1"],
                f"https://localhost:{port}/",
                stdout=asyncio.subprocess.PIPE,
            )
            printed = asyncio.create_task(process.communicate())
            listener.setblocking(False)
            connection, _ = await asyncio.get_running_loop().sock_accept(listener)
            await answer(SSLIOStream(connection, ssl_options=options, server_side=True))
            assert (await printed)[0] == BODY

    run_with_deadline(test())
