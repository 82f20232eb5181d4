import asyncio
import gc
import weakref
from collections.abc import Awaitable

import pytest

from http1 import HTTP1Connection
from http1 import HTTP1ServerConnection
from http1 import HTTPConnection
from http1 import HTTPHeaders
from http1 import HTTPMessageDelegate
from http1 import HTTPServerConnectionDelegate
from http1 import RequestStartLine
from http1 import ResponseStartLine
from http1._holdup import Holdup
from http1._holdup import is_over
from http1._holdup import log_late
from iostream import IOStream
from iostream import StreamClosedError

from .exchanges import Peer
from .exchanges import asynchronous
from .exchanges import until


async def nothing() -> None:
    pass


async def fail() -> None:
    raise ValueError("mine")


async def cancel() -> None:
    raise asyncio.CancelledError


@asynchronous
async def test_outcome() -> None:
    outcomes: list[BaseException | None] = []

    def ended(holdup: Holdup, error: BaseException | None) -> None:
        assert holdup is present
        outcomes.append(error)

    for count, coroutine in enumerate((nothing, fail, cancel), 1):
        present = Holdup(coroutine(), ended)
        await until(lambda count=count: len(outcomes) == count)  # type: ignore[misc]
    assert [type(outcome) for outcome in outcomes] == [
        type(None),
        ValueError,
        asyncio.CancelledError,
    ]


@asynchronous
async def test_a_task_that_nobody_knows_is_kept() -> None:
    gates: list[weakref.ref[asyncio.Future[None]]] = []
    outcomes: list[BaseException | None] = []

    async def wait() -> None:
        gate = asyncio.get_running_loop().create_future()
        gates.append(weakref.ref(gate))
        await gate

    Holdup(wait(), lambda _, error: outcomes.append(error))
    await until(lambda: gates)
    gc.collect()
    gate = gates[0]()
    assert gate is not None
    gate.set_result(None)
    await until(lambda: outcomes)
    assert outcomes == [None]


@asynchronous
async def test_is_over() -> None:
    loop = asyncio.get_running_loop()
    done, failed, cancelled, pending = [loop.create_future() for _ in range(4)]
    done.set_result(None)
    failed.set_exception(ValueError("mine"))
    cancelled.cancel()
    assert is_over(done)
    assert not is_over(failed)
    assert not is_over(cancelled)
    assert not is_over(pending)
    coroutine = nothing()
    assert not is_over(coroutine)
    await coroutine


def test_log_late(caplog: pytest.LogCaptureFixture) -> None:
    for error in (None, asyncio.CancelledError(), StreamClosedError()):
        log_late(error)
    assert not caplog.records
    log_late(ValueError("mine"))
    assert "mine" in caplog.text


class Tunnel(HTTPMessageDelegate):
    """Takes the connection over, and returns what it does with it."""

    def __init__(self, connection: HTTP1Connection) -> None:
        self.connection = connection
        self.read = b""

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None]:
        return self.talk(self.connection.detach())

    async def talk(self, stream: IOStream) -> None:
        self.read = await stream.read_until_close()


class Tunnels(HTTPServerConnectionDelegate):
    tunnel: Tunnel

    def start_request(
        self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        assert isinstance(request_conn, HTTP1Connection)
        self.tunnel = Tunnel(request_conn)
        return self.tunnel


@asynchronous
async def test_what_a_delegate_returns_after_detach_runs_on() -> None:
    peer = Peer()
    tunnels = Tunnels()
    HTTP1ServerConnection(peer.stream).start_serving(tunnels)
    await peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nfirst ")
    peer.socket.send(b"second")
    peer.end()
    await until(lambda: tunnels.tunnel.read)
    assert tunnels.tunnel.read == b"first second"
