"""The head of an answer as ASGI gives it: a status, and fields that are pairs of bytes."""

import os
from collections.abc import Iterable
from typing import BinaryIO
from typing import Final

from http1 import HTTPHeaders
from http1 import ResponseStartLine

_start_lines: dict[int, ResponseStartLine] = {}

# How names are spelled on the wire. Applications have a few; bounded for those that make names up.
_spellings: dict[bytes, str] = {}
_MAX_SPELLINGS: Final = 1024


def start_line_of(status: int) -> ResponseStartLine:
    """The status line with the reason that goes with `status`, none if it has no name."""
    known = _start_lines.get(status)
    if known is None:
        # It takes a while to import, and a callback delegate can do without.
        from http import HTTPStatus

        try:
            phrase = HTTPStatus(status).phrase
        except ValueError:
            return ResponseStartLine("HTTP/1.1", status, "")
        known = _start_lines[status] = ResponseStartLine("HTTP/1.1", status, phrase)
    return known


class ASGIFields:
    """Fields that `HTTP1Connection` can write, from the pairs of an ASGI message."""

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        self._pairs = pairs

    def get_all(self) -> list[tuple[str, str]]:
        """Every field as a pair of name and value."""
        return [
            (_spellings.get(name) or _spell(name), value.decode("latin-1"))
            for name, value in self._pairs
        ]

    def add_length(self, file: BinaryIO) -> None:
        """Announce the size of `file`, unless there is a Content-Length."""
        pairs = list(self._pairs)
        if not any(name.lower() == b"content-length" for name, _ in pairs):
            pairs.append((b"Content-Length", b"%d" % os.fstat(file.fileno()).st_size))
        self._pairs = pairs


def _spell(name: bytes) -> str:
    (spelled,) = HTTPHeaders({name.decode("latin-1"): ""})
    if len(_spellings) < _MAX_SPELLINGS:
        _spellings[bytes(name)] = spelled
    return spelled
