"""What h11 and httptools make of the bytes of a client: the requests, and whether the rest is refused."""

from collections.abc import Callable
from typing import NamedTuple

import h11
import httptools

Request = tuple[str, str, bytes]


class Verdict(NamedTuple):
    """The complete requests, and whether something was refused."""

    requests: tuple[Request, ...]
    refused: bool


def read_with_h11(data: bytes) -> Verdict:
    """Read as a server would that answers every request and keeps the connection."""
    # Its limits on size are not what is compared.
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    requests: list[Request] = []
    begun: tuple[str, str] | None = None
    body = b""
    try:
        connection.receive_data(data)
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA or isinstance(event, h11.ConnectionClosed):
                return Verdict(tuple(requests), False)
            if isinstance(event, h11.Request):
                begun = (event.method.decode("latin-1"), event.target.decode("latin-1"))
                body = b""
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                assert begun is not None
                requests.append((*begun, body))
            if event is h11.PAUSED or isinstance(event, h11.EndOfMessage):
                if connection.our_state is h11.SEND_RESPONSE:
                    connection.send(
                        h11.Response(status_code=404, headers=[("Content-Length", "0")])
                    )
                    connection.send(h11.EndOfMessage())
                if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                    return Verdict(tuple(requests), False)
                connection.start_next_cycle()
    except h11.RemoteProtocolError:
        return Verdict(tuple(requests), True)


class _Callbacks:
    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.url = b""
        self.body = b""
        self.method: Callable[[], bytes] = bytes

    def on_message_begin(self) -> None:
        self.url = b""
        self.body = b""

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        method = self.method().decode("latin-1")
        self.requests.append((method, self.url.decode("latin-1"), self.body))


def read_with_httptools(data: bytes) -> Verdict:
    """Read as uvicorn does: what is refused, and what is an upgrade, ends the reading."""
    callbacks = _Callbacks()
    parser = httptools.HttpRequestParser(callbacks)
    callbacks.method = parser.get_method
    try:
        parser.feed_data(data)
    except httptools.HttpParserUpgrade:
        return Verdict(tuple(callbacks.requests), False)
    except httptools.HttpParserError:
        return Verdict(tuple(callbacks.requests), True)
    return Verdict(tuple(callbacks.requests), False)
