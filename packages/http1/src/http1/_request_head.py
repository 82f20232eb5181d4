"""The head of a request, and what follows from it for the body and the connection."""

from __future__ import annotations

from typing import Final

from ._encoding import encode_head
from ._encoding import read_fields
from ._errors import HTTPInputError
from ._errors import HTTPOutputError
from ._errors import printable
from ._grammar import OWS
from ._grammar import TOKEN
from ._outgoing_headers import OutgoingHeaders
from ._target import check_authority
from ._target import parse_target
from ._writing import Afterwards
from ._writing import Writing

# Methods that say what to do with a body: without Content-Length it is sent in chunks.
_METHODS_WITH_BODY: Final = frozenset(("PATCH", "POST", "PUT"))

# What comes behind the head of a CONNECT is the tunnel's, and TRACE would send it back.
_METHODS_WITHOUT_BODY: Final = frozenset(("CONNECT", "TRACE"))


def encode_request_head(
    method: str, target: str, headers: OutgoingHeaders, closing: bool
) -> tuple[bytes, int, Writing, Afterwards, bool]:
    """The bytes of a request's head, its body's length, and the two states behind it.

    `closing` says that this is the connection's last request. The last of the result says whether
    the request waits for 100 Continue. Raises `HTTPOutputError`.
    """
    lines = [f"{method} {target} HTTP/1.1\r\n"]
    length, said = read_fields(headers, lines)
    if not TOKEN.fullmatch(method):
        raise HTTPOutputError(f"malformed method: {printable(method)}")
    hosts = [value for name, value in headers.get_all() if name.lower() == "host"]
    if len(hosts) != 1:
        raise HTTPOutputError("a request needs a Host field, and only one (RFC 9112 section 3.2)")
    host = hosts[0].strip(OWS)
    try:
        _, authority = parse_target(method, target)
        if host:
            check_authority(host)
    except HTTPInputError as error:
        raise HTTPOutputError(str(error)) from None
    # The target of a CONNECT has a port where its Host may have none.
    if authority and method != "CONNECT" and host.lower() != authority.lower():
        raise HTTPOutputError("Host differs from that of the target (RFC 9112 section 3.2)")
    if length >= 0:
        writing = Writing.SIZED
    elif "chunked" in said or method in _METHODS_WITH_BODY:
        writing = Writing.CHUNKED
        lines.append("Transfer-Encoding: chunked\r\n")
    else:
        writing = Writing.NO_BODY
    if writing is not Writing.NO_BODY and method in _METHODS_WITHOUT_BODY:
        raise HTTPOutputError(f"{method} with a body (RFC 9110 section 9.3)")
    if writing is Writing.NO_BODY and "expect" in said:
        raise HTTPOutputError("Expect without a body (RFC 9110 section 10.1.1)")
    if closing and "close" not in said:
        lines.append("Connection: close\r\n")
    afterwards = Afterwards.CLOSE if closing or "close" in said else Afterwards.KEEP_ALIVE
    return encode_head(lines), length, writing, afterwards, "expect" in said
