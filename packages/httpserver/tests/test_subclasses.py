"""What users may do to the documented classes, in ordinary Python, compiled or not."""

import weakref
from collections.abc import Callable
from typing import Any

import pytest

from http1 import HTTP1ServerConnection
from http1 import HTTPConnection
from http1 import HTTPMessageDelegate
from httpserver import ASGIDelegate
from httpserver import CallbackDelegate
from httpserver import Client
from httpserver import ConnectionContext
from httpserver import FormError
from httpserver import FormLimits
from httpserver import HTTPCounters
from httpserver import HTTPServer
from httpserver import HTTPServerRequest
from httpserver import TrustedProxies

Serving = Callable[[HTTPServer], Any]
Run = Callable[[Any], None]
Reply = Callable[..., None]


async def hello(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-length", b"5")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello"})


def test_a_callback_delegate_that_counts(serving: Serving, run: Run, reply: Reply) -> None:
    class Counting(CallbackDelegate):
        def __init__(self) -> None:
            super().__init__(self.answer)
            self.results: list[object] = []

        def answer(self, request: HTTPServerRequest) -> str:
            reply(request, b"hello")
            return "answered"

        def on_result(self, request: HTTPServerRequest, result: object) -> None:
            self.results.append(result)
            super().on_result(request, result)

    async def main() -> None:
        delegate = Counting()
        async with serving(HTTPServer(delegate)) as site:
            assert (await site.ask("GET", "/")).body == b"hello"
        assert delegate.results == ["answered"]

    run(main())


def test_an_asgi_delegate_that_counts(serving: Serving, run: Run) -> None:
    class Counting(ASGIDelegate):
        requests = 0

        def start_request(
            self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection
        ) -> HTTPMessageDelegate:
            self.requests += 1
            return super().start_request(server_conn, request_conn)

    async def main() -> None:
        delegate = Counting(hello, lifespan="off", websocket_ping_interval=20)
        async with serving(HTTPServer(delegate)) as site:
            assert (await site.ask("GET", "/")).body == b"hello"
        assert delegate.requests == 1

    run(main())


def test_proxies_that_are_asked_for_more(serving: Serving, run: Run, reply: Reply) -> None:
    class Branded(TrustedProxies):
        """Believes a header of its own."""

        def resolve(self, peer: str, protocol: str, headers: Any) -> Client:
            client = super().resolve(peer, protocol, headers)
            return client._replace(remote_ip=headers.get("X-Client", client.remote_ip))

    def answer(request: HTTPServerRequest) -> None:
        reply(request, str(request.remote_ip).encode())

    async def main() -> None:
        policy = Branded(["127.0.0.1"])
        async with serving(HTTPServer(answer, xheaders=policy)) as site:
            peer = await site.connect()
            forwarded = "X-Forwarded-For: 192.0.2.1"
            assert (await peer.ask("GET", "/", forwarded)).body == b"192.0.2.1"
            answered = await peer.ask("GET", "/", forwarded, "X-Client: 192.0.2.2")
            assert answered.body == b"192.0.2.2"

    run(main())


def test_a_context_that_knows_more() -> None:
    class Named(ConnectionContext):
        name = ""

        def __str__(self) -> str:
            return f"{self.name} at {super().__str__()}"

    context = Named.of_peer(("192.0.2.1", 4711), "http")
    assert isinstance(context, Named)
    context.name = "Jo"
    assert str(context) == "Jo at 192.0.2.1"


def test_a_server_with_counters_of_its_own(serving: Serving, run: Run, reply: Reply) -> None:
    class Counters(HTTPCounters):
        tea = 0

    class Server(HTTPServer):
        counters_class = Counters
        counters: Counters

    async def main() -> None:
        server = Server(lambda request: reply(request, b"tea"))
        async with serving(server) as site:
            await site.ask("GET", "/")
            server.counters.tea += 1
        assert server.counters.accepted == 1

    run(main())


def test_a_request_takes_attributes_of_the_applications() -> None:
    request = HTTPServerRequest("GET", "/")
    request.user = "Jo"  # type: ignore[attr-defined]  # that is the point
    assert request.user == "Jo"  # type: ignore[attr-defined]


def test_a_request_with_limits_of_its_own() -> None:
    class Short(HTTPServerRequest):
        form_limits = FormLimits(max_arguments=1)

    with pytest.raises(FormError):
        Short("GET", "/?a=1&b=2").arguments  # noqa: B018


@pytest.mark.parametrize(
    "make",
    [
        lambda: ASGIDelegate(hello),
        lambda: CallbackDelegate(lambda request: None),
        lambda: HTTPServerRequest("GET", "/"),
    ],
)
def test_a_weak_reference_is_cleared(make: Callable[[], object]) -> None:
    """Of what users make. mypyc would leave one that dangles, for a class below an ordinary one."""
    thing = make()
    reference = weakref.ref(thing)
    assert reference() is thing
    del thing
    assert reference() is None
