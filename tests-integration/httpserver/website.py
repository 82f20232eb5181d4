"""The server that curl asks: `python website.py PORT [CERTFILE KEYFILE context|dict]`."""

import ssl
import sys
from collections.abc import Awaitable

from http1 import HTTP1ServerConnection
from http1 import HTTPConnection
from http1 import HTTPHeaders
from http1 import HTTPMessageDelegate
from http1 import RequestStartLine
from http1 import ResponseStartLine
from httpserver import HTTPServer
from httpserver import HTTPServerRequest
from netsock import IOLoop

MIB = 2**20
OK = ResponseStartLine("HTTP/1.1", 200, "OK")


async def app(request: HTTPServerRequest) -> None:
    """`/big`: 100 MiB, one at a time. Everything else: the request's line and its body."""
    connection = request.connection
    assert connection is not None
    if request.path == "/big":
        await connection.write_headers(OK, HTTPHeaders({"Content-Length": str(100 * MIB)}))
        piece = bytes(MIB)
        for _ in range(100):
            await connection.write(piece)
    else:
        body = f"{request.method} {request.uri} {request.version} {request.protocol}\n".encode()
        body += request.body
        headers = HTTPHeaders({"Content-Length": str(len(body)), "Content-Type": "text/plain"})
        await connection.write_headers(OK, headers, body)
    connection.finish()


class Count(HTTPMessageDelegate):
    """Counts the bytes of a body, and keeps none."""

    def __init__(self, connection: HTTPConnection) -> None:
        self.connection = connection
        self.size = 0

    def data_received(self, chunk: bytes) -> None:
        """Count it."""
        self.size += len(chunk)

    def finish(self) -> None:
        """Answer with the size."""
        body = str(self.size).encode()
        self.connection.write_headers(OK, HTTPHeaders({"Content-Length": str(len(body))}), body)
        self.connection.finish()


class Choice(HTTPMessageDelegate):
    """Gives PUT requests to a `Count`, all others to `app`."""

    def __init__(self, connection: HTTPConnection, other: HTTPMessageDelegate) -> None:
        self.connection = connection
        self.delegate = other

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        """Choose."""
        if start_line[0] == "PUT":
            self.delegate = Count(self.connection)
        return self.delegate.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Pass it on."""
        return self.delegate.data_received(chunk)

    def finish(self) -> None:
        """Pass it on."""
        self.delegate.finish()

    def on_connection_close(self) -> None:
        """Pass it on."""
        self.delegate.on_connection_close()


class Site(HTTPServer):
    """A server with a `start_request` of its own."""

    def start_request(
        self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """Begin a request."""
        return Choice(request_conn, super().start_request(server_conn, request_conn))


def main() -> None:
    """Serve until SIGTERM."""
    options: ssl.SSLContext | dict[str, str] | None = None
    if len(sys.argv) > 2:
        certfile, keyfile, kind = sys.argv[2:]
        if kind == "context":
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certfile, keyfile)
            options = context
        else:
            options = {"certfile": certfile, "keyfile": keyfile}
    server = Site(app, ssl_options=options, max_body_size=200 * MIB)
    server.listen(int(sys.argv[1]), "127.0.0.1")
    IOLoop.current().start()


if __name__ == "__main__":
    main()
