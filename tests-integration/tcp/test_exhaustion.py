"""A server that runs out of descriptors."""

import select
import socket
import time

import pytest

from .programs import PATIENCE
from .programs import Process

SERVER = """
import asyncio, logging, resource
from tcpserver import TCPServer
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
logging.basicConfig(format="%(message)s")

class Echo(TCPServer):
    async def handle_stream(self, stream, address):
        while True:
            await stream.write(await stream.read_until(b"\\n"))

async def main():
    server = Echo(drain_timeout=0)
    server.listen(0, "127.0.0.1", backlog=256)
    print("port", server.sockets[0].getsockname()[1])
    await server.serve_forever()

asyncio.run(main())
"""


def connect(port: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), PATIENCE)
    client.sendall(b"hello\n")
    return client


def answered(clients: list[socket.socket], timeout: float) -> list[socket.socket]:
    """Those who have an answer to read, as soon as there are any."""
    readable, _, _ = select.select(clients, [], [], timeout)
    for client in readable:
        assert client.recv(100) == b"hello\n"
    return readable


@pytest.mark.slow
def test_200_clients_64_descriptors() -> None:
    with Process.script(SERVER) as server:
        port = server.port()
        waiting = [connect(port) for _ in range(200)]
        server.line("accepting pauses")
        served: list[socket.socket] = []
        while ready := answered(waiting, timeout=1.0):
            served += ready
            waiting = [client for client in waiting if client not in ready]
        assert 40 < len(served) < 64

        # Those who are served go on being served, and nothing spins.
        cpu, clock = server.cpu_seconds(), time.monotonic()
        for _ in range(4):
            for client in served:
                client.sendall(b"hello\n")
            left = list(served)
            while left:
                ready = answered(left, PATIENCE)
                assert ready
                left = [client for client in left if client not in ready]
            time.sleep(0.5)  # no waiting for an event: this is the time that is measured
        used = (server.cpu_seconds() - cpu) / (time.monotonic() - clock)
        assert used < 0.1, f"{used:.1%} of a CPU while exhausted"

        # As those leave, the others have their turn.
        while waiting:
            for client in served:
                client.close()
            served = answered(waiting, PATIENCE)
            assert served, f"{len(waiting)} clients were forgotten"
            waiting = [client for client in waiting if client not in served]
        for client in served:
            client.close()
        assert server.stop() == 0
        told = [line for line in server.lines if "accepting pauses" in line]
        assert 1 <= len(told) <= 3
