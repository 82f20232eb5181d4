"""`answer_error`: what a client is told when an application has failed."""

from http import HTTPStatus

from http1 import HTTPConnection
from http1 import HTTPHeaders
from http1 import HTTPOutputError
from http1 import ResponseStartLine

from ._exchange import Exchange


def answer_error(connection: HTTPConnection, status: HTTPStatus, text: str) -> None:
    """Answer with an error, or cut the answer short if one has begun; then close."""
    body = f"{status.value} {status.phrase}: {text}\n".encode()
    headers = HTTPHeaders(
        {
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
    )
    try:
        start_line = ResponseStartLine("HTTP/1.1", status.value, status.phrase)
        connection.write_headers(start_line, headers, body)
        connection.finish()
    except HTTPOutputError:
        # An answer has begun. The client must be able to tell that it is not whole.
        if isinstance(connection, Exchange):
            connection.abort()
