"""The way of a small GET, cut off after one layer more each time.

- ``--shape stream``: an ``IOStream`` whose receiver answers each segment with canned bytes;
- ``--shape parser``: the same, behind a ``RequestParser``;
- ``--shape connection``: ``HTTP1ServerConnection`` and ``HTTP1Connection``, headers built for each answer.

The floor is ``floor_protocol``, and the whole of it is ``ours_callback``.
"""

import asyncio

from http1 import HTTP1ServerConnection
from http1 import HTTPConnection
from http1 import HTTPHeaders
from http1 import HTTPMessageDelegate
from http1 import HTTPServerConnectionDelegate
from http1 import Limits
from http1 import RequestParser
from http1 import RequestStartLine
from http1 import ResponseStartLine
from iostream import IOStream
from tcpserver import TCPServer

from .floor_protocol import ANSWER
from .launching import Launch
from .launching import launch
from .payload import HELLO


class Canned:
    """A receiver that answers each segment."""

    def __init__(self, stream: IOStream, batch: int) -> None:
        self.stream = stream
        self.answer = ANSWER * batch

    def data_received(self, data: bytes) -> None:
        """Answer."""
        self.stream.write(self.answer)

    def eof_received(self) -> None:
        """The peer is done, and so are we."""
        self.stream.close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Nothing is kept."""


class Parsed(Canned):
    """A receiver that answers each complete request."""

    def __init__(self, stream: IOStream) -> None:
        super().__init__(stream, 1)
        self.parser = RequestParser(self, Limits())

    def data_received(self, data: bytes) -> None:
        """Parse."""
        self.parser.feed(data)

    def head_received(self, start_line: RequestStartLine, headers: HTTPHeaders) -> None:
        """Nothing is looked at."""

    def body_received(self, chunk: bytes) -> None:
        """There is none."""

    def message_complete(self) -> None:
        """Answer."""
        self.stream.write(ANSWER)


class Answering(HTTPMessageDelegate):
    """A delegate that answers, with its headers built anew each time."""

    def __init__(self, connection: HTTPConnection) -> None:
        self.connection = connection

    def finish(self) -> None:
        """Answer."""
        headers = HTTPHeaders({"Content-Type": "text/plain", "Content-Length": str(len(HELLO))})
        self.connection.write_headers(ResponseStartLine("HTTP/1.1", 200, "OK"), headers, HELLO)
        self.connection.finish()


class AnsweringServer(HTTPServerConnectionDelegate):
    """An ``Answering`` for each request."""

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """Make one."""
        return Answering(request_conn)


def attach_layers(shape: str, stream: IOStream, batch: int = 1) -> None:
    """Put the layers of a shape on a stream; ``batch`` requests come in each segment."""
    if shape == "stream":
        stream.set_receiver(Canned(stream, batch))
    elif shape == "parser":
        stream.set_receiver(Parsed(stream))
    else:
        HTTP1ServerConnection(stream).start_serving(AnsweringServer())


class Layered(TCPServer):
    """Each stream gets what the shape asks for."""

    shape = ""

    def handle_stream(self, stream: IOStream, address: object) -> None:
        """Attach the layers."""
        attach_layers(self.shape, stream)


async def serve(settings: Launch) -> None:
    """Listen until killed."""
    server = Layered()
    server.shape = settings.shape
    server.listen(settings.port, "127.0.0.1", backlog=1024)
    await asyncio.Event().wait()


if __name__ == "__main__":
    arguments = launch()
    arguments.run(lambda: serve(arguments))
