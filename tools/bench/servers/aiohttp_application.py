"""aiohttp.web with one catch-all handler."""

import asyncio

# The peers' environment has it; the one that checks types has not.
from aiohttp import web  # type: ignore[import-not-found,unused-ignore]

from .launching import Launch
from .launching import launch
from .payload import HELLO
from .payload import LARGE
from .payload import LARGE_PATH


async def handle(request: web.Request) -> web.Response:
    """Answer a GET with 13 bytes or 8 MiB, anything else with the number of bytes that came."""
    if request.method == "GET":
        body = LARGE if request.path == LARGE_PATH else HELLO
    else:
        size = 0
        async for chunk in request.content.iter_any():
            size += len(chunk)
        body = b"%d" % size
    return web.Response(body=body, content_type="text/plain")


async def serve(settings: Launch) -> None:
    """Listen until killed."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", settings.port, ssl_context=settings.tls(), backlog=1024)
    await site.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    arguments = launch()
    arguments.run(lambda: serve(arguments))
