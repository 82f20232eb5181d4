"""The head of a request, and what follows from it for the body and the connection."""

from __future__ import annotations

from typing import Final

from ._delegates import OutgoingHeaders
from ._encoding import encode_head
from ._encoding import read_fields
from ._errors import HTTPOutputError
from ._errors import printable
from ._grammar import TOKEN
from ._writing import Afterwards
from ._writing import Writing

# Methods that say what to do with a body: without Content-Length it is sent in chunks.
_METHODS_WITH_BODY: Final = frozenset(("PATCH", "POST", "PUT"))


def encode_request_head(
    method: str, target: str, headers: OutgoingHeaders, closing: bool
) -> tuple[bytes, int, Writing, Afterwards, bool]:
    """The bytes of a request's head, its body's length, and the two states behind it.

    `closing` says that this is the connection's last request. The last of the result says whether
    the request waits for 100 Continue. Raises `HTTPOutputError`.
    """
    lines, length, said = read_fields(headers)
    if not TOKEN.fullmatch(method):
        raise HTTPOutputError(f"malformed method: {printable(method)}")
    if not target or not target.isascii() or not target.isprintable() or " " in target:
        raise HTTPOutputError(f"malformed request target: {printable(target)}")
    if "host" not in said:
        raise HTTPOutputError("a request needs a Host field (RFC 9112 section 3.2)")
    if length >= 0:
        writing = Writing.SIZED
        lines.append(f"Content-Length: {length}")
    elif "chunked" in said or method in _METHODS_WITH_BODY:
        writing = Writing.CHUNKED
        lines.append("Transfer-Encoding: chunked")
    else:
        writing = Writing.NO_BODY
    if closing and "close" not in said:
        lines.append("Connection: close")
    afterwards = Afterwards.CLOSE if closing or "close" in said else Afterwards.KEEP_ALIVE
    head = encode_head(f"{method} {target} HTTP/1.1", lines)
    return head, length, writing, afterwards, "expect" in said
