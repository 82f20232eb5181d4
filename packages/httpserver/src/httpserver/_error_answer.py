"""`answer_error`: what a client is told when an application has failed."""

from collections.abc import Mapping

from http1 import HTTPConnection
from http1 import HTTPHeaders
from http1 import HTTPOutputError
from http1 import ResponseStartLine

from ._exchange import Exchange


def answer_error(
    connection: HTTPConnection,
    status: int,
    reason: str,
    text: str,
    fields: Mapping[str, str] | None = None,
) -> None:
    """Answer with an error, or cut the answer short if one has begun; then close.

    `fields` are what this status needs in its head.
    """
    body = f"{status} {reason}: {text}\n".encode()
    headers = HTTPHeaders(
        {
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": str(len(body)),
            "Connection": "close",
            **(fields or {}),
        }
    )
    try:
        connection.write_headers(ResponseStartLine("HTTP/1.1", status, reason), headers, body)
        connection.finish()
    except HTTPOutputError:
        # An answer has begun. The client must be able to tell that it is not whole.
        if isinstance(connection, Exchange):
            connection.abort()
