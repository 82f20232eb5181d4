"""The demonstration page: says what runs, and lets a browser try an echo and an upload.

hatch run serve                                on http://127.0.0.1:8888/
hatch run serve --port 0 --address 0.0.0.0     wherever there is room, for the whole network
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from httpserver import HTTPServer
from netsock import bind_sockets

from .application import Demonstration

# Uploads are counted and dropped, so that this limit costs nothing but time.
LARGEST_UPLOAD = 64 * 1024**3


async def serve(address: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    server = HTTPServer(Demonstration(), max_body_size=LARGEST_UPLOAD)
    sockets = bind_sockets(port, address)
    server.add_sockets(sockets)
    for sock in sockets:
        host, bound_port = sock.getsockname()[:2]
        print(f"Serving on http://{f'[{host}]' if ':' in host else host}:{bound_port}/", flush=True)
    await server.serve_forever()


def main(argv: Sequence[str]) -> None:
    """Serve as the arguments say."""
    parser = argparse.ArgumentParser(prog="hatch run serve", description=__doc__.splitlines()[0])
    parser.add_argument("--address", default="127.0.0.1", help="default: %(default)s")
    parser.add_argument("--port", type=int, default=8888, help="default: %(default)s")
    options = parser.parse_args(argv)
    asyncio.run(serve(options.address, options.port))


if __name__ == "__main__":
    main(sys.argv[1:])
