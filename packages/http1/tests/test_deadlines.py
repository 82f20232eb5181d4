"""Timeouts: the timer behind them, and what becomes of connections that are late."""

import asyncio

import pytest

from http1 import HTTP1ConnectionParameters
from http1 import HTTPHeaders
from http1 import ResponseStartLine
from http1._deadlines import Deadlines
from http1._deadlines import deadlines_of

from .clock import shift
from .clock import shifted
from .serving import Application
from .serving import Client
from .serving import Message
from .serving import read_answers

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n"


class Guarded:
    def __init__(self) -> None:
        self.ticks: list[float] = []

    def check_deadline(self, now: float) -> None:
        self.ticks.append(now)


@shifted
async def test_a_tick_for_each_and_none_for_nobody() -> None:
    loop = asyncio.get_running_loop()
    deadlines = Deadlines(loop, 10.0)
    one, two = Guarded(), Guarded()
    deadlines.add(one)
    deadlines.add(two)
    await shift(35)
    assert len(one.ticks) == len(two.ticks) == 3
    deadlines.discard(two)
    deadlines.discard(two)
    await shift(10)
    assert (len(one.ticks), len(two.ticks)) == (4, 3)
    deadlines.discard(one)
    await shift(100)
    assert len(one.ticks) == 4
    deadlines.add(two)
    await shift(10.5)
    assert len(two.ticks) == 4


@shifted
async def test_who_ends_while_others_are_asked_is_not_asked() -> None:
    deadlines = Deadlines(asyncio.get_running_loop(), 1.0)
    last = Guarded()

    class First(Guarded):
        def check_deadline(self, now: float) -> None:
            deadlines.discard(last)

    deadlines.add(First())
    deadlines.add(last)
    await shift(3)
    assert last.ticks == []


@shifted
async def test_connections_with_the_same_parameters_share_a_timer() -> None:
    params = HTTP1ConnectionParameters()
    assert deadlines_of(params) is deadlines_of(params)
    assert deadlines_of(params) is not deadlines_of(HTTP1ConnectionParameters())


def test_another_loop_has_another_timer() -> None:
    params = HTTP1ConnectionParameters()

    async def find() -> Deadlines:
        return deadlines_of(params)

    assert asyncio.run(find()) is not asyncio.run(find())


# --- connections


async def trickle(client: Client, data: bytes, seconds: int) -> int:
    """Send a byte a second; after how many seconds the server had enough."""
    for second in range(seconds):
        if client.stream.closed() or client.application.closed:
            return second
        try:
            client.socket.send(data[second : second + 1] or b"x")
        except (BrokenPipeError, ConnectionResetError):
            return second
        await shift(1)
    return seconds


@shifted
async def test_a_fresh_connection_is_closed_without_a_word() -> None:
    client = Client()
    await shift(70)
    assert not client.stream.closed()
    await shift(10)
    assert client.stream.closed()
    assert await client.receive_all() == b""
    assert [connection.timed_out for connection in client.application.closed] == ["idle_timeout"]


@shifted
async def test_an_idle_connection_is_closed_without_a_word() -> None:
    client = Client(params=HTTP1ConnectionParameters(idle_timeout=10))
    for _ in range(5):
        await client.send(GET)
        await client.receive(b"hello")
        await shift(9)
    assert not client.stream.closed()
    await shift(4)
    assert await client.receive_all() == b""


@shifted
async def test_empty_lines_do_not_buy_time() -> None:
    client = Client()
    assert await trickle(client, b"\r\n", 2) == 2
    await shift(80)
    assert await client.receive_all() == b""


@pytest.mark.parametrize("before", [b"", GET])
@shifted
async def test_a_slow_head_is_408(before: bytes) -> None:
    client = Client()
    if before:
        await client.send(before)
        await client.receive(b"hello")
        await shift(50)
    await trickle(client, b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"b" * 100, 40)
    (answer,) = read_answers(await client.receive_all())
    assert answer.status == 408
    assert b"header_timeout" in answer.body
    assert answer.headers["Connection"] == "close"
    # And whoever does not stop even then is gone as well.
    await trickle(client, b"", 10)
    assert client.stream.closed()
    assert len(client.application.closed) == 1


@shifted
async def test_a_slow_body_is_408() -> None:
    application = Application()
    client = Client(application)
    await client.send(POST)
    await trickle(client, b"x" * 100, 20)
    (answer,) = read_answers(await client.receive_all())
    assert answer.status == 408
    assert application.messages[0].calls[-1] == "on_connection_close"


