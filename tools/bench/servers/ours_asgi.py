"""Our HTTPServer with the ASGI application that every ASGI server here serves."""

import asyncio

from httpserver import ASGIDelegate
from httpserver import HTTPServer

from .asgi_application import application
from .launching import Launch
from .launching import launch


async def serve(settings: Launch) -> None:
    """Listen until killed."""
    async with ASGIDelegate(application) as delegate:
        server = HTTPServer(delegate, ssl_options=settings.tls())
        server.listen(settings.port, "127.0.0.1", backlog=1024)
        await asyncio.Event().wait()


if __name__ == "__main__":
    arguments = launch()
    arguments.run(lambda: serve(arguments))
