"""Line echo on our TCPServer and IOStream, by the pull methods."""

import asyncio

from iostream import IOStream
from iostream import StreamClosedError
from tcpserver import TCPServer

from .launching import Launch
from .launching import launch


class Echo(TCPServer):
    """Send each line back until the peer has gone."""

    async def handle_stream(self, stream: IOStream, address: object) -> None:
        try:
            while True:
                await stream.write(await stream.read_until(b"\n"))
        except StreamClosedError:
            pass


async def serve(settings: Launch) -> None:
    """Listen until killed."""
    server = Echo()
    server.listen(settings.port, "127.0.0.1", backlog=1024)
    await asyncio.Event().wait()


if __name__ == "__main__":
    arguments = launch()
    arguments.run(lambda: serve(arguments))
