"""The ASGI 3 application that every ASGI server here serves."""

from collections.abc import Awaitable
from collections.abc import Callable

from .payload import HELLO
from .payload import LARGE
from .payload import LARGE_PATH

Message = dict[str, object]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """Answer a GET with 13 bytes or 8 MiB, anything else with the number of bytes that came."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    if scope["method"] == "GET":
        body = LARGE if scope["path"] == LARGE_PATH else HELLO
    else:
        size = 0
        more = True
        while more:
            message = await receive()
            chunk = message.get("body", b"")
            assert isinstance(chunk, bytes)
            size += len(chunk)
            more = bool(message.get("more_body", False))
        body = b"%d" % size
    length = str(len(body)).encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", length)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def lifespan(receive: Receive, send: Send) -> None:
    """Say yes to start-up and shutdown."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
