"""The WSGI application that every WSGI server here serves."""

from collections.abc import Iterable
from wsgiref.types import StartResponse
from wsgiref.types import WSGIEnvironment

from .payload import HELLO


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a GET with 13 bytes, anything else with the number of bytes that came."""
    if environ["REQUEST_METHOD"] == "GET":
        body = HELLO
    else:
        body = b"%d" % len(environ["wsgi.input"].read())
    headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
    start_response("200 OK", headers)
    return [body]
