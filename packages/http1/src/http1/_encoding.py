"""Heads and chunks, from what an application gives to the bytes on the wire.

Nothing that an application passes can end a line early or add one: every text is looked at before
it becomes a part of a head. A text is "printable" when it holds neither line ends nor other control
characters; that is asked first, because it takes the least time and is the answer nearly always.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import Final

from ._errors import HTTPOutputError
from ._errors import printable
from ._field_names import FORBIDDEN_TRAILERS
from ._field_names import is_token
from ._field_names import plain_names
from ._grammar import BAD_LINE_BYTE
from ._grammar import OWS
from ._message_parser import connection_options
from ._outgoing_headers import OutgoingHeaders

_BAD_TEXT: Final = re.compile(BAD_LINE_BYTE.pattern.decode("latin-1"))

# RFC 9110 section 15 and the registry of status codes that its section 16.2.1 founds. `http` has
# these too, in an enumeration that takes long to import, with names that its version decides.
_REASONS: Final = {
    100: "Continue",
    101: "Switching Protocols",
    102: "Processing",
    103: "Early Hints",
    200: "OK",
    201: "Created",
    202: "Accepted",
    203: "Non-Authoritative Information",
    204: "No Content",
    205: "Reset Content",
    206: "Partial Content",
    207: "Multi-Status",
    208: "Already Reported",
    226: "IM Used",
    300: "Multiple Choices",
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    304: "Not Modified",
    305: "Use Proxy",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    411: "Length Required",
    412: "Precondition Failed",
    413: "Content Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    416: "Range Not Satisfiable",
    417: "Expectation Failed",
    421: "Misdirected Request",
    422: "Unprocessable Content",
    423: "Locked",
    424: "Failed Dependency",
    425: "Too Early",
    426: "Upgrade Required",
    428: "Precondition Required",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    451: "Unavailable For Legal Reasons",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    505: "HTTP Version Not Supported",
    506: "Variant Also Negotiates",
    507: "Insufficient Storage",
    508: "Loop Detected",
    511: "Network Authentication Required",
}

# The lines of each status with the reason that it usually has.
STATUS_LINES: Final = {
    (code, reason): f"HTTP/1.1 {code} {reason}\r\n" for code, reason in _REASONS.items()
}

# Fewer digits than 2**63 has.
MAX_LENGTH_DIGITS: Final = 18

_NOTHING: Final[frozenset[str]] = frozenset()

LAST_CHUNK: Final = b"0\r\n\r\n"

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


def read_fields(
    headers: OutgoingHeaders, lines: list[str], with_length: bool = True
) -> tuple[int, frozenset[str]]:
    """Put the fields of a head behind `lines`; return the body's length, and what was said.

    The lines end with CRLF. Content-Length is one of them if `with_length`; Transfer-Encoding never
    is, because the writer adds it where it belongs. The length is what Content-Length says, -1 if
    it is not there. What was said is a set of words: "chunked" for Transfer-Encoding, "close" for
    that option of Connection, and "date", "expect" and "host" for fields of that name.

    Raises `HTTPOutputError` for a bad name, a bad value, or bad framing.
    """
    length = -1
    said = _NOTHING
    # Applications are not all type-checked: compiled, the loop would refuse other values itself.
    fields: Iterable[tuple[str, object]] = headers.get_all()
    for name, value in fields:
        if type(value) is not str:
            raise HTTPOutputError(f"the value of {name} has to be a str, not {value!r}")
        if name in plain_names and value.isprintable():
            lines.append(f"{name}: {value}\r\n")
        elif name == "Content-Length" or name.lower() == "content-length":
            if length >= 0:
                raise HTTPOutputError("more than one Content-Length")
            # isdigit alone takes the digits of other scripts.
            if not (value.isdigit() and value.isascii() and len(value) <= MAX_LENGTH_DIGITS):
                raise HTTPOutputError(f"malformed Content-Length: {printable(value)}")
            length = int(value)
            if with_length:
                lines.append(f"Content-Length: {value}\r\n")
        else:
            line, word = _read_field(name, value)
            lines.append(line)
            if word:
                said |= {word}
    if said and length >= 0 and "chunked" in said:
        raise HTTPOutputError("both Content-Length and Transfer-Encoding")
    return length, said


def _read_field(name: str, value: str) -> tuple[str, str]:
    """The line of a field that is not plain, and the word for what it says to the writer."""
    lower = name.lower()
    if lower == "transfer-encoding":
        if value.strip(OWS).lower() != "chunked":
            raise HTTPOutputError(
                f"Transfer-Encoding {printable(value)}: the only one that can be sent is"
                " chunked, and it is done for you when there is no Content-Length"
            )
        return "", "chunked"
    if lower == "connection":
        options = connection_options([value])
        if "keep-alive" in options:
            # The writer says so where it is needed, and it may have to say close.
            options = [option for option in options if option != "keep-alive"]
            value = ", ".join(options)
        line = field_line(name, value) if value else ""
        return line, "close" if "close" in options else ""
    return field_line(name, value), lower if lower in ("date", "expect", "host") else ""


def field_line(name: str, value: str) -> str:
    """A field line with its CRLF (RFC 9112 section 5). Raises `HTTPOutputError`."""
    if not is_token(name):
        raise HTTPOutputError(f"malformed header field name: {printable(name)}")
    check_text(value)
    return f"{name}: {value}\r\n"


def check_text(text: str) -> None:
    """Raise `HTTPOutputError` for text that would end a line of a head, or spoil it."""
    if not text.isprintable() and _BAD_TEXT.search(text):
        raise HTTPOutputError(f"control character in a head: {printable(text, 80)}")


def encode_head(lines: list[str]) -> bytes:
    """A head, or a trailer section, of lines that end with CRLF. Raises `HTTPOutputError`."""
    lines.append("\r\n")
    try:
        return "".join(lines).encode("latin-1")
    except UnicodeEncodeError as error:
        text = printable(str(error.object)[error.start : error.end])
        raise HTTPOutputError(
            f"{text} in a head: only latin-1 can be sent there; encode it (RFC 8187, for one)"
        ) from None


def status_line(code: int, reason: str) -> str:
    """A status line with its CRLF (RFC 9112 section 4). Raises `HTTPOutputError`."""
    if not 100 <= code <= 999:
        raise HTTPOutputError(f"status code out of range: {code!r}")
    check_text(reason)
    return f"HTTP/1.1 {code} {reason}\r\n"


def encode_chunk_size(size: int) -> bytes:
    """The line before `size` bytes of chunk data (RFC 9112 section 7.1)."""
    return b"%x\r\n" % size


def encode_trailers(fields: OutgoingHeaders) -> bytes:
    """The last chunk and a trailer section (RFC 9112 section 7.1.2). Raises `HTTPOutputError`."""
    lines = ["0\r\n"]
    for name, value in fields.get_all():
        if name.lower() in FORBIDDEN_TRAILERS:
            raise HTTPOutputError(f"{name} cannot be a trailer (RFC 9110 section 6.5.1)")
        lines.append(field_line(name, value))
    return encode_head(lines)


class _Date:
    """The Date of the present second, made once a second (RFC 9110 section 6.6.1)."""

    __slots__ = ("begin", "clock", "end", "last_line", "line")

    def __init__(self) -> None:
        self.clock = time.time
        #: From when and until when the line is true, in seconds since the epoch.
        self.begin = 0.0
        self.end = 0.0
        self.line = ""
        #: The line, and the empty one that ends a head.
        self.last_line = ""

    def refresh(self, second: int) -> None:
        now = time.gmtime(second)
        # Not strftime: the names of days and months are English, whatever the locale.
        self.line = (
            f"Date: {_DAYS[now.tm_wday]}, {now.tm_mday:02} {_MONTHS[now.tm_mon - 1]} "
            f"{now.tm_year:04} {now.tm_hour:02}:{now.tm_min:02}:{now.tm_sec:02} GMT\r\n"
        )
        self.last_line = f"{self.line}\r\n"
        self.begin = float(second)
        self.end = second + 1.0


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


def date_line(last: bool = False) -> str:
    """The Date field of a response that is written now, with its CRLF; `last`: that of the head too."""
    now = _date.clock()
    # A clock that was put back is not before the end for long, perhaps for years.
    if not _date.begin <= now < _date.end:
        _date.refresh(int(now))
    return _date.last_line if last else _date.line


def encode_error(status: int, text: str, *, head_only: bool) -> bytes:
    """A complete response that says what went wrong, in a line of plain text, and closes."""
    reason = _REASONS.get(status, "Error")
    body = f"{status} {reason}: {text}\n".encode("ascii", "backslashreplace")
    head = encode_head(
        [
            status_line(status, reason),
            "Content-Type: text/plain; charset=utf-8\r\n",
            f"Content-Length: {len(body)}\r\n",
            date_line(),
            "Connection: close\r\n",
        ]
    )
    return head if head_only else head + body
