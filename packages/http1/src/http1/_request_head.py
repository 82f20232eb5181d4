"""The head of a request, and what follows from it for the body and the connection."""

from __future__ import annotations

from typing import Final

from ._encoding import OutgoingFields
from ._encoding import encode_head
from ._errors import HTTPOutputError
from ._errors import printable
from ._grammar import TOKEN
from ._writing import Afterwards
from ._writing import Writing

# Methods that say what to do with a body: without Content-Length it is sent in chunks.
_METHODS_WITH_BODY: Final = frozenset(("PATCH", "POST", "PUT"))


def encode_request_head(
    method: str, target: str, fields: OutgoingFields, closing: bool
) -> tuple[bytes, Writing, Afterwards]:
    """The bytes of a request's head, the state behind it, and the connection's future.

    `closing` says that this is the connection's last request. `fields` is used up. Raises
    `HTTPOutputError`.
    """
    if not TOKEN.fullmatch(method):
        raise HTTPOutputError(f"malformed method: {printable(method)}")
    if not target or not target.isascii() or not target.isprintable() or " " in target:
        raise HTTPOutputError(f"malformed request target: {printable(target)}")
    if not fields.has_host:
        raise HTTPOutputError("a request needs a Host field (RFC 9112 section 3.2)")
    if fields.chunked and fields.content_length >= 0:
        raise HTTPOutputError("both Content-Length and Transfer-Encoding")
    lines = fields.lines
    if fields.content_length >= 0:
        writing = Writing.SIZED
    elif fields.chunked or method in _METHODS_WITH_BODY:
        writing = Writing.CHUNKED
        lines.append("Transfer-Encoding: chunked")
    else:
        writing = Writing.NO_BODY
    if closing and not fields.closes:
        lines.append("Connection: close")
    afterwards = Afterwards.CLOSE if closing or fields.closes else Afterwards.KEEP_ALIVE
    return encode_head(f"{method} {target} HTTP/1.1", lines), writing, afterwards
