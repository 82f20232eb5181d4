"""socketify, C++ µWebSockets under Python callbacks."""

# The peers' environment has it; the one that checks types has not.
import socketify  # type: ignore[import-not-found,import-untyped,unused-ignore]

from .launching import launch
from .payload import HELLO


def handle(response: socketify.Response, request: socketify.Request) -> None:
    """Answer with 13 bytes."""
    response.write_header("Content-Type", "text/plain")
    response.end(HELLO)


if __name__ == "__main__":
    application = socketify.App()
    application.any("/*", handle)
    application.listen({"port": launch().port, "host": "127.0.0.1"})
    application.run()
