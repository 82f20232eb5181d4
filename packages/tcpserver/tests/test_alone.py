"""The package as somebody uses it who has never heard of HTTP: ten lines, a process of their own."""

import re
import signal
import socket
import subprocess
import sys

ECHO = """\
import asyncio, sys
from tcpserver import TCPServer
class Echo(TCPServer):
    async def handle_stream(self, stream, address):
        while True:
            await stream.write(await stream.read_until(b"\\n"))
server = Echo()
server.listen(0, "127.0.0.1")
print("port", server.sockets[0].getsockname()[1], flush=True)
asyncio.run(server.serve_forever())
"""

WHAT_WAS_IMPORTED = """\
print("imported", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_an_echo_server_in_ten_lines() -> None:
    assert len(ECHO.splitlines()) == 10
    with subprocess.Popen(
        [sys.executable, "-c", ECHO + WHAT_WAS_IMPORTED], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        announced = re.fullmatch(r"port (\d+)\n", server.stdout.readline())
        assert announced is not None
        with socket.create_connection(("127.0.0.1", int(announced[1]))) as client:
            client.sendall(b"hello\nagain\n")
            received = b""
            while received.count(b"\n") < 2:
                received += client.recv(100)
        server.send_signal(signal.SIGTERM)
        imported = server.stdout.read().split()
    assert received == b"hello\nagain\n"
    assert server.returncode == 0
    assert imported[0] == "imported"
    assert {"netsock", "iostream", "tcpserver"} <= set(imported)
    assert not {"http1", "httpserver"} & set(imported)