@shifted
async def test_a_body_that_stops_is_408() -> None:
    client = Client(params=HTTP1ConnectionParameters(min_body_rate=0, body_idle_timeout=10))
    await client.send(POST + b"x" * 4999)
    await shift(9)
    assert not client.connection.idle
    await shift(4)
    (answer,) = read_answers(await client.receive_all())
    assert answer.status == 408
    assert b"body_idle_timeout" in answer.body


@shifted
async def test_the_body_timeout_of_one_request() -> None:
    application = Application()
    application.on_headers = lambda message: message.exchange.set_body_timeout(3)
    client = Client(application)
    await client.send(POST + b"x" * 4900)
    await shift(6)
    (answer,) = read_answers(await client.receive_all())
    assert answer.status == 408


@shifted
async def test_the_body_timeout_of_one_request_is_not_that_of_the_next() -> None:
    application = Application()
    application.on_headers = lambda message: message.exchange.set_body_timeout(3)
    client = Client(application)
    await client.send(POST + b"x" * 5000)
    await client.receive(b"hello")
    application.on_headers = lambda message: None
    await client.send(POST + b"x" * 4900)
    await shift(6)
    await client.send(b"x" * 100)
    await client.receive(b"hello")


@shifted
async def test_a_body_is_not_late_while_the_application_holds_it_up() -> None:
    application = Application()
    gate = asyncio.get_running_loop().create_future()
    application.on_data = lambda message: gate
    client = Client(application)
    await client.send(POST + b"x")
    await shift(500, 10)
    application.on_data = lambda message: None
    gate.set_result(None)
    await client.send(b"x" * 4999)
    assert read_answers(await client.receive(b"hello"))[0].status == 200


@shifted
async def test_an_application_may_take_its_time() -> None:
    application = Application()
    application.on_finish = lambda message: None
    client = Client(application)
    await client.send(GET)
    await shift(5000, 100)
    application.messages[0].answer()
    assert read_answers(await client.receive(b"hello"))[0].status == 200


def large(message: Message) -> None:
    message.answer(body=bytes(5_000_000))


@shifted
async def test_who_takes_nothing_of_an_answer_is_cut_off() -> None:
    application = Application()
    application.on_finish = large
    client = Client(application)
    await client.send(GET)
    await shift(55)
    assert not client.stream.closed()
    await shift(10)
    assert client.stream.closed()
    assert [connection.timed_out for connection in application.closed] == ["write_timeout"]


@pytest.mark.parametrize("last", [False, True])
@shifted
async def test_who_takes_an_answer_slowly_is_neither_idle_nor_late(last: bool) -> None:
    application = Application()
    application.on_finish = large
    client = Client(application)
    await client.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") if last else GET)
    received = 0
    while received < 5_000_000:
        received += len(client.socket.recv(100_000))
        await shift(20, 5)
    # All the longer it has taken: no timeout was passed.
    assert received > 5_000_000


@shifted
async def test_a_connection_that_nobody_takes_over_is_idle() -> None:
    application = Application()

    def switch(message: Message) -> None:
        message.exchange.write_headers(ResponseStartLine("", 101, "Go"), HTTPHeaders())
        message.exchange.finish()

    application.on_finish = switch
    client = Client(application)
    await client.send(GET)
    await shift(80)
    assert client.stream.closed()
    assert len(application.closed) == 1


@pytest.mark.parametrize(
    ("data", "params", "limit"),
    [
        (b"GET / HT", {}, "header_timeout"),
        (POST, {"min_body_rate": 0}, "body_idle_timeout"),
        (POST, {"body_timeout": 3}, "body_timeout"),
        (POST, {}, "min_body_rate"),
        (GET, {}, "idle_timeout"),
    ],
)
@shifted
async def test_a_connection_tells_which_limit_ended_it(
    data: bytes, params: dict[str, float], limit: str
) -> None:
    client = Client(params=HTTP1ConnectionParameters(**params))  # type: ignore[arg-type]
    assert client.connection.timed_out == ""
    await client.send(data)
    assert client.connection.timed_out == ""
    await shift(100)
    assert [connection.timed_out for connection in client.application.closed] == [limit]


@pytest.mark.parametrize("data", [b"", GET, b"GET\r\n", GET.replace(b"1.1", b"1.0")])
@shifted
async def test_other_ends_are_no_timeouts(data: bytes) -> None:
    client = Client()
    await client.exchange(data)
    await shift(10)
    assert [connection.timed_out for connection in client.application.closed] == [""]


@shifted
async def test_drain_does_not_wait_for_ever_for_a_request() -> None:
    client = Client()
    await client.send(GET[:10])
    drained = asyncio.ensure_future(client.connection.drain())
    await shift(2, 0.5)
    await drained
    assert client.stream.closed()
