"""What the demonstration answers: a delegate, because an upload is counted as it comes, not collected."""

import hashlib
import json
import time
from pathlib import Path

from http1 import HTTPConnection
from http1 import HTTPHeaders
from http1 import HTTPMessageDelegate
from http1 import HTTPServerConnectionDelegate
from http1 import RequestStartLine
from http1 import ResponseStartLine

from .about import about

PAGE = Path(__file__).with_name("page.html").read_text(encoding="utf-8")

# An echo is collected and sent back: of a longer body this much.
ECHOED_BYTES = 64 * 1024


class Demonstration(HTTPServerConnectionDelegate):
    """Answers `GET /`, any method on `/echo`, and `POST /upload`."""

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """Return what takes this one request."""
        return Exchange(request_conn)


class Exchange(HTTPMessageDelegate):
    """One request, from its head to the answer."""

    def __init__(self, connection: HTTPConnection) -> None:
        self.connection = connection
        self.began = time.perf_counter()
        self.size = 0
        self.digest = hashlib.sha256()
        self.beginning = bytearray()

    def headers_received(self, start_line: object, headers: HTTPHeaders) -> None:
        """Remember the head."""
        assert isinstance(start_line, RequestStartLine)
        self.request = start_line
        self.headers = headers
        self.path = start_line.path.partition("?")[0]

    def data_received(self, chunk: bytes) -> None:
        """Count and digest a piece of the body."""
        self.size += len(chunk)
        self.digest.update(chunk)
        self.beginning += chunk[: ECHOED_BYTES - len(self.beginning)]

    def finish(self) -> None:
        """Answer: the whole request is here."""
        match self.request.method, self.path:
            case "GET" | "HEAD", "/":
                self.answer(200, "OK", "text/html; charset=utf-8", page())
            case _, "/echo":
                self.answer_json(self.echo())
            case "POST", "/upload":
                self.answer_json(self.receipt())
            case _, "/" | "/upload":
                self.answer(
                    405, "Method Not Allowed", "text/plain", "That method does nothing here.\n"
                )
            case _:
                self.answer(404, "Not Found", "text/plain", "There is /, /echo and /upload.\n")

    def on_connection_close(self) -> None:
        """Nothing to give back: what came was only counted."""

    def echo(self) -> dict[str, object]:
        """What was asked, as the server understood it."""
        return {
            "method": self.request.method,
            "target": self.request.path,
            "version": self.request.version,
            "headers": [f"{name}: {value}" for name, value in self.headers.get_all()],
            "body": self.beginning.decode("utf-8", "replace"),
            "bytes": self.size,
        }

    def receipt(self) -> dict[str, object]:
        """What came of an upload."""
        return {
            "bytes": self.size,
            "seconds": time.perf_counter() - self.began,
            "sha256": self.digest.hexdigest(),
        }

    def answer_json(self, value: dict[str, object]) -> None:
        """Answer 200 with a JSON document."""
        self.answer(
            200, "OK", "application/json", json.dumps(value, indent=2, ensure_ascii=False) + "\n"
        )

    def answer(self, status: int, reason: str, content_type: str, text: str) -> None:
        """Send the whole answer."""
        body = text.encode()
        headers = HTTPHeaders({"Content-Type": content_type, "Content-Length": str(len(body))})
        self.connection.write_headers(ResponseStartLine("HTTP/1.1", status, reason), headers, body)
        self.connection.finish()


def page() -> str:
    """The page, with what runs filled in."""
    rows = "".join(f"<tr><th scope='row'>{name}</th><td>{said}</td></tr>" for name, said in about())
    return PAGE.replace("<!-- about -->", rows)
