"""What the tests of the server share: a connection, a client's end of it, and an application."""

import asyncio
import re
import socket
from collections.abc import Awaitable
from collections.abc import Callable
from typing import NamedTuple

from http1 import HTTP1Connection
from http1 import HTTP1ConnectionParameters
from http1 import HTTP1ServerConnection
from http1 import HTTPConnection
from http1 import HTTPHeaders
from http1 import HTTPMessageDelegate
from http1 import HTTPServerConnectionDelegate
from http1 import RequestStartLine
from http1 import ResponseStartLine
from iostream import IOStream

from .exchanges import Peer


class Message(HTTPMessageDelegate):
    """One request: writes down what it is called with, and has the application answer at its end."""

    def __init__(self, application: "Application", exchange: HTTP1Connection) -> None:
        self.application = application
        self.exchange = exchange
        self.start_line = RequestStartLine("", "", "")
        self.headers = HTTPHeaders()
        self.chunks: list[bytes] = []
        #: What was called, in order.
        self.calls: list[str] = []

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        assert isinstance(start_line, RequestStartLine)
        self.start_line = start_line
        self.headers = headers
        self.calls.append("headers_received")
        return self.application.on_headers(self)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self.chunks.append(chunk)
        self.calls.append("data_received")
        return self.application.on_data(self)

    def finish(self) -> None:
        self.calls.append("finish")
        self.application.on_finish(self)

    def on_connection_close(self) -> None:
        self.calls.append("on_connection_close")

    def answer(
        self, status: int = 200, body: bytes = b"hello", reason: str = "OK", **fields: str
    ) -> None:
        """Answer with a body of known length."""
        headers = HTTPHeaders({"Content-Length": str(len(body))})
        for name, value in fields.items():
            headers[name.replace("_", "-")] = value
        self.exchange.write_headers(ResponseStartLine("", status, reason), headers, body)
        self.exchange.finish()


class Application(HTTPServerConnectionDelegate):
    """Answers every request, or does what a test puts into its three attributes instead."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        #: The connections that were closed, as `on_close` was told.
        self.closed: list[HTTP1ServerConnection] = []
        self.on_headers: Callable[[Message], Awaitable[None] | None] = lambda message: None
        self.on_data: Callable[[Message], Awaitable[None] | None] = lambda message: None
        self.on_finish: Callable[[Message], None] = Message.answer

    def start_request(
        self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        assert isinstance(request_conn, HTTP1Connection)
        message = Message(self, request_conn)
        self.messages.append(message)
        return message

    def on_close(self, server_conn: HTTP1ServerConnection) -> None:
        self.closed.append(server_conn)

    @property
    def requests(self) -> list[tuple[str, str, bytes]]:
        """Method, path and body of the requests that came to their end."""
        return [
            (message.start_line.method, message.start_line.path, message.body)
            for message in self.messages
            if message.calls[-1] == "finish"
        ]


class Client(Peer):
    """A client whose connection is served by `application`; `connection` is the server's side."""

    def __init__(
        self,
        application: Application | None = None,
        params: HTTP1ConnectionParameters | None = None,
        context: object = None,
    ) -> None:
        super().__init__()
        self.application = Application() if application is None else application
        self.serve(params, context)

    def serve(self, params: HTTP1ConnectionParameters | None, context: object = None) -> None:
        self.connection = HTTP1ServerConnection(self.stream, params, context)
        self.connection.start_serving(self.application)

    async def turn(self) -> None:
        """Let the server do what it can do now."""
        for _ in range(5):
            await asyncio.sleep(0)

    async def ended(self) -> None:
        """Wait until the server's side of the connection is through."""
        while not self.application.closed:  # noqa: ASYNC110 - the delegate is what is tested
            await asyncio.sleep(0)

    async def exchange(self, *pieces: bytes, end: bool = True) -> bytes:
        """Send the pieces one after the other; all that the server sends until it closes."""
        for piece in pieces:
            if self.stream.closed():
                break
            try:
                await self.send(piece)
            except (BrokenPipeError, ConnectionResetError):
                break
        if end and not self.stream.closed():
            self.end()
        return await self.receive_all()


async def tcp_client(
    application: Application | None = None, params: HTTP1ConnectionParameters | None = None
) -> Client:
    """A client at the end of a TCP connection, which knows resets."""
    client = Client(application, params)
    client.stream.close()
    client.socket.close()
    await client.ended()
    client.application.closed.clear()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client.socket = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    client.socket.setblocking(False)
    client.stream = IOStream(ours)
    client.serve(params)
    return client


class Answer(NamedTuple):
    status: int
    headers: HTTPHeaders
    body: bytes


_STATUS_LINE = re.compile(r"HTTP/1\.1 ([1-9][0-9][0-9]) [\t -~]*")


def read_answers(data: bytes, *methods: str) -> list[Answer]:
    """The responses in `data`, strictly: all complete, each with a length, nothing left over.

    `methods` are those of the requests, where that matters.
    """
    answers: list[Answer] = []
    while data:
        head, end, data = data.partition(b"\r\n\r\n")
        assert end, f"a head without an end: {head!r}"
        first, *lines = head.decode("latin-1").split("\r\n")
        match = _STATUS_LINE.fullmatch(first)
        assert match, first
        headers = HTTPHeaders()
        for line in lines:
            headers.parse_line(line)
        status = int(match.group(1))
        size = 0
        final = [answer for answer in answers if answer.status >= 200]
        method = methods[len(final)] if len(final) < len(methods) else ""
        if status >= 200 and status not in {204, 304}:
            assert len(headers.get_list("Content-Length")) == 1
            assert "Date" in headers
            size = 0 if method == "HEAD" else int(headers["Content-Length"])
        assert len(data) >= size
        answers.append(Answer(status, headers, data[:size]))
        data = data[size:]
    return answers
