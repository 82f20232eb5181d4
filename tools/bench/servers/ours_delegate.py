"""Our HTTPServer with the ASGI or the WSGI delegate (``--shape asgi`` or ``wsgi``)."""

import asyncio

from httpserver import ASGIDelegate
from httpserver import HTTPServer
from httpserver import WSGIDelegate

from . import asgi_application
from . import wsgi_application
from .launching import Launch
from .launching import launch


async def serve(settings: Launch) -> None:
    """Listen until killed."""
    if settings.shape == "wsgi":
        server = HTTPServer(WSGIDelegate(wsgi_application.application))
    else:
        server = HTTPServer(ASGIDelegate(asgi_application.application), ssl_options=settings.tls())
    server.listen(settings.port, "127.0.0.1", backlog=1024)
    await asyncio.Event().wait()


if __name__ == "__main__":
    arguments = launch()
    arguments.run(lambda: serve(arguments))
