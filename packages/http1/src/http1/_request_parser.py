"""`RequestParser`: bytes in, calls on a handler out. No socket, no clock."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from typing import Protocol

from ._errors import HTTPInputError
from ._field_names import FRAMING
from ._field_names import MAX_NAME_LENGTH
from ._field_names import is_token
from ._field_names import learn_ordinary
from ._field_names import ordinary
from ._framing import request_body_length
from ._grammar import CRLF_CRLF
from ._grammar import OWS_BYTES
from ._grammar import PLAIN_REQUEST_LINE
from ._head_shape import HeadShape
from ._head_shape import shapes
from ._headers import HTTPHeaders
from ._limits import Limits
from ._message_parser import NOTHING_BEHIND
from ._message_parser import MessageParser
from ._message_parser import State
from ._message_parser import connection_options
from ._mypyc import mypyc_attr
from ._start_line import RequestStartLine
from ._start_line import parse_request_start_line
from ._target import check_scheme
from ._target import hosts
from ._target import parse_target

_HEAD: Final = State.HEAD
_END: Final = State.END

# What `RequestStartLine(...)` comes down to, without the detour through its own `__new__`.
_new_tuple: Final = tuple.__new__
_start_line: Final = RequestStartLine

# What `headers_from_wire` does, without the call.
_new_headers: Final = HTTPHeaders.__new__

_NOTHING: Final[list[tuple[str, str]]] = []

# The framing fields of a client that makes one connection for each request.
_LAST_REQUEST: Final = [("connection", "close")]


# OPTIONS: those that are taken at a glance are not measured.
_LONGEST_USUAL_METHOD: Final = 7


class RequestHandler(Protocol):
    """What a `RequestParser` calls. The calls for a message come in the order given here."""

    def head_received(self, start_line: RequestStartLine, headers: HTTPHeaders, /) -> object:
        """A head came. What it means is in the parser's attributes, such as `keep_alive`."""

    def body_received(self, chunk: bytes, /) -> object:
        """A piece of the body came, never an empty one."""

    def message_complete(self) -> object:
        """The message is complete. A chunked one's trailers are in the parser's `trailers`."""


class _Nobody:
    """The handler of a parser that has none any more."""

    def head_received(self, start_line: RequestStartLine, headers: HTTPHeaders) -> None:
        pass

    def body_received(self, chunk: bytes) -> None:
        pass

    def message_complete(self) -> None:
        pass


