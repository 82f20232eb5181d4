"""Heads and chunks, from what an application gives to the bytes on the wire.

Nothing that an application passes can end a line early or add one: a head is written into text,
encoded, and then counted: its line ends must be those put in here, and no byte in it may be one
that no head may hold.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Final

from ._errors import HTTPOutputError
from ._errors import printable
from ._field_names import FORBIDDEN_TRAILERS
from ._field_names import is_token
from ._field_names import plain_names
from ._grammar import BAD_LINE_BYTE
from ._grammar import CRLF
from ._grammar import LINE_BYTES
from ._grammar import OWS
from ._message_parser import connection_options
from ._outgoing_headers import OutgoingHeaders

_CRLFS: Final = tuple([CRLF * n for n in range(257)])

# For each status that has a name, that name and the line which both make.
STATUS_LINES: Final = {
    status.value: (status.phrase, f"HTTP/1.1 {status.value} {status.phrase}")
    for status in HTTPStatus
}

_MAX_LENGTH_DIGITS: Final = 18

_NOTHING: Final[frozenset[str]] = frozenset()

LAST_CHUNK: Final = b"0\r\n\r\n"


def read_fields(headers: OutgoingHeaders) -> tuple[list[str], int, frozenset[str]]:
    """The fields of a head to be written, read once: lines, body length, and what was said.

    The lines are without CRLF, and without the fields of framing, which the writer adds where they
    belong. The length is what Content-Length says, -1 if it is not there. What was said is a set of
    words: "chunked" for Transfer-Encoding, "close" for that option of Connection, and "date",
    "expect" and "host" for fields of that name.

    Raises `HTTPOutputError` for a bad name or bad framing.
    """
    lines = []
    length = -1
    said = _NOTHING
    for name, value in headers.get_all():
        if name in plain_names:
            lines.append(f"{name}: {value}")
        elif name == "Content-Length" or name.lower() == "content-length":
            if length >= 0:
                raise HTTPOutputError("more than one Content-Length")
            # isdigit alone takes the digits of other scripts.
            if not (value.isdigit() and value.isascii() and len(value) <= _MAX_LENGTH_DIGITS):
                raise HTTPOutputError(f"malformed Content-Length: {printable(value)}")
            length = int(value)
        else:
            said = said | _read_field(name, value, lines)
    if length >= 0 and "chunked" in said:
        raise HTTPOutputError("both Content-Length and Transfer-Encoding")
    return lines, length, said


def _read_field(name: str, value: str, lines: list[str]) -> frozenset[str]:
    """Read a field that is not plain: one that says something to the writer, or a bad one."""
    lower = name.lower()
    if lower == "transfer-encoding":
        if value.strip(OWS).lower() != "chunked":
            raise HTTPOutputError(
                f"Transfer-Encoding {printable(value)}: the only one that can be sent is"
                " chunked, and it is done for you when there is no Content-Length"
            )
        return frozenset(("chunked",))
    if not is_token(name):
        raise HTTPOutputError(f"malformed header field name: {printable(name)}")
    lines.append(f"{name}: {value}")
    if lower == "connection":
        return frozenset(("close",)) if "close" in connection_options([value]) else _NOTHING
    return frozenset((lower,)) if lower in ("date", "expect", "host") else _NOTHING


def encode_head(start_line: str, lines: list[str]) -> bytes:
    """A head from its start line and field lines. Raises `HTTPOutputError`, in words."""
    text = "\r\n".join([start_line, *lines])
    try:
        head = f"{text}\r\n\r\n".encode("latin-1")
    except UnicodeEncodeError as error:
        text = printable(str(error.object)[error.start : error.end])
        raise HTTPOutputError(
            f"{text} in a head: only latin-1 can be sent there; encode it (RFC 8187, for one)"
        ) from None
    left = head.translate(None, LINE_BYTES)
    count = len(lines) + 2
    if left != (_CRLFS[count] if count < len(_CRLFS) else CRLF * count):
        bad = [line for line in (start_line, *lines) if BAD_LINE_BYTE.search(line.encode())]
        raise HTTPOutputError(f"control character in a head: {printable(bad[0], 80)}")
    return head


def status_line(code: int, reason: str) -> str:
    """A status line (RFC 9112 section 4). Raises `HTTPOutputError` for a status out of range."""
    if not 100 <= code <= 999:
        raise HTTPOutputError(f"status code out of range: {code!r}")
    return f"HTTP/1.1 {code} {reason}"


def encode_chunk_size(size: int) -> bytes:
    """The line before `size` bytes of chunk data (RFC 9112 section 7.1)."""
    return b"%x\r\n" % size


def encode_trailers(fields: OutgoingHeaders) -> bytes:
    """The last chunk and a trailer section (RFC 9112 section 7.1.2). Raises `HTTPOutputError`."""
    lines = []
    for name, value in fields.get_all():
        if name.lower() in FORBIDDEN_TRAILERS:
            raise HTTPOutputError(f"{name} cannot be a trailer (RFC 9110 section 6.5.1)")
        if not is_token(name):
            raise HTTPOutputError(f"malformed trailer field name: {printable(name)}")
        lines.append(f"{name}: {value}")
    return encode_head("0", lines)


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
    reason = STATUS_LINES[status][0] if status in STATUS_LINES else "Error"
    body = f"{status} {reason}: {text}\n".encode("ascii", "backslashreplace")
    lines = [
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
        date_line(),
        "Connection: close",
    ]
    head = encode_head(status_line(status, reason), lines)
    return head if head_only else head + body
