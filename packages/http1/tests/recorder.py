"""`Recorder`: a parser's handler that writes down what it is called with."""

from collections.abc import Iterable

from http1 import HTTPHeaders
from http1 import HTTPInputError
from http1 import Limits
from http1 import RequestParser
from http1 import RequestStartLine

from .vectors import Request


class Recorder:
    """Writes down the requests that a parser reads, and checks the order of the calls."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        #: The requests begun, complete or not.
        self.heads: list[tuple[RequestStartLine, HTTPHeaders]] = []
        #: The body of the present request, None between two of them.
        self.body: bytes | None = None
        self.chunks: list[int] = []

    def head_received(self, start_line: RequestStartLine, headers: HTTPHeaders) -> None:
        if self.body is not None:
            raise AssertionError("a head in the middle of a request")
        self.heads.append((start_line, headers))
        self.body = b""

    def body_received(self, chunk: bytes) -> None:
        if self.body is None or not chunk:
            raise AssertionError("a piece of no body, or an empty one")
        self.chunks.append(len(chunk))
        self.body += chunk

    def message_complete(self) -> None:
        if self.body is None:
            raise AssertionError("the end of no request")
        start_line = self.heads[-1][0]
        self.requests.append((start_line.method, start_line.path, self.body))
        self.body = None


def parse(
    pieces: Iterable[bytes], *, end: bool = False, limits: Limits | None = None
) -> tuple[Recorder, HTTPInputError | None]:
    """Feed a parser; what it read, and how it refused the rest. `end`: the input ends behind it."""
    recorder = Recorder()
    parser = RequestParser(recorder, limits)
    try:
        for piece in pieces:
            parser.feed(piece)
        if end:
            parser.feed_eof()
    except HTTPInputError as error:
        return recorder, error
    return recorder, None


def in_bytes(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]
