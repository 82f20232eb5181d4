"""Our HTTPServer with the WSGI application that every WSGI server here serves."""

import asyncio

from httpserver import HTTPServer
from httpserver import WSGIDelegate

from .launching import Launch
from .launching import launch
from .wsgi_application import application


async def serve(settings: Launch) -> None:
    """Listen until killed."""
    with WSGIDelegate(application, threads=4) as delegate:
        server = HTTPServer(delegate, ssl_options=settings.tls())
        server.listen(settings.port, "127.0.0.1", backlog=1024)
        await asyncio.Event().wait()


if __name__ == "__main__":
    arguments = launch()
    arguments.run(lambda: serve(arguments))
