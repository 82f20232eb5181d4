"""Thousands who connect to a TLS port and say nothing."""

import resource
import select
import socket
import ssl
import time
from collections.abc import Iterator

import pytest

from .programs import CERTIFICATES
from .programs import PATIENCE
from .programs import Process

SILENT = 5000
HANDSHAKE_TIMEOUT = 5.0

SERVER = f"""
import asyncio, logging, resource
from tcpserver import TCPServer
resource.setrlimit(resource.RLIMIT_NOFILE, (2 * {SILENT}, 2 * {SILENT}))
logging.basicConfig(format="%(message)s")

class Echo(TCPServer):
    async def handle_stream(self, stream, address):
        while True:
            await stream.write(await stream.read_until(b"\\n"))

async def main():
    options = dict(certfile={str(CERTIFICATES / "localhost.pem")!r}, keyfile={str(CERTIFICATES / "localhost.key")!r})
    server = Echo(ssl_options=options, ssl_handshake_timeout={HANDSHAKE_TIMEOUT})
    server.listen(0, "127.0.0.1", backlog=4096)
    print("port", server.sockets[0].getsockname()[1])
    await server.serve_forever()
    print("timeouts", server.counters.handshake_timeouts, "failures", server.counters.tls_failures)

asyncio.run(main())
"""


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (2 * SILENT, max(before[1], 2 * SILENT)))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def talk(port: int, context: ssl.SSLContext) -> None:
    plain = socket.create_connection(("127.0.0.1", port), PATIENCE)
    with context.wrap_socket(plain, server_hostname="localhost") as client:
        client.sendall(b"hello\n")
        assert client.recv(100) == b"hello\n"


@pytest.mark.slow
@pytest.mark.usefixtures("many_descriptors")
def test_others_are_served_and_the_silent_are_gone_after_the_timeout() -> None:
    context = ssl.create_default_context(cafile=str(CERTIFICATES / "ca.pem"))
    with Process.script(SERVER) as server:
        port = server.port()
        began = time.monotonic()
        silent: list[socket.socket] = []
        for number in range(SILENT):
            silent.append(socket.create_connection(("127.0.0.1", port), PATIENCE))
            if number % 250 == 0:
                talk(port, context)
        talk(port, context)
        poll = select.poll()
        for client in silent:
            poll.register(client, select.POLLIN)
        gone = 0
        while gone < SILENT:
            events = poll.poll(PATIENCE * 1000)
            assert events, f"{SILENT - gone} of the silent are still there"
            for fd, _ in events:
                poll.unregister(fd)
            gone += len(events)
            talk(port, context)
        assert time.monotonic() - began >= HANDSHAKE_TIMEOUT
        for client in silent:
            assert client.recv(1) == b""
            client.close()
        assert server.stop() == 0
        assert f"timeouts {SILENT} failures 0" in server.lines
        # One line each would be a flood of its own.
        assert len(server.lines) < 300
