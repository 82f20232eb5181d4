"""The head of a response, and what follows from it for the body and the connection."""

from __future__ import annotations

from typing import Final

from ._encoding import MAX_LENGTH_DIGITS
from ._encoding import STATUS_LINES
from ._encoding import date_line
from ._encoding import encode_head
from ._encoding import read_fields
from ._encoding import status_line
from ._errors import HTTPOutputError
from ._field_names import plain_names
from ._headers import HTTPHeaders
from ._outgoing_headers import OutgoingHeaders
from ._writing import Afterwards
from ._writing import Writing

_HEAD: Final = Writing.HEAD
_SIZED: Final = Writing.SIZED
_CHUNKED: Final = Writing.CHUNKED
_UNTIL_CLOSE: Final = Writing.UNTIL_CLOSE
_NO_BODY: Final = Writing.NO_BODY
_KEEP_ALIVE: Final = Afterwards.KEEP_ALIVE
_CLOSE: Final = Afterwards.CLOSE
_SWITCH: Final = Afterwards.SWITCH

# Methods whose answers may have no body where others have one (RFC 9112 section 6.3).
_UNUSUAL_METHODS: Final = frozenset(("CONNECT", "HEAD"))

# For more than these, to add line after line to one string would take longer than to join them.
_MANY_FIELDS: Final = 40


def encode_response_head(
    code: int, reason: str, headers: OutgoingHeaders, method: str, http_1_0: bool, closing: bool
) -> tuple[bytes, int, Writing, Afterwards]:
    """The bytes of a response's head, its body's length, and the two states behind it.

    `method` is that of the request, `http_1_0` says that the client reads no later version, and
    `closing` that the connection has to be closed after this response.

    The length is that of a body that is sized. The first state is HEAD again for an interim
    response. Raises `HTTPOutputError`.
    """
    if code == 200 and reason == "OK" and not http_1_0:
        if method == "GET" or method not in _UNUSUAL_METHODS:
            head, length = _encode_usual(headers, closing)
            if length >= 0:
                return head, length, _SIZED, _CLOSE if closing else _KEEP_ALIVE
    lines = [STATUS_LINES.get((code, reason)) or status_line(code, reason)]
    length, said = read_fields(headers, lines, _may_have_length(code, method))
    if code == 205:
        # RFC 9110 section 15.3.6: it has no content, but a recipient need not know that.
        length = 0
        lines.append("Content-Length: 0\r\n")
    writing, afterwards = frame_response(code, length, method, http_1_0)
    if writing is _HEAD:
        return encode_head(lines), length, writing, afterwards
    if writing is _CHUNKED:
        lines.append("Transfer-Encoding: chunked\r\n")
    if afterwards is not _SWITCH:
        if "close" in said:
            afterwards = _CLOSE
        elif closing or writing is _UNTIL_CLOSE:
            afterwards = _CLOSE
            lines.append("Connection: close\r\n")
        elif http_1_0:
            lines.append("Connection: keep-alive\r\n")
    if "date" not in said:
        lines.append(date_line())
    return encode_head(lines), length, writing, afterwards


def _encode_usual(headers: OutgoingHeaders, closing: bool) -> tuple[bytes, int]:
    """What the rules come to for most responses: a 200 with a length, and nothing that concerns us.

    The head, and the length of the body. The length is -1 if it takes a closer look at a field, or
    at what `headers` are: this accepts nothing that would be refused there.
    """
    if type(headers) is not HTTPHeaders or headers._lists is not None or headers._wire is not None:
        return b"", -1
    # Applications are not all type-checked: compiled, the loop would refuse other values itself.
    fields: dict[str, object] = headers._fields  # type: ignore[assignment]
    if len(fields) > _MANY_FIELDS:
        return b"", -1
    head = "HTTP/1.1 200 OK\r\nConnection: close\r\n" if closing else "HTTP/1.1 200 OK\r\n"
    length = ""
    for name, value in fields.items():
        if type(value) is not str:
            return b"", -1
        if name in plain_names and value.isprintable():
            head = f"{head}{name}: {value}\r\n"
        elif name == "Content-Length" and value.isdigit() and len(value) <= MAX_LENGTH_DIGITS:
            length = value
        else:
            return b"", -1
    if not length:
        return b"", -1
    try:
        # Digits that are not ASCII are no latin-1, or no number: both are a ValueError.
        head = f"{head}Content-Length: {length}\r\n{date_line(True)}"
        return head.encode("latin-1"), int(length)
    except ValueError:
        return b"", -1


def _may_have_length(code: int, method: str) -> bool:
    """Whether Content-Length may be sent (RFC 9110 section 8.6); for 205 it is made up here."""
    if code < 200 or code == 204 or code == 205:
        return False
    return method != "CONNECT" or code >= 300


def frame_response(
    code: int, length: int, method: str, http_1_0: bool
) -> tuple[Writing, Afterwards]:
    """How the body of a response is framed, by RFC 9112 section 6.3.

    `length` is what the application announced, -1 if nothing. RFC 9110 section 8.6 and RFC 9112
    section 6.1 keep framing fields out of an interim response, of 204 and of 2xx to CONNECT.
    """
    if code < 200:
        # RFC 9110 section 15.2, and section 7.8 for 101.
        if http_1_0:
            raise HTTPOutputError("interim response to an HTTP/1.0 client")
        return (_NO_BODY, _SWITCH) if code == 101 else (_HEAD, _KEEP_ALIVE)
    if method == "CONNECT" and code < 300:
        return _NO_BODY, _SWITCH
    if code == 204 or code == 304 or method == "HEAD":
        return _NO_BODY, _KEEP_ALIVE
    if length >= 0:
        return _SIZED, _KEEP_ALIVE
    return (_UNTIL_CLOSE if http_1_0 else _CHUNKED), _KEEP_ALIVE
