"""socketify, C++ µWebSockets under Python callbacks."""

from socketify import App
from socketify import Request
from socketify import Response

from .launching import launch
from .payload import HELLO


def handle(response: Response, request: Request) -> None:
    """Answer with 13 bytes."""
    response.write_header("Content-Type", "text/plain")
    response.end(HELLO)


if __name__ == "__main__":
    application = App()
    application.any("/*", handle)
    application.listen({"port": launch().port, "host": "127.0.0.1"})
    application.run()
