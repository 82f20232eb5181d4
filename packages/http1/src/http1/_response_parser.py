"""`ResponseParser`: bytes in, calls on a handler out. The twin of `RequestParser`."""

from __future__ import annotations

from typing import Protocol

from ._field_names import FRAMING
from ._field_names import learn_ordinary
from ._field_names import ordinary
from ._framing import UNTIL_CLOSE
from ._framing import response_body_length
from ._head import split_field
from ._headers import HTTPHeaders
from ._headers import headers_from_wire
from ._limits import Limits
from ._message_parser import MessageParser
from ._message_parser import State
from ._message_parser import connection_options
from ._mypyc import mypyc_attr
from ._start_line import ResponseStartLine
from ._start_line import parse_response_start_line


class ResponseHandler(Protocol):
    """What a `ResponseParser` calls. The calls for a message come in the order given here."""

    def head_received(self, start_line: ResponseStartLine, headers: HTTPHeaders, /) -> object:
        """A head came. An interim response (status 1xx) is this call alone, without `message_complete`."""

    def body_received(self, chunk: bytes, /) -> object:
        """A piece of the body came, never an empty one."""

    def message_complete(self) -> object:
        """The message is complete. A chunked one's trailers are in the parser's `trailers`."""


@mypyc_attr(allow_interpreted_subclasses=True)
class ResponseParser(MessageParser):
    """Reads responses: bytes in, calls on a handler out. The twin of `RequestParser`.

    A response can only be read by one who knows the request: set `request_method` before the
    first byte of the answer to each one that is not a GET. After the final response the parser
    is paused, because what comes next belongs to another request.
    """

    __slots__ = ("_handler", "request_method")

    def __init__(self, handler: ResponseHandler, limits: Limits | None = None) -> None:
        MessageParser.__init__(self, Limits() if limits is None else limits)
        self._handler = handler
        #: The method of the request that the next response answers.
        self.request_method = "GET"

    def _data(self, chunk: bytes) -> None:
        self._handler.body_received(chunk)

    def _finish(self) -> None:
        self.paused = True
        self._handler.message_complete()

    def _check_start_line(self, line: str) -> ResponseStartLine:
        return parse_response_start_line(line)

    def _read_head(self, head: bytes, more: bool) -> None:
        lines = self._split_head(head)
        start_line = self._check_start_line(lines.pop(0).decode("latin-1"))
        version, status, _ = start_line
        connection: list[str] = []
        content_length: list[str] = []
        transfer_encoding: list[str] = []
        upgrade: list[str] = []
        names: list[bytes] = []
        values: list[bytes] = []
        for line in lines:
            spelled, colon, rest = line.partition(b":")
            names.append(spelled)
            values.append(rest)
            if spelled in ordinary and colon:
                continue
            name, value = split_field(line.decode("latin-1"))
            lower = name.lower()
            if lower == "content-length":
                content_length.append(value)
            elif lower == "transfer-encoding":
                transfer_encoding.append(value)
            elif lower == "connection":
                connection.append(value)
            elif lower == "upgrade":
                upgrade.append(value)
            elif spelled.lower() not in FRAMING:
                learn_ordinary(spelled)
        length = response_body_length(
            self.request_method, status, version, content_length, transfer_encoding
        )
        options = connection_options(connection)
        self.keep_alive = (
            length != UNTIL_CLOSE
            and "close" not in options
            and (version != "HTTP/1.0" or "keep-alive" in options)
        )
        self.upgrade = ", ".join(upgrade) if "upgrade" in options else ""
        headers = headers_from_wire(names, values)
        self._begin_message(length)
        # RFC 9110 section 15.2: an interim response is a head alone; 101 is the last one.
        if 100 <= status < 200 and status != 101:
            self._state = State.HEAD
            self._handler.head_received(start_line, headers)
            return
        self._handler.head_received(start_line, headers)
        if length:
            self._begin_body()
