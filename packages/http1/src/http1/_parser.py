"""`RequestParser` and `ResponseParser`: bytes in, calls on a handler out. No socket, no clock.

Theory of operation
-------------------
A parser reads one message after the other. `feed` takes what came from the peer, of any length,
and calls the handler: `head_received` once for a message, `body_received` for each piece of its
body, `message_complete` at its end. Between two calls the handler (or whoever owns the parser) can `pause`;
what is left is kept and read on `resume`.

Where the parser is in a message is one of the states of `State`. A head that is in one piece is
read at a glance: a few passes of C over all of it that can only accept. What they do not accept,
and a head that comes in pieces, goes to `HeadScanner`, which raises what is wrong first. The
framing of the body is decided by `_framing`, and the body read by length here, or by
`ChunkedDecoder`.

After an error a parser is done: where the next message would start is anybody's guess.
"""

from __future__ import annotations

from enum import Enum
from typing import Final
from typing import Protocol

from ._chunked import ChunkedDecoder
from ._errors import HTTPInputError
from ._field_names import FRAMING
from ._field_names import is_token
from ._field_names import learn_ordinary
from ._field_names import ordinary
from ._framing import CHUNKED
from ._framing import UNTIL_CLOSE
from ._framing import request_body_length
from ._framing import response_body_length
from ._grammar import CRLF
from ._grammar import CRLF_CRLF
from ._grammar import LINE_BYTES
from ._grammar import OWS
from ._grammar import PLAIN_REQUEST_LINE
from ._head import HeadScanner
from ._head import split_field
from ._headers import HTTPHeaders
from ._limits import Limits
from ._mypyc import mypyc_attr
from ._start_line import RequestStartLine
from ._start_line import ResponseStartLine
from ._start_line import parse_request_start_line
from ._start_line import parse_response_start_line
from ._target import check_host
from ._target import parse_target


class RequestHandler(Protocol):
    """What a `RequestParser` calls. The calls for a message come in the order given here."""

    def head_received(self, start_line: RequestStartLine, headers: HTTPHeaders, /) -> object:
        """A head came. What it means is in the parser's attributes, such as `keep_alive`."""

    def body_received(self, chunk: bytes, /) -> object:
        """A piece of the body came, never an empty one."""

    def message_complete(self) -> object:
        """The message is complete. A chunked one's trailers are in the parser's `trailers`."""


class ResponseHandler(Protocol):
    """What a `ResponseParser` calls. The calls for a message come in the order given here."""

    def head_received(self, start_line: ResponseStartLine, headers: HTTPHeaders, /) -> object:
        """A head came. An interim response (status 1xx) is this call alone, without `message_complete`."""

    def body_received(self, chunk: bytes, /) -> object:
        """A piece of the body came, never an empty one."""

    def message_complete(self) -> object:
        """The message is complete. A chunked one's trailers are in the parser's `trailers`."""


class State(Enum):
    """Where a parser is."""

    #: Between two messages, or in the middle of a head.
    HEAD = "head"
    #: In a body whose length is known.
    SIZED_BODY = "sized body"
    #: In a body that comes in chunks, or in its trailer section.
    CHUNKED_BODY = "chunked body"
    #: In a body that ends when the peer closes the connection.
    UNTIL_CLOSE = "body until close"
    #: Past the last byte of a message, before the handler is told.
    END = "end"
    #: A handler took the connection over, or the peer has sent its last byte.
    CLOSED = "closed"
    #: After an error.
    FAILED = "failed"


# Looked up once, not with every message.
_HEAD: Final = State.HEAD
_SIZED_BODY: Final = State.SIZED_BODY
_CHUNKED_BODY: Final = State.CHUNKED_BODY
_UNTIL_CLOSE: Final = State.UNTIL_CLOSE
_END: Final = State.END
_CLOSED: Final = State.CLOSED
_FAILED: Final = State.FAILED

# What is left of a valid head of n + 1 lines when every byte is deleted that may stand in a line.
_CRLFS: Final = tuple([CRLF * n for n in range(257)])

# What `RequestStartLine(...)` comes down to, without the detour through its own `__new__`.
_new_tuple: Final = tuple.__new__

