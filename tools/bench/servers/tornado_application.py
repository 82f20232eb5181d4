"""A ``tornado.web.Application`` on Tornado's HTTPServer or (``--shape ours``) on ours."""

import asyncio

import tornado.httpserver
import tornado.web

from .launching import Launch
from .launching import launch
from .payload import HELLO


class Hello(tornado.web.RequestHandler):
    """The smallest handler."""

    def get(self) -> None:
        self.set_header("Content-Type", "text/plain")
        self.write(HELLO)


async def serve(settings: Launch) -> None:
    """Listen until killed."""
    application = tornado.web.Application([(r"/.*", Hello)], log_function=lambda handler: None)
    if settings.shape == "ours":
        from httpserver import HTTPServer

        ours = HTTPServer(application)
        ours.listen(settings.port, "127.0.0.1", backlog=1024)
    else:
        theirs = tornado.httpserver.HTTPServer(application)
        theirs.listen(settings.port, "127.0.0.1", backlog=1024)
    await asyncio.Event().wait()


if __name__ == "__main__":
    arguments = launch()
    arguments.run(lambda: serve(arguments))
