"""HTTP/1.x on a stream, both ends, and as sans-I/O parsers."""

from ._connection import HTTP1Connection
from ._delegates import HTTPConnection
from ._delegates import HTTPMessageDelegate
from ._delegates import HTTPServerConnectionDelegate
from ._errors import HTTPInputError
from ._errors import HTTPOutputError
from ._headers import HTTPHeaders
from ._limits import Limits
from ._outgoing_headers import OutgoingHeaders
from ._parameters import HTTP1ConnectionParameters
from ._request_parser import RequestHandler
from ._request_parser import RequestParser
from ._response_parser import ResponseHandler
from ._response_parser import ResponseParser
from ._server import HTTP1ServerConnection
from ._start_line import RequestStartLine
from ._start_line import ResponseStartLine
from ._start_line import parse_request_start_line
from ._start_line import parse_response_start_line

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
