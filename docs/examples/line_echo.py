"""Send every line back.

python line_echo.py 8888, and then, in another terminal: telnet localhost 8888
"""

import asyncio
import sys

from iostream import IOStream
from tcpserver import TCPServer


class LineEcho(TCPServer):
    """Reads a line, writes it, until the client has enough."""

    async def handle_stream(self, stream: IOStream, address: object) -> None:
        while True:
            line = await stream.read_until(b"\n", max_bytes=65536)
            await stream.write(line)


async def main(port: int) -> None:
    server = LineEcho(max_connections=10_000)
    server.listen(port, "localhost")
    print("listening on port", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