_NOBODY: Final = _Nobody()


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

    __slots__ = ("_handler", "_shape", "expect_continue", "http_1_0", "scheme", "target")

    def __init__(self, handler: RequestHandler, limits: Limits | None = None) -> None:
        MessageParser.__init__(self, Limits() if limits is None else limits)
        self._handler = handler
        # Of the head that is expected next.
        self._shape: HeadShape | None = None
        self._expect(shapes.latest)
        #: Whether the client speaks HTTP/1.0, and not a later version.
        self.http_1_0 = False
        #: Whether the client waits for `100 Continue` before it sends its body.
        self.expect_continue = False
        #: The request target as it came.
        self.target = ""
        #: "http" or "https", as the requests come: a target that names the other one is refused
        #: with 421 (RFC 9110 section 7.4). Empty: either may come, because a gateway is trusted.
        self.scheme = ""

    def let_go(self) -> None:
        """Forget the handler, which is not called any more.

        A handler mostly owns its parser. Without this the two refer to each other for good, and
        with them all that the handler holds waits for the garbage collector.
        """
        self._handler = _NOBODY

    def _data(self, chunk: bytes) -> None:
        self._handler.body_received(chunk)

    def _finish(self) -> None:
        self._handler.message_complete()

    def _check_start_line(self, line: str) -> RequestStartLine:
        start_line = parse_request_start_line(line)
        size = len(start_line.method)
        if size > self._limits.max_method_size and size > _LONGEST_USUAL_METHOD:
            raise HTTPInputError(
                f"method longer than {self._limits.max_method_size} bytes (max_method_size)", 501
            )
        parse_target(start_line.method, start_line.path)
        return start_line

    def _expect(self, shape: HeadShape | None) -> None:
        """Try the next head with `shape`."""
        if shape is None or len(shape.names) <= self._quick_header_count:
            self._shape = shape
        else:
            self._shape = None

    def _take_head(self, data: bytes, position: int) -> int:
        shape = self._shape
        if shape is None:
            # The head before was of no known shape, and neither is this one, most probably.
            return MessageParser._take_head(self, data, position)
        match = shape.match(data, position)
        if match is None:
            end = data.find(CRLF_CRLF, position)
            self._expect(None if end < 0 else shapes.find(data, position, end))
            shape = self._shape
            match = None if shape is None else shape.match(data, position)
        end = 0 if match is None else match.end()
        if shape is None or match is None or end - position > self._quick_head_size:
            return MessageParser._take_head(self, data, position)
        # One by one: `group` would make two tuples of them. They are never absent, which their type
        # does not say.
        method: bytes = match[1]
        path: bytes = match[2]
        host: bytes = match[shape.host]
        if host != hosts.latest:
            hosts.check(host)
        framing = _NOTHING
        if shape.framing:
            framing = [
                (name, match[group].strip(OWS_BYTES).decode("latin-1"))
                for group, name in shape.framing
                if match[group] != b" keep-alive" or name != "connection"
            ]
        self.target = target = path.decode()
        more = end < len(data)
        if more:
            self._behind_head = (data, end)
        self._begin_request(
            "GET" if method == b"GET" else method.decode(),
            target,
            "HTTP/1.1",
            framing,
            more,
            shape.lower_names,
            match,
        )
        if more:
            self._behind_head = NOTHING_BEHIND
        return end

    def _read_head(self, head: bytes, more: bool) -> None:
        lines = self._split_head(head)
        first = lines.pop(0)
        match = PLAIN_REQUEST_LINE.fullmatch(first)
        if match is not None:
            method = match[1].decode()
            target = path = match[2].decode()
            version = "HTTP/1.1"
            authority = ""
        else:
            method, target, version = self._check_start_line(first.decode("latin-1"))
            path, authority = parse_target(method, target)
            if authority and self.scheme and method != "CONNECT":
                check_scheme(target, self.scheme)

        host = -1  # which of the fields it is
        framing = _NOTHING
        names = []
        values = []
        usual = match is not None
        for line in lines:
            name, colon, value = line.partition(b":")
            names.append(name)
            values.append(value)
            if name in ordinary and colon:
                continue
            known = FRAMING.get(name)
            if known is None:
                # An unusual spelling, a new name, or none at all.
                if not colon or not is_token(name.decode("latin-1")):
                    self._diagnose(head)
                known = FRAMING.get(name.lower())
                if known is None:
                    learn_ordinary(name)
                    usual = usual and len(name) <= MAX_NAME_LENGTH
                    continue
            elif not colon:
                self._diagnose(head)
            if known == "host":
                if host >= 0:
                    raise HTTPInputError("more than one Host field")
                host = len(values) - 1
            elif known != "connection" or value != b" keep-alive" or version == "HTTP/1.0":
                framing = [*framing, (known, value.strip(OWS_BYTES).decode("latin-1"))]

        # RFC 9112 section 3.2: exactly one Host in HTTP/1.1, and never two.
        if host >= 0:
            hosts.check(values[host])
            if authority and not values[host].strip(OWS_BYTES):
                raise HTTPInputError("empty Host field for a target that has a host")
        elif version != "HTTP/1.0":
            raise HTTPInputError("no Host field")
        if authority and method != "CONNECT":
            # What the target says stands in the place of the field.
            if host < 0:
                names.append(b"Host")
                values.append(b"")
            values[host] = authority.encode("latin-1")
        elif usual:
            self._expect(shapes.get(names))

        self.target = target
        self._begin_request(method, path, version, framing, more, names, values)

    def _begin_request(
        self,
        method: str,
        path: str,
        version: str,
        framing: list[tuple[str, str]],
        more: bool,
        names: Sequence[bytes],
        values: Sequence[bytes] | re.Match[bytes],
    ) -> None:
        """Tell the handler of a head, and say how to go on behind it.

        `framing` has the fields that say something about it, but for `Connection: keep-alive`,
        which says nothing new in HTTP/1.1.
        """
        self.http_1_0 = version == "HTTP/1.0"
        self.keep_alive = not self.http_1_0
        self.upgrade = ""
        self.expect_continue = False
        length = self._read_framing(method, version, framing, more) if framing else 0
        if length or self.body_length:
            self._begin_message(length)
        else:
            self._state = _END
        headers = _new_headers(HTTPHeaders)
        headers._wire = (names, values)
        self._handler.head_received(_new_tuple(_start_line, (method, path, version)), headers)
        if length:
            self._begin_body()
        elif not self.paused and self._state is _END:
            self._state = _HEAD
            self._handler.message_complete()

    def _read_framing(
        self, method: str, version: str, fields: list[tuple[str, str]], more: bool
    ) -> int:
        """What the fields say about the end of the message and of the connection.

        The result is the length of the body, as in `body_length`.
        """
        if fields == _LAST_REQUEST:
            self.keep_alive = False
            return 0
        connection: list[str] = []
        content_length: list[str] = []
        transfer_encoding: list[str] = []
        expect: list[str] = []
        upgrade: list[str] = []
        values = {
            "connection": connection,
            "content-length": content_length,
            "transfer-encoding": transfer_encoding,
            "expect": expect,
            "upgrade": upgrade,
        }
        for name, value in fields:
            values[name].append(value)
        if connection:
            self._read_connection(version, connection, upgrade)
        length = request_body_length(method, version, content_length, transfer_encoding)
        if expect:
            self._read_expect(version, expect, length != 0 and not more)
        return length

    def _read_connection(self, version: str, values: list[str], upgrade: list[str]) -> None:
        """RFC 9110 section 7.6.1, RFC 9112 section 9.3."""
        options = connection_options(values)
        if "close" in options:
            self.keep_alive = False
        elif "keep-alive" in options:
            self.keep_alive = True
        # RFC 9110 section 7.8: Upgrade counts only where Connection names it, and never in 1.0.
        if "upgrade" in options and upgrade and version != "HTTP/1.0":
            self.upgrade = ", ".join(upgrade)

    def _read_expect(self, version: str, values: list[str], awaited: bool) -> None:
        """RFC 9110 section 10.1.1."""
        if version == "HTTP/1.0":
            return
        if ",".join(values).lower() != "100-continue":
            raise HTTPInputError("expectation not supported", 417)
        self.expect_continue = awaited