_UNLIMITED: Final = 1 << 62

# What most clients say in Connection; nothing else has to be looked at then.
_KEEP_ALIVE_OPTION: Final = ["keep-alive"]

_EMPTY_LIST: Final[list[str]] = []


@mypyc_attr(allow_interpreted_subclasses=True)
class MessageParser:
    """What the two parsers share: all but the meaning of a head. Use one of those."""

    __slots__ = (
        "_chunked",
        "_eof",
        "_error",
        "_limits",
        "_pieces",
        "_quick_head_size",
        "_quick_header_count",
        "_remaining",
        "_running",
        "_scanner",
        "_state",
        "body_length",
        "body_received",
        "chunk_size",
        "held",
        "keep_alive",
        "max_body_size",
        "paused",
        "upgrade",
    )

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._quick_head_size = min(
            limits.max_header_size, limits.max_field_size, limits.max_start_line_size
        )
        self._quick_header_count = min(limits.max_header_count, len(_CRLFS) - 1)
        self._state = _HEAD
        self._scanner: HeadScanner | None = None
        self._chunked: ChunkedDecoder | None = None
        self._remaining = 0
        self._pieces: list[bytes] = []  # decoded and not delivered yet, the last one first
        self._error: HTTPInputError | None = None  # to be raised behind the pieces
        #: Bytes that are kept unread, because of a pause.
        self.held = b""
        #: Whether the handler is not to be called for the time being. Changed by the methods.
        self.paused = False
        self._running = False
        self._eof = False
        #: Length of the current body in bytes, or `CHUNKED` or `UNTIL_CLOSE`.
        self.body_length = 0
        #: Bytes of the current body that came so far.
        self.body_received = 0
        #: The most bytes that one `body_received` hands over.
        self.chunk_size = _UNLIMITED
        #: Whether the peer's message lets the connection stay open (RFC 9112 section 9.3).
        self.keep_alive = True
        #: The protocols that the peer's `Upgrade` names, "" if it does not ask for any.
        self.upgrade = ""
        #: Limit of the current body in bytes. A handler can set it in `head_received`.
        self.max_body_size = limits.max_body_size

    @property
    def state(self) -> State:
        return self._state

    @property
    def in_message(self) -> bool:
        """Whether some bytes of a message came and its end has not been told to the handler."""
        return self._state is not _HEAD or self._scanner is not None

    @property
    def trailers(self) -> HTTPHeaders:
        """The trailer fields of the current message (RFC 9110 section 6.5), empty if none came.

        Those that could change what the message is or who sent it are left out, as section
        6.5.1 asks.
        """
        return HTTPHeaders() if self._chunked is None else self._chunked.trailers

    # --- what the owner calls

    def feed(self, data: bytes) -> None:
        """Read on with `data`, which may be of any length and hold several messages.

        Raises `HTTPInputError` after the calls for all that was good before. While paused, data
        is kept: who pauses a parser stops feeding it soon.
        """
        if self.held:
            data = self.held + data
            self.held = b""
        if self.paused:
            self.held = data
            return
        self._running = True
        try:
            position = self._read(data)
        except BaseException:
            self._state = _FAILED
            self._running = False
            raise
        self._running = False
        if position < len(data):
            self.held = data[position:]

    def feed_eof(self) -> None:
        """The peer has sent its last byte. Raises `HTTPInputError` if that cuts a message short."""
        self._eof = True
        if not self.paused:
            self._at_eof()

    def pause(self) -> None:
        """Call the handler no more until `resume`. May be called from within the handler."""
        self.paused = True

    def resume(self) -> None:
        """Read on with what was kept. Raises as `feed` does; does nothing if not paused."""
        if not self.paused:
            return
        self.paused = False
        if self._running:
            return
        if self.held or self._pieces or self._state is _END:
            self.feed(b"")
        if self._eof and not self.paused:
            self._at_eof()

    def take_rest(self) -> bytes:
        """Close the parser, and hand out the bytes that it was given and has not read.

        To be called while paused. This is how a connection changes to another protocol.
        """
        rest = self.held
        self.held = b""
        self._state = _CLOSED
        return rest

    @property
    def at_eof(self) -> bool:
        """Whether the peer has sent its last byte."""
        return self._eof

    # --- the machine

    def _read(self, data: bytes) -> int:
        """Read `data` until it ends or the parser is paused; return where reading stopped."""
        position = 0
        size = len(data)
        while not self.paused:
            state = self._state
            if state is _HEAD:
                if position == size:
                    break
                if self._scanner is None:
                    end = data.find(CRLF_CRLF, position)
                    if end >= 0:
                        head = data[position:end]
                        position = end + 4
                        self._read_head(head, position < size)
                        continue
                data = self._scan(data, position)
                position = 0
                size = len(data)
            elif state is _END:
                self._end_message()
            elif self._pieces:
                self._deliver_piece()
            elif position == size:
                break
            elif state is _SIZED_BODY:
                length = size - position
                if length > self._remaining:
                    length = self._remaining
                if length > self.chunk_size:
                    length = self.chunk_size
                self._remaining -= length
                self.body_received += length
                if not self._remaining:
                    self._state = _END
                chunk = data if length == size else data[position : position + length]
                position += length
                self._data(chunk)
            elif state is _CHUNKED_BODY:
                position = self._read_chunked(data, position)
            elif state is _UNTIL_CLOSE:
                self._read_until_close(data[position:])
                position = size
            elif state is _FAILED:
                raise HTTPInputError("nothing is read after an error")
            else:
                break
        return position

    def _scan(self, data: bytes, position: int) -> bytes:
        """Take a head, or a part of one, the careful way; return what came behind it."""
        scanner = self._scanner
        if scanner is None:
            scanner = self._scanner = HeadScanner(self._limits, self._check_start_line)
        if not scanner.feed(data[position:]):
            return b""
        self._scanner = None
        rest = scanner.rest()
        self._read_head(scanner.head(), len(rest) > 0)
        return rest

    def _diagnose(self, head: bytes) -> bytes:
        """Raise what is wrong with a head that could not be taken at a glance.

        If nothing is, return it from its start line on.
        """
        scanner = HeadScanner(self._limits, self._check_start_line)
        if not scanner.feed(head + CRLF_CRLF):
            # A leading empty line is all there was before CRLF CRLF.
            raise HTTPInputError("empty lines where a start line should be")
        return scanner.head()

    def _split_head(self, head: bytes) -> list[str]:
        """The lines of a head, valid but for their syntax. Raises `HTTPInputError`."""
        lines = head.decode("latin-1").split("\r\n")
        count = len(lines) - 1
        if (
            len(head) > self._quick_head_size
            or count > self._quick_header_count
            or head.translate(None, LINE_BYTES) != _CRLFS[count]
            or not lines[0]
        ):
            lines = self._diagnose(head).decode("latin-1").split("\r\n")
        return lines

    def _begin_body(self, length: int) -> None:
        """Enter the state in which a body of this length is read. Raises if it is too long."""
        if length > 0:
            if length > self.max_body_size:
                raise HTTPInputError(
                    f"body longer than {self.max_body_size} bytes (max_body_size)", 413
                )
            self._remaining = length
            self._state = _SIZED_BODY
        elif length == CHUNKED:
            self._chunked = ChunkedDecoder(self._limits, self.max_body_size)
            self._state = _CHUNKED_BODY
        else:
            self._state = _UNTIL_CLOSE

    def _end_message(self) -> None:
        self._state = _HEAD
        self._finish()

    def _read_chunked(self, data: bytes, position: int) -> int:
        """Decode what `data` holds of a chunked body; the main loop delivers the pieces."""
        decoder = self._chunked
        assert decoder is not None
        pieces: list[bytes] = []
        try:
            position = decoder.decode(data, position, pieces)
        except HTTPInputError as error:
            self._error = error
            position = len(data)
        limit = self.chunk_size
        for piece in reversed(pieces):
            for start in range((len(piece) - 1) // limit * limit, -1, -limit):
                self._pieces.append(piece[start : start + limit])
        if not pieces:
            self._after_pieces()
        return position

    def _deliver_piece(self) -> None:
        """Deliver the next piece of a chunked body."""
        piece = self._pieces.pop()
        self.body_received += len(piece)
        self._data(piece)
        if not self._pieces:
            self._after_pieces()

    def _after_pieces(self) -> None:
        """Everything that was decoded has been delivered: what comes next?"""
        if self._error is not None:
            raise self._error
        if self._state is _CHUNKED_BODY and self._chunked is not None and self._chunked.done:
            self._state = _END

    def _read_until_close(self, data: bytes) -> None:
        self.body_received += len(data)
        if self.body_received > self.max_body_size:
            raise HTTPInputError(
                f"body longer than {self.max_body_size} bytes (max_body_size)", 413
            )
        self._data(data)

    def _at_eof(self) -> None:
        state = self._state
        self._state = _CLOSED
        if state is _UNTIL_CLOSE:
            self._finish()
        elif (state is _HEAD and self._scanner is None) or state is _CLOSED:
            return
        else:
            self._state = _FAILED
            where = "head" if state is _HEAD else "body"
            raise HTTPInputError(f"connection closed in the middle of a {where}")

    # --- what the two kinds of message differ in

    def _check_start_line(self, line: str) -> object:
        raise NotImplementedError

    def _read_head(self, head: bytes, more: bool) -> None:
        """Take a complete head; `more` says that bytes behind it are here already."""
        raise NotImplementedError

    def _data(self, chunk: bytes) -> None:
        raise NotImplementedError

    def _finish(self) -> None:
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
class RequestParser(MessageParser):
    """Reads requests: bytes in, calls on a handler out.

    >>> class Handler:
    ...     def head_received(self, start_line, headers):
    ...         print(start_line.method, start_line.path, dict(headers))
    ...     def body_received(self, chunk):
    ...         print(chunk)
    ...     def message_complete(self):
    ...         print("complete")
    >>> parser = RequestParser(Handler())
    >>> parser.feed(b"POST /a HTTP/1.1\\r\\nHost: x\\r\\nContent-Le")
    >>> parser.feed(b"ngth: 5\\r\\n\\r\\nhello")
    POST /a {'Host': 'x', 'Content-Length': '5'}
    b'hello'
    complete

    A target in absolute form is given as its path, and its authority stands in the place of the
    Host field, as RFC 9112 section 3.2.2 says; `target` keeps what came.
    """

    __slots__ = ("_handler", "expect_continue", "target")

    def __init__(self, handler: RequestHandler, limits: Limits | None = None) -> None:
        MessageParser.__init__(self, Limits() if limits is None else limits)
        self._handler = handler
        #: Whether the client waits for `100 Continue` before it sends its body.
        self.expect_continue = False
        #: The request target as it came.
        self.target = ""

    def _data(self, chunk: bytes) -> None:
        self._handler.body_received(chunk)

    def _finish(self) -> None:
        self._handler.message_complete()

    def _check_start_line(self, line: str) -> RequestStartLine:
        start_line = parse_request_start_line(line)
        if len(start_line.method) > self._limits.max_method_size:
            raise HTTPInputError(
                f"method longer than {self._limits.max_method_size} bytes (max_method_size)", 501
            )
        parse_target(start_line.method, start_line.path)
        return start_line

    def _read_head(self, head: bytes, more: bool) -> None:
        lines = self._split_head(head)

        # The request line.
        authority = ""
        first = lines.pop(0)
        match = PLAIN_REQUEST_LINE.fullmatch(first)
        if match is not None:
            method, target = match.groups()
            version = "HTTP/1.1"
            path = target
        else:
            method, target, version = self._check_start_line(first)
            path, authority = parse_target(method, target)

        # The fields: all of them are split, and those looked at whose names say something about
        # framing or were not seen before.
        try:
            fields = [line.split(":", 1) for line in lines]
            unusual = [(name, value) for name, value in fields if name not in ordinary]
        except ValueError:
            self._diagnose(head)
            raise
        self.upgrade = ""
        self.expect_continue = False
        self.keep_alive = version != "HTTP/1.0"
        hosts = content_length = transfer_encoding = connection = expect = upgrade = _EMPTY_LIST
        for name, value in unusual:
            lower = FRAMING.get(name)
            if lower is None:
                lower = name.lower()
            if lower == "host":
                hosts = [*hosts, value.strip(OWS)]
            elif lower not in FRAMING:
                if not is_token(name):
                    self._diagnose(head)
                learn_ordinary(name)
            elif lower == "connection":
                connection = [*connection, value.strip(OWS)]
            elif lower == "content-length":
                content_length = [*content_length, value.strip(OWS)]
            elif lower == "transfer-encoding":
                transfer_encoding = [*transfer_encoding, value.strip(OWS)]
            elif lower == "expect":
                expect = [*expect, value.strip(OWS)]
            else:
                upgrade = [*upgrade, value.strip(OWS)]

        # RFC 9112 section 3.2: exactly one Host in HTTP/1.1, and never two.
        if len(hosts) == 1:
            check_host(hosts[0])
        elif hosts or version != "HTTP/1.0":
            raise HTTPInputError("more than one Host field" if hosts else "no Host field")
        if authority and method != "CONNECT":
            fields = [field for field in fields if field[0].lower() != "host"]
            fields.append(["Host", authority])

        if connection:
            if connection == _KEEP_ALIVE_OPTION:
                self.keep_alive = True
            else:
                self._read_connection(connection, upgrade)
        if content_length or transfer_encoding:
            length = request_body_length(version, content_length, transfer_encoding)
        else:
            length = 0
        if expect:
            self._read_expect(version, expect, length != 0 and not more)

        self.target = target
        self.body_length = length
        self.body_received = 0
        self.max_body_size = self._limits.max_body_size
        self._chunked = None
        self._state = _END
        self._handler.head_received(
            _new_tuple(RequestStartLine, (method, path, version)), HTTPHeaders.from_lines(fields)
        )
        if length:
            if self._state is _END:
                self._begin_body(length)
        elif not self.paused and self._state is _END:
            self._state = _HEAD
            self._handler.message_complete()

    def _read_connection(self, values: list[str], upgrade: list[str]) -> None:
        """RFC 9110 section 7.6.1, RFC 9112 section 9.3."""
        options = connection_options(values)
        if "close" in options:
            self.keep_alive = False
        elif "keep-alive" in options:
            self.keep_alive = True
        # RFC 9110 section 7.8: Upgrade counts only where Connection names it, and never in 1.0.
        if "upgrade" in options and upgrade:
            self.upgrade = ", ".join(upgrade)

    def _read_expect(self, version: str, values: list[str], awaited: bool) -> None:
        """RFC 9110 section 10.1.1."""
        if version == "HTTP/1.0":
            return
        if ",".join(values).lower() != "100-continue":
            raise HTTPInputError("expectation not supported", 417)
        self.expect_continue = awaited


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
        start_line = self._check_start_line(lines.pop(0))
        version, status, _ = start_line
        fields = [split_field(line) for line in lines]
        headers = HTTPHeaders.from_lines(fields)
        content_length = headers.get_list("Content-Length")
        transfer_encoding = headers.get_list("Transfer-Encoding")
        length = response_body_length(
            self.request_method, status, version, content_length, transfer_encoding
        )
        options = connection_options(headers.get_list("Connection"))
        self.keep_alive = "close" not in options and (
            version != "HTTP/1.0" or "keep-alive" in options
        )
        if length == UNTIL_CLOSE:
            self.keep_alive = False
        self.upgrade = headers.get("Upgrade", "") if "upgrade" in options else ""
        self.body_length = length
        self.body_received = 0
        self.max_body_size = self._limits.max_body_size
        self._chunked = None
        # RFC 9110 section 15.2: an interim response is a head alone; 101 is the last one.
        self._state = _HEAD if 100 <= status < 200 and status != 101 else _END
        final = self._state
        self._handler.head_received(start_line, headers)
        if length and self._state is final and final is _END:
            self._begin_body(length)


def connection_options(values: list[str]) -> list[str]:
    """The options in the values of all Connection fields, in lower case."""
    return [option.strip(OWS).lower() for option in ",".join(values).split(",")]
