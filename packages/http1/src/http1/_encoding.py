"""Heads and chunks, from what an application gives to the bytes on the wire.

Nothing that an application passes can end a line early or add one: a head is written into text,
encoded, and then counted: its line ends must be those put in here, and no byte in it may be one
that no head may hold.
"""

from __future__ import annotations

import time
from typing import Final

from ._delegates import OutgoingHeaders
from ._errors import HTTPOutputError
from ._errors import printable
from ._field_names import canonical_names
from ._field_names import is_token
from ._grammar import CRLF
from ._grammar import DIGITS
from ._grammar import LINE_BYTES
from ._grammar import OWS
from ._parser import connection_options

# What the writer itself has to know of an application's fields, in canonical spelling.
_MEANINGFUL: Final = frozenset(
    ("Connection", "Content-Length", "Date", "Host", "Transfer-Encoding")
)

_CRLFS: Final = tuple([CRLF * n for n in range(257)])

LAST_CHUNK: Final = b"0\r\n\r\n"


class OutgoingFields:
    """The fields of a head to be written, and what the writer must know of them."""

    __slots__ = ("chunked", "closes", "content_length", "has_date", "has_host", "lines")

    def __init__(self, headers: OutgoingHeaders) -> None:
        """Read the fields once. Raises `HTTPOutputError` for a bad name or bad framing."""
        #: The field lines, without CRLF.
        self.lines: list[str] = []
        #: What Content-Length says, -1 if there is none.
        self.content_length = -1
        #: Whether Transfer-Encoding is there; it is left out of `lines`.
        self.chunked = False
        #: Whether Connection says close.
        self.closes = False
        #: Whether Date is there.
        self.has_date = False
        #: Whether Host is there.
        self.has_host = False
        lines = self.lines
        for name, value in headers.get_all():
            if name in canonical_names and name not in _MEANINGFUL:
                lines.append(f"{name}: {value}")
            else:
                self._read(name, value)

    def _read(self, name: str, value: str) -> None:
        lower = name.lower()
        if lower == "content-length":
            self._read_content_length(str(value).strip(OWS))
        elif lower == "transfer-encoding":
            if value.strip(OWS).lower() != "chunked":
                raise HTTPOutputError(
                    f"Transfer-Encoding {printable(value)}: the only one that can be sent is"
                    " chunked, and it is done for you when there is no Content-Length"
                )
            self.chunked = True
            return
        elif lower == "connection":
            self.closes = self.closes or "close" in connection_options([value])
        elif lower == "date":
            self.has_date = True
        elif lower == "host":
            self.has_host = True
        elif not is_token(name):
            raise HTTPOutputError(f"malformed header field name: {printable(name)}")
        self.lines.append(f"{name}: {value}")

    def _read_content_length(self, value: str) -> None:
        if not DIGITS.fullmatch(value) or len(value) > 18:
            raise HTTPOutputError(f"malformed Content-Length: {printable(value)}")
        if self.content_length >= 0:
            raise HTTPOutputError("more than one Content-Length")
        self.content_length = int(value)

    def drop_content_length(self) -> None:
        """Leave Content-Length out after all."""
        self.content_length = -1
        self.lines = [line for line in self.lines if not line.lower().startswith("content-length:")]


def encode_head(start_line: str, lines: list[str]) -> bytes:
    """A head from its start line and field lines. Raises `HTTPOutputError`, in words."""
    lines.insert(0, start_line)
    lines.append("\r\n")
    try:
        head = "\r\n".join(lines).encode("latin-1")
    except UnicodeEncodeError as error:
        text = printable(str(error.object)[error.start : error.end])
        raise HTTPOutputError(
            f"{text} in a head: only latin-1 can be sent there; encode it (RFC 8187, for one)"
        ) from None
    left = head.translate(None, LINE_BYTES)
    count = len(lines)
    if left != (_CRLFS[count] if count < len(_CRLFS) else CRLF * count):
        raise HTTPOutputError(f"control character in a head: {_bad_line(lines)}")
    return head


def _bad_line(lines: list[str]) -> str:
    for line in lines[:-1]:
        if line.encode("latin-1").translate(None, LINE_BYTES):
            return printable(line)
    return "(none)"


def encode_chunk_size(size: int) -> bytes:
    """The line before `size` bytes of chunk data (RFC 9112 section 7.1)."""
    return b"%x\r\n" % size


class _Date:
    """The Date of the present second, made once a second (RFC 9110 section 6.6.1)."""

    __slots__ = ("line", "second")

    def __init__(self) -> None:
        self.second = -1
        self.line = ""

    def refresh(self, second: int) -> None:
        now = time.gmtime(second)
        # Not strftime: the names of days and months are English, whatever the locale.
        self.line = (
            f"Date: {_DAYS[now.tm_wday]}, {now.tm_mday:02} {_MONTHS[now.tm_mon - 1]} "
            f"{now.tm_year:04} {now.tm_hour:02}:{now.tm_min:02}:{now.tm_sec:02} GMT"
        )
        self.second = second


_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)
_date: Final = _Date()
_time = time.time


def date_line() -> str:
    """The Date field of a response that is written now, without CRLF."""
    second = int(_time())
    if second != _date.second:
        _date.refresh(second)
    return _date.line


def encode_error(status: int, text: str, *, head_only: bool) -> bytes:
    """A complete response that says what went wrong, in a line of plain text, and closes."""
    body = f"{status} {_REASONS.get(status, 'Error')}: {text}\n".encode("ascii", "backslashreplace")
    lines = [
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
        date_line(),
        "Connection: close",
    ]
    head = encode_head(f"HTTP/1.1 {status} {_REASONS.get(status, 'Error')}", lines)
    return head if head_only else head + body


_REASONS: Final = {
    400: "Bad Request",
    408: "Request Timeout",
    413: "Content Too Large",
    414: "URI Too Long",
    417: "Expectation Failed",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}
