"""The same answers for granian's own interface."""

from typing import Protocol

from .payload import HELLO
from .payload import LARGE
from .payload import LARGE_PATH


class Scope(Protocol):
    """What is used of granian's scope."""

    method: str
    path: str


class Exchange(Protocol):
    """What is used of granian's HTTP protocol object."""

    async def __call__(self) -> bytes: ...

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None: ...


async def application(scope: Scope, protocol: Exchange) -> None:
    """Answer a GET with 13 bytes or 8 MiB, anything else with the number of bytes that came."""
    if scope.method == "GET":
        body = LARGE if scope.path == LARGE_PATH else HELLO
    else:
        body = b"%d" % len(await protocol())
    headers = [("content-type", "text/plain"), ("content-length", str(len(body)))]
    protocol.response_bytes(200, headers, body)
