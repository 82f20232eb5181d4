"""HTTP/1.x on a stream, both ends, and as sans-I/O parsers."""

from importlib import import_module
from typing import TYPE_CHECKING

from ._connection import HTTP1Connection
from ._delegates import HTTPMessageDelegate
from ._delegates import HTTPServerConnectionDelegate
from ._errors import HTTPInputError
from ._errors import HTTPOutputError
from ._headers import HTTPHeaders
from ._http_connection import HTTPConnection
from ._limits import Limits
from ._outgoing_headers import OutgoingHeaders
from ._parameters import HTTP1ConnectionParameters
from ._request_parser import RequestHandler
from ._request_parser import RequestParser
from ._server import HTTP1ServerConnection
from ._start_line import RequestStartLine
from ._start_line import ResponseStartLine
from ._start_line import parse_request_start_line
from ._start_line import parse_response_start_line

if TYPE_CHECKING:
    from ._response_parser import ResponseHandler
    from ._response_parser import ResponseParser

__all__ = [
    "HTTP1Connection",
    "HTTP1ConnectionParameters",
    "HTTP1ServerConnection",
    "HTTPConnection",
    "HTTPHeaders",
    "HTTPInputError",
    "HTTPMessageDelegate",
    "HTTPOutputError",
    "HTTPServerConnectionDelegate",
    "Limits",
    "OutgoingHeaders",
    "RequestHandler",
    "RequestParser",
    "RequestStartLine",
    "ResponseHandler",
    "ResponseParser",
    "ResponseStartLine",
    "parse_request_start_line",
    "parse_response_start_line",
]

__version__ = "1!0.1.0"

# Imported when they are first asked for (PEP 562): servers don't need them.
_LATER = {
    "ResponseHandler": "._response_parser",
    "ResponseParser": "._response_parser",
}

if not TYPE_CHECKING:  # or a type checker would take any name for one of ours

    def __getattr__(name: str) -> object:
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(_LATER[name], __name__), name)
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
