"""`ResponseHead`: a status and fields as WSGI gives them."""

import re
from collections.abc import Sequence
from typing import Final

from http1 import ResponseStartLine

_STATUS: Final = re.compile(r"([1-9][0-9][0-9])(?: (.*))?", re.DOTALL)

# PEP 3333, "Other HTTP Features": these are the server's. RFC 9110 section 7.6.1 names them.
_HOP_BY_HOP: Final = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)


class ResponseHead:
    """The head of an answer, in the form in which `HTTP1Connection` writes it.

    Raises `ValueError` for what is not a status, and for fields that only a server may set. What
    else can't be sent is noticed when it is written.
    """

    __slots__ = ("_fields", "start_line")

    def __init__(self, status: str, fields: Sequence[tuple[str, str]]) -> None:
        match = _STATUS.fullmatch(status)
        if match is None:
            raise ValueError(f"a status is like '200 OK', not {status!r}")
        for name, _ in fields:
            if name.lower() in _HOP_BY_HOP:
                raise ValueError(f"{name} is for the server to set (PEP 3333)")
        #: The status line.
        self.start_line = ResponseStartLine("HTTP/1.1", int(match[1]), match[2] or "")
        self._fields = list(fields)

    def get_all(self) -> Sequence[tuple[str, str]]:
        """Every field as a pair of name and value."""
        return self._fields

    def add_length(self, size: int) -> int:
        """Announce a body of `size` bytes, unless a length is announced; return what is."""
        for name, value in self._fields:
            if name.lower() == "content-length":
                return int(value)
        if self.start_line.code not in (204, 304):
            self._fields.append(("Content-Length", str(size)))
        return size
