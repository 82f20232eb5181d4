"""The head of a response, and what follows from it for the body and the connection."""

from __future__ import annotations

from typing import Final

from ._encoding import STATUS_LINES
from ._encoding import OutgoingFields
from ._encoding import date_line
from ._encoding import encode_head
from ._encoding import status_line
from ._errors import HTTPOutputError
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


def encode_response_head(
    code: int, reason: str, fields: OutgoingFields, method: str, http_1_0: bool, closing: bool
) -> tuple[bytes, Writing, Afterwards]:
    """The bytes of a response's head, the state behind it, and the connection's future.

    `method` is that of the request, `http_1_0` says that the client reads no later version, and
    `closing` that the connection has to be closed after this response. `fields` is used up.

    The state is HEAD again for an interim response. Raises `HTTPOutputError`.
    """
    known = STATUS_LINES.get(code)
    if known is not None and known[0] == reason:
        first = known[1]
    else:
        first = status_line(code, reason)
    if fields.chunked and fields.content_length >= 0:
        raise HTTPOutputError("both Content-Length and Transfer-Encoding")
    if fields.content_length >= 0 and code == 200 and method not in _UNUSUAL_METHODS:
        # What the rules come to for most responses.
        writing, afterwards = _SIZED, _KEEP_ALIVE
    else:
        writing, afterwards = frame_response(code, fields, method, http_1_0)
    lines = fields.lines
    if writing is _HEAD:
        return encode_head(first, lines), writing, afterwards
    if writing is _CHUNKED:
        lines.append("Transfer-Encoding: chunked")
    if afterwards is not _SWITCH:
        if fields.closes:
            afterwards = _CLOSE
        elif closing or writing is _UNTIL_CLOSE:
            afterwards = _CLOSE
            lines.append("Connection: close")
        elif http_1_0:
            lines.append("Connection: keep-alive")
    if not fields.has_date:
        lines.append(date_line())
    return encode_head(first, lines), writing, afterwards


def frame_response(
    code: int, fields: OutgoingFields, method: str, http_1_0: bool
) -> tuple[Writing, Afterwards]:
    """How the body of a response is framed, by RFC 9112 section 6.3."""
    if code < 200 or (method == "CONNECT" and code < 300):
        # RFC 9110 section 8.6, RFC 9112 section 6.1: neither field may be in such a head.
        fields.drop_framing()
        # RFC 9110 section 15.2, and section 7.8 for 101.
        if code < 200 and http_1_0:
            raise HTTPOutputError("interim response to an HTTP/1.0 client")
        if code >= 200 or code == 101:
            return _NO_BODY, _SWITCH
        return _HEAD, _KEEP_ALIVE
    if code == 204:
        fields.drop_framing()
        return _NO_BODY, _KEEP_ALIVE
    if code == 205:
        # RFC 9110 section 15.3.6: it has no content, but a recipient need not know that.
        fields.drop_framing()
        fields.content_length = 0
        fields.lines.append("Content-Length: 0")
    if code == 304 or method == "HEAD":
        return _NO_BODY, _KEEP_ALIVE
    if fields.content_length >= 0:
        return _SIZED, _KEEP_ALIVE
    return (_UNTIL_CLOSE if http_1_0 else _CHUNKED), _KEEP_ALIVE
