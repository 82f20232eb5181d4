"""The first line of a message: `RequestStartLine`, `ResponseStartLine` and their parsers."""

from typing import NamedTuple

from ._errors import HTTPInputError
from ._errors import printable
from ._grammar import STATUS_LINE
from ._grammar import TOKEN
from ._grammar import VERSION


class RequestStartLine(NamedTuple):
    """A request line (RFC 9112 section 3): `GET /path HTTP/1.1`."""

    method: str
    path: str
    version: str


class ResponseStartLine(NamedTuple):
    """A status line (RFC 9112 section 4): `HTTP/1.1 200 OK`."""

    version: str
    code: int
    reason: str


def parse_request_start_line(line: str) -> RequestStartLine:
    """The parts of a request line that comes without its CRLF.

    Any target without white space and control characters is taken: which forms are allowed
    depends on the method, and is the parser's to say. Raises `HTTPInputError`.

    >>> parse_request_start_line("GET /foo HTTP/1.1")
    RequestStartLine(method='GET', path='/foo', version='HTTP/1.1')
    """
    parts = line.split(" ")
    if len(parts) != 3:
        raise HTTPInputError(f"malformed request line: {printable(line)}")
    method, target, version = parts
    if not TOKEN.fullmatch(method):
        raise HTTPInputError(f"malformed method: {printable(method)}")
    if not (target and target.isascii() and target.isprintable()):
        raise HTTPInputError(f"malformed request target: {printable(target)}")
    check_version(version)
    return RequestStartLine(method, target, version)


def parse_response_start_line(line: str) -> ResponseStartLine:
    """The parts of a status line that comes without its CRLF. Raises `HTTPInputError`.

    >>> parse_response_start_line("HTTP/1.1 200 OK")
    ResponseStartLine(version='HTTP/1.1', code=200, reason='OK')
    """
    match = STATUS_LINE.fullmatch(line)
    if match is None:
        raise HTTPInputError(f"malformed status line: {printable(line)}")
    version, code, reason = match.groups()
    check_version(version)
    return ResponseStartLine(version, int(code), reason or "")


def check_version(version: str) -> None:
    """Raise `HTTPInputError` unless `version` is one that this package speaks, HTTP/1.x.

    The status is 505 for another major version (RFC 9110 section 15.6.6), 400 for what is no
    version at all. A later minor version is read as 1.1 (RFC 9110 section 6.2).
    """
    match = VERSION.fullmatch(version)
    if match is None:
        raise HTTPInputError(f"malformed HTTP version: {printable(version)}")
    if match.group(1) != "1":
        # Section 15.6.6 wants the answer to say what is spoken instead.
        raise HTTPInputError(f"HTTP version not supported: {version} (HTTP/1.1 is)", 505)
