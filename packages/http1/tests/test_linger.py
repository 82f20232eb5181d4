"""The last seconds of a connection, which end in any case."""

import asyncio

import pytest

from http1 import HTTP1ConnectionParameters
from http1 import HTTPHeaders
from http1 import ResponseStartLine

from .clock import shift
from .clock import shifted
from .serving import Application
from .serving import Client
from .serving import Message
from .serving import read_answers

BAD = b"GET\r\n"


@shifted
async def test_until_the_client_has_done_too() -> None:
    client = Client()
    await client.send(BAD)
    (answer,) = read_answers(await client.receive_all())
    assert answer.status == 400
    # What still comes is read, so that nothing is reset, and dropped.
    await client.send(b"x" * 1000)
    assert not client.stream.closed()
    client.end()
    await client.ended()
    assert client.stream.closed()
    assert len(client.application.closed) == 1


@shifted
async def test_for_a_bounded_time() -> None:
    client = Client()
    await client.send(BAD)
    for _ in range(8):
        if not client.stream.closed():
            await client.send(b"x")
        await shift(1)
    assert client.stream.closed()
    # It has its answer: it was cut off because of what was wrong, not because of the time.
    assert client.connection.timed_out == ""


@shifted
async def test_for_a_bounded_number_of_bytes() -> None:
    client = Client(params=HTTP1ConnectionParameters(max_discard_size=1000))
    await client.send(BAD)
    await client.send(b"x" * 1000)
    assert not client.stream.closed()
    await client.send(b"x")
    assert client.stream.closed()


@shifted
async def test_not_before_the_answer_is_sent() -> None:
    application = Application()
    application.on_finish = lambda message: message.answer(body=bytes(3_000_000))
    client = Client(application, HTTP1ConnectionParameters(linger_timeout=1, max_discard_size=10))
    await client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" + BAD)
    await client.send(b"x" * 10_000)
    await shift(30)
    assert not client.stream.closed()
    assert len(await client.receive_all()) > 3_000_000
    await shift(3)
    assert client.stream.closed()


def answer_much(message: Message) -> None:
    message.answer(body=bytes(3_000_000))


@shifted
async def test_no_longer_than_it_takes_to_send_when_the_client_is_done() -> None:
    application = Application()
    application.on_finish = answer_much
    client = Client(application)
    await client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    client.end()
    await client.turn()
    assert not client.stream.closed()
    (answer,) = read_answers(await client.receive_all())
    assert len(answer.body) == 3_000_000
    await client.turn()  # and no tick has passed
    assert client.stream.closed()


@shifted
async def test_no_longer_than_it_takes_to_send_behind_more_than_is_read() -> None:
    application = Application()
    application.on_finish = answer_much
    client = Client(application, HTTP1ConnectionParameters(max_discard_size=10))
    await client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" + BAD)
    await client.send(b"x" * 11)
    assert not client.stream.closed()
    assert len(await client.receive_all()) > 3_000_000
    await client.turn()
    assert client.stream.closed()


@pytest.mark.parametrize(
    ("request_", "drains"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", True),
    ],
)
@shifted
async def test_none_behind_a_last_answer_that_was_long_in_sending(
    request_: bytes, drains: bool
) -> None:
    application = Application()
    application.on_finish = lambda message: None
    client = Client(application)
    await client.send(request_)
    drained = asyncio.ensure_future(client.connection.drain()) if drains else None
    await client.turn()
    answer_much(application.messages[0])
    assert not client.stream.closed()
    assert len(await client.receive_all()) > 3_000_000
    await client.turn()
    assert client.stream.closed()
    if drained is not None:
        await client.turn()
        assert drained.done()


@pytest.mark.parametrize("end", [False, True])
@shifted
async def test_not_for_ever_if_the_answer_is_not_taken(end: bool) -> None:
    application = Application()
    application.on_finish = lambda message: message.answer(
        body=bytes(3_000_000), Connection="close"
    )
    client = Client(application)
    await client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    if end:
        client.end()
    await shift(50)
    assert not client.stream.closed()
    await shift(20)
    assert client.stream.closed()
    assert client.connection.timed_out == "write_timeout"


@shifted
async def test_the_first_limit_that_was_passed_is_told() -> None:
    def answer(message: Message) -> None:
        line = ResponseStartLine("", 200, "OK")
        message.exchange.write_headers(line, HTTPHeaders(), bytes(3_000_000))

    application = Application()
    application.on_headers = answer
    client = Client(application)
    await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
    await shift(110)
    assert client.stream.closed()
    assert client.connection.timed_out == "min_body_rate"


@shifted
async def test_a_reset_ends_it() -> None:
    client = Client()
    await client.send(BAD)
    client.close()
    await client.ended()
    assert len(client.application.closed) == 1


@shifted
async def test_none_behind_the_last_request_of_a_client_that_says_so() -> None:
    client = Client()
    await client.send(b"GET / HTTP/1.0\r\n\r\n")
    assert client.stream.closed()
