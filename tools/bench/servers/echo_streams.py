"""Line echo on asyncio streams."""

import asyncio

from .launching import Launch
from .launching import launch


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send each line back until the peer has gone."""
    try:
        while line := await reader.readline():
            writer.write(line)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def serve(settings: Launch) -> None:
    """Listen until killed."""
    server = await asyncio.start_server(echo, "127.0.0.1", settings.port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    arguments = launch()
    arguments.run(lambda: serve(arguments))
