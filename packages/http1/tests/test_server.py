"""`HTTP1ServerConnection`: what becomes of a connection, whatever client and application do."""

import asyncio
import gc
import logging
import weakref
from collections.abc import Awaitable
from collections.abc import Callable

import pytest

from http1 import HTTP1ConnectionParameters
from http1 import HTTP1ServerConnection
from http1 import HTTPHeaders
from http1 import HTTPInputError
from http1 import HTTPOutputError
from http1 import ResponseStartLine
from iostream import IOStream
from iostream import StreamClosedError

from .exchanges import asynchronous
from .exchanges import until
from .serving import Application
from .serving import Client
from .serving import Message
from .serving import read_answers
from .serving import tcp_client

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
GET_1_0 = b"GET / HTTP/1.0\r\n\r\n"
LAST_GET = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
CHUNKED_POST = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
EXPECTING = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
UPGRADE = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def later(message: Message) -> None:
    """The answer of an application that takes its time: the test gives it."""


def ends(message: Message) -> list[str]:
    return [call for call in message.calls if call in {"finish", "on_connection_close"}]


# --- keeping the connection, or not


@pytest.mark.parametrize(
    ("request_", "connection", "stays"),
    [
        (GET, None, True),
        (LAST_GET, "close", False),
        (GET_1_0, "close", False),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive", True),
        (b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "keep-alive", True),
        (b"GET / HTTP/1.0\r\nConnection: a, KEEP-ALIVE\r\n\r\n", "keep-alive", True),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", "close", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: CLOSE\r\n\r\n", "close", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: a ,close\t, b\r\n\r\n", "close", False),
        (
            b"GET / HTTP/1.1\r\nHost: a\r\nConnection: a\r\nConnection: close\r\n\r\n",
            "close",
            False,
        ),
        (
            b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n",
            "close",
            False,
        ),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", None, True),
        (b'GET / HTTP/1.1\r\nHost: a\r\nConnection: "close"\r\n\r\n', None, True),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection:\r\n\r\n", None, True),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: ,\r\n\r\n", None, True),
        (b"GET / HTTP/1.7\r\nHost: a\r\n\r\n", None, True),
    ],
)
@asynchronous
async def test_whether_the_connection_stays(
    request_: bytes, connection: str | None, stays: bool
) -> None:
    client = Client()
    answers = read_answers(await client.exchange(request_, GET))
    assert answers[0].headers.get("Connection") == connection
    assert len(answers) == 1 + stays


@asynchronous
async def test_no_keep_alive() -> None:
    client = Client(params=HTTP1ConnectionParameters(no_keep_alive=True))
    (answer,) = read_answers(await client.exchange(GET + GET, end=False))
    assert answer.headers["Connection"] == "close"
    client.close()
    await client.ended()


@asynchronous
async def test_the_application_closes() -> None:
    application = Application()
    application.on_finish = lambda message: message.answer(Connection="close")
    client = Client(application)
    (answer,) = read_answers(await client.exchange(GET + GET, end=False))
    assert answer.headers["Connection"] == "close"


@asynchronous
async def test_what_the_application_says_of_the_connection_in_vain() -> None:
    application = Application()
    application.on_finish = lambda message: message.answer(Connection="keep-alive")
    client = Client(application)
    (answer,) = read_answers(await client.exchange(LAST_GET))
    assert "close" in answer.headers["Connection"]


@asynchronous
async def test_one_answer_after_the_other() -> None:
    client = Client()
    for number in range(3):
        await client.send(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number)
        assert read_answers(await client.receive(b"hello"))[0].status == 200
    assert [path for _, path, _ in client.application.requests] == ["/0", "/1", "/2"]
    assert client.connection.requests == 3
    assert client.connection.idle


# --- pipelining


@asynchronous
async def test_pipelined_answers_come_in_order_whoever_is_ready_first() -> None:
    application = Application()
    application.on_finish = later
    client = Client(application)
    await client.send(GET + POST + b"hello" + GET)
    await client.turn()
    # One request at a time: the next one begins when the first one is answered.
    assert len(application.messages) == 1
    application.messages[0].answer(body=b"one")
    await until(lambda: len(application.messages) == 2)
    application.messages[1].answer(body=b"two")
    await until(lambda: len(application.messages) == 3)
    application.messages[2].answer(body=b"three")
    client.end()
    bodies = [answer.body for answer in read_answers(await client.receive_all())]
    assert bodies == [b"one", b"two", b"three"]


@asynchronous
async def test_answers_to_what_came_in_one_segment_leave_in_one() -> None:
    client = Client()
    await client.send(GET * 16)
    segment = await asyncio.get_running_loop().sock_recv(client.socket, 65536)
    assert len(read_answers(segment)) == 16


@asynchronous
async def test_ten_thousand_requests_in_one_go_let_others_have_their_turn() -> None:
    client = Client()
    other = Client()
    connection = client.connection
    # As one read would bring them, whatever the kernel's buffers hold.
    connection.data_received(GET * 10_000)
    assert 0 < len(client.application.requests) < 100
    received = asyncio.ensure_future(client.receive_all())
    await other.send(GET)
    assert len(read_answers(await other.receive(b"hello"))) == 1
    assert len(client.application.requests) < 1000
    client.end()
    assert (await received).count(b"HTTP/1.1 200 OK\r\n") == 10_000


@asynchronous
async def test_who_does_not_take_the_answers_is_not_given_more() -> None:
    application = Application()
    application.on_finish = lambda message: message.answer(body=bytes(1_000_000))
    client = Client(application)
    loop = asyncio.get_running_loop()
    sending = asyncio.ensure_future(loop.sock_sendall(client.socket, GET * 20_000))
    for _ in range(50):
        await client.turn()
    assert len(application.requests) < 70
    # What was pipelined behind is not lost.
    number = len(application.requests)
    while len(application.requests) == number:
        await loop.sock_recv(client.socket, 1 << 20)
    sending.cancel()


@asynchronous
async def test_one_by_one_who_does_not_take_the_answers_is_not_given_more() -> None:
    application = Application()
    application.on_finish = lambda message: message.answer(body=bytes(1_000_000))
    client = Client(application)
    for _ in range(100):
        client.socket.send(GET)
        await client.turn()
    assert len(application.requests) < 5


@asynchronous
async def test_what_is_sent_ahead_of_a_slow_answer_is_bounded() -> None:
    application = Application()
    application.on_finish = later
    client = Client(application)
    loop = asyncio.get_running_loop()
    sending = asyncio.ensure_future(loop.sock_sendall(client.socket, GET + b"x" * 10_000_000))
    for _ in range(50):
        await client.turn()
    assert client.stream.bytes_received < 1_000_000
    assert len(application.messages) == 1
    sending.cancel()


# --- Expect


@asynchronous
async def test_continue_is_sent_when_the_application_reads_on() -> None:
    client = Client()
    await client.send(EXPECTING)
    assert await client.receive() == CONTINUE
    assert read_answers(await client.exchange(b"hello"))[0].status == 200
    assert client.application.requests == [("POST", "/", b"hello")]


@asynchronous
async def test_continue_waits_for_the_application() -> None:
    application = Application()
    gate = asyncio.get_running_loop().create_future()
    application.on_headers = lambda message: gate
    client = Client(application)
    await client.send(EXPECTING)
    await client.turn()
    with pytest.raises(BlockingIOError):
        client.socket.recv(1)
    gate.set_result(None)
    assert await client.receive() == CONTINUE


@pytest.mark.parametrize(
    "data",
    [
        EXPECTING + b"hello",
        EXPECTING + b"h",
        EXPECTING.replace(b"1.1", b"1.0"),
        EXPECTING.replace(b"Length: 5", b"Length: 0"),
        EXPECTING.replace(b"Content-Length: 5\r\n", b""),
        EXPECTING.replace(b"100-continue", b"200-ok"),
        EXPECTING.replace(b"Length: 5", b"Length: 999999999999"),
    ],
)
@asynchronous
async def test_no_continue(data: bytes) -> None:
    client = Client()
    assert b" 100 " not in await client.exchange(data)


@asynchronous
async def test_no_continue_behind_a_final_answer_and_no_wait_for_the_body() -> None:
    application = Application()
    application.on_headers = lambda message: message.answer(403, b"no")
    client = Client(application)
    (answer,) = read_answers(await client.exchange(EXPECTING, end=False))
    assert answer.status == 403
    # Whether the body comes now nobody knows: what came next could not be read.
    assert answer.headers["Connection"] == "close"


@asynchronous
async def test_continue_is_not_sent_for_a_body_over_the_limit_of_the_application() -> None:
    application = Application()
    application.on_headers = lambda message: message.exchange.set_max_body_size(4)
    client = Client(application)
    (answer,) = read_answers(await client.exchange(EXPECTING, end=False))
    assert answer.status == 413


# --- answers before the request is complete


@asynchronous
async def test_an_early_answer_arrives_and_the_rest_of_a_small_body_is_read() -> None:
    application = Application()
    application.on_headers = lambda message: message.answer(body=b"early")
    client = Client(application)
    await client.send(POST)
    assert (await client.receive(b"early")).startswith(b"HTTP/1.1 200")
    application.on_headers = lambda message: None
    answers = read_answers(await client.exchange(b"hello", GET))
    assert [answer.body for answer in answers] == [b"hello"]
    assert [message.calls[-1] for message in application.messages] == [
        "on_connection_close",
        "finish",
    ]


@pytest.mark.parametrize(
    "request_",
    [POST.replace(b"5", b"9999999"), CHUNKED_POST],
    ids=["large", "of unknown size"],
)
@asynchronous
async def test_an_early_answer_to_a_body_that_is_not_worth_reading(request_: bytes) -> None:
    application = Application()
    application.on_headers = lambda message: message.answer(body=b"early")
    client = await tcp_client(application)
    await client.send(request_)
    # More than one read brings: a server that closed now would reset the connection.
    await asyncio.get_running_loop().sock_sendall(client.socket, bytes(200_000))
    (answer,) = read_answers(await client.receive_all())
    assert answer.body == b"early"
    assert answer.headers["Connection"] == "close"
    assert [message.calls for message in application.messages] == [
        ["headers_received", "on_connection_close"]
    ]


@asynchronous
async def test_an_answer_in_the_middle_of_the_last_piece() -> None:
    application = Application()
    application.on_data = lambda message: message.answer()
    application.on_finish = later
    client = Client(application)
    answers = read_answers(await client.exchange(POST + b"hello" + POST, b"hello"))
    assert len(answers) == 2
    assert [ends(message) for message in application.messages] == [["finish"], ["finish"]]


@asynchronous
async def test_an_answer_while_the_rest_of_the_request_comes() -> None:
    application = Application()
    application.on_finish = later

    def begin(message: Message) -> None:
        message.exchange.write_headers(
            ResponseStartLine("", 200, "OK"), HTTPHeaders({"Content-Length": "4"}), b"ab"
        )

    application.on_headers = begin
    client = Client(application)
    await client.send(POST)
    assert (await client.receive(b"ab")).startswith(b"HTTP/1.1 200")
    await client.send(b"hello")
    assert application.messages[0].calls[-1] == "finish"
    application.messages[0].exchange.write(b"cd")
    application.messages[0].exchange.finish()
    client.end()
    assert await client.receive_all() == b"cd"


# --- half-close, closing, resets


@pytest.mark.parametrize("data", [GET, GET * 3, LAST_GET, POST + b"hello"])
@asynchronous
async def test_who_half_closes_gets_the_answer(data: bytes) -> None:
    application = Application()
    application.on_finish = later
    client = Client(application)
    await client.send(data)
    client.end()
    received = asyncio.ensure_future(client.receive_all())
    number = 0
    while not received.done():
        await asyncio.sleep(0)
        if len(application.messages) > number:
            number += 1
            application.messages[-1].answer()
    assert len(read_answers(received.result())) == number == data.count(b"HTTP/")
    client.close()
    await client.ended()


@pytest.mark.parametrize("fails", [False, True])
@asynchronous
async def test_the_end_of_the_input_is_told_to_whom_it_concerns(
    fails: bool, caplog: pytest.LogCaptureFixture
) -> None:
    application = Application()
    application.on_finish = later
    client = Client(application)
    await client.send(GET)
    told: list[int] = []

    def callback() -> None:
        told.append(1)
        if fails:
            raise LookupError("on purpose")

    client.connection.set_eof_callback(callback)
    client.end()
    await until(lambda: told)
    application.messages[0].answer()
    assert len(read_answers(await client.receive_all())) == 1
    await client.ended()
    assert told == [1]
    assert len(caplog.records) == fails


@asynchronous
async def test_the_end_of_the_input_is_told_to_who_asks_later() -> None:
    told: list[int] = []

    def wait(message: Message) -> None:
        number = len(application.messages)
        client.connection.set_eof_callback(lambda: told.append(0))
        client.connection.set_eof_callback(lambda: told.append(number))

    application = Application()
    application.on_finish = wait
    client = Client(application)
    await client.send(GET + GET + GET)
    client.end()
    await until(lambda: told == [1])
    application.messages[0].answer()
    await until(lambda: len(application.messages) == 2)
    assert told == [1]  # from the loop
    await until(lambda: told == [1, 2])
    application.messages[1].answer()
    await until(lambda: len(application.messages) == 3)
    client.connection.set_eof_callback(None)
    await client.turn()
    assert told == [1, 2]
    client.connection.set_eof_callback(lambda: pytest.fail("called"))
    application.messages[2].answer()  # before the loop gets round to it
    assert len(read_answers(await client.receive_all())) == 3
    await client.ended()


@asynchronous
async def test_the_end_of_the_input_is_not_told_when_nobody_waits() -> None:
    client = Client()
    client.connection.set_eof_callback(lambda: pytest.fail("called"))
    assert client.connection.upgrade == ""
    await client.exchange(GET)
    await client.ended()


@asynchronous
async def test_the_callback_of_the_end_of_the_input_can_be_taken_back() -> None:
    application = Application()
    application.on_finish = later
    client = Client(application)
    await client.send(GET)
    client.connection.set_eof_callback(lambda: pytest.fail("called"))
    client.connection.set_eof_callback(None)
    client.end()
    await client.turn()
    application.messages[0].answer()
    assert len(read_answers(await client.receive_all())) == 1
    await client.ended()


@asynchronous
async def test_the_end_in_the_middle_of_a_body_is_told_as_a_close_instead() -> None:
    client = Client()
    await client.send(POST + b"he")
    client.connection.set_eof_callback(lambda: pytest.fail("called"))
    (answer,) = read_answers(await client.exchange())
    assert answer.status == 400
    assert client.application.messages[0].calls[-1] == "on_connection_close"
    await client.ended()


@pytest.mark.parametrize(
    ("data", "body_length", "awaits_continue", "upgrade"),
    [
        (GET, 0, False, ""),
        (POST.replace(b"5", b"0"), 0, False, ""),
        (POST.replace(b"5", b"1"), 1, False, ""),
        (POST, 5, False, ""),
        # As many as may come, which is the default's limit.
        (POST.replace(b"5", b"104857600"), 104857600, False, ""),
        (CHUNKED_POST, -1, False, ""),
        (EXPECTING, 5, True, ""),
        (EXPECTING.replace(b"100-continue", b"100-Continue"), 5, True, ""),
        (EXPECTING.replace(b"1.1", b"1.0"), 5, False, ""),
        (EXPECTING.replace(b"Length: 5", b"Length: 0"), 0, False, ""),
        (UPGRADE, 0, False, "x"),
        (UPGRADE.replace(b": x", b": x/1, y"), 0, False, "x/1, y"),
        (UPGRADE.replace(b": x", b": x\r\nUpgrade: y"), 0, False, "x, y"),
        (UPGRADE.replace(b": upgrade", b": keep-alive, UPGRADE"), 0, False, "x"),
        (UPGRADE.replace(b": upgrade", b": keep-alive"), 0, False, ""),
        (UPGRADE.replace(b"1.1", b"1.0"), 0, False, ""),
    ],
)
@asynchronous
async def test_what_a_request_announces(
    data: bytes, body_length: int, awaits_continue: bool, upgrade: str
) -> None:
    application = Application()
    seen: list[tuple[int, bool, str]] = []

    def look(message: Message) -> None:
        connection = client.connection
        seen.append((connection.body_length, connection.awaits_continue, connection.upgrade))

    application.on_headers = look
    client = Client(application)
    # Whatever the request before it announced is forgotten.
    for before in (b"", EXPECTING + b"hello", CHUNKED_POST + b"0\r\n\r\n"):
        seen.clear()
        await client.send(before + data)
        await until(lambda: len(seen) == 1 + bool(before))  # noqa: B023 - it is over with the turn
        assert seen[-1] == (body_length, awaits_continue, upgrade)
        client.stream.close()
        client = Client(application)


@asynchronous
async def test_the_client_awaits_nothing_any_more_once_it_was_asked() -> None:
    application = Application()
    gate = asyncio.get_running_loop().create_future()
    application.on_headers = lambda message: gate
    client = Client(application)
    seen: list[bool] = []

    def look(message: Message) -> None:
        seen.append(client.connection.awaits_continue)

    application.on_data = look
    await client.send(EXPECTING)
    look(application.messages[0])
    gate.set_result(None)
    assert await client.receive() == CONTINUE
    assert len(read_answers(await client.exchange(b"hello"))) == 1
    assert seen == [True, False]


@pytest.mark.parametrize("data", [b"", b"\r\n", GET])
@asynchronous
async def test_who_leaves_between_requests_is_not_answered(data: bytes) -> None:
    client = Client()
    assert len(read_answers(await client.exchange(data))) == data.count(b"GET")
    await client.ended()
    assert client.stream.closed()


@asynchronous
async def test_a_truncated_body_never_looks_complete() -> None:
    application = Application()
    client = Client(application)
    (answer,) = read_answers(await client.exchange(POST + b"hell"))
    assert answer.status == 400
    assert application.messages[0].calls == [
        "headers_received",
        "data_received",
        "on_connection_close",
    ]


@asynchronous
async def test_a_reset_in_the_middle_of_an_answer() -> None:
    application = Application()
    application.on_finish = later
    client = await tcp_client(application)
    await client.send(GET)
    message = application.messages[0]
    closes: list[int] = []
    message.exchange.set_close_callback(lambda: closes.append(1))
    message.exchange.write_headers(ResponseStartLine("", 200, "OK"), HTTPHeaders())
    client.reset()
    await client.ended()
    assert closes == [1]
    # The request was complete: its delegate has been told so before.
    assert message.calls == ["headers_received", "finish"]
    future = message.exchange.write(b"x")
    with pytest.raises(StreamClosedError):
        await future
    message.exchange.finish()


@asynchronous
async def test_a_reset_in_the_middle_of_a_body() -> None:
    application = Application()
    client = await tcp_client(application)
    await client.send(POST + b"he")
    message = application.messages[0]
    closes: list[int] = []
    message.exchange.set_close_callback(lambda: closes.append(1))
    client.reset()
    await client.ended()
    assert closes == [1]
    assert message.calls[-1] == "on_connection_close"
    assert ends(message) == ["on_connection_close"]


@asynchronous
async def test_the_close_callback_is_not_called_behind_a_complete_answer() -> None:
    application = Application()
    closes: list[int] = []

    def answer(message: Message) -> None:
        message.exchange.set_close_callback(lambda: closes.append(1))
        message.answer()

    application.on_finish = answer
    client = Client(application)
    await client.exchange(GET)
    await client.ended()
    assert closes == []


@asynchronous
async def test_a_close_callback_can_be_taken_back() -> None:
    application = Application()
    application.on_finish = later
    client = Client(application)
    await client.send(GET)
    exchange = application.messages[0].exchange
    exchange.set_close_callback(lambda: pytest.fail("called"))
    exchange.set_close_callback(None)
    exchange.close()
    await client.ended()


@asynchronous
async def test_close() -> None:
    application = Application()
    application.on_finish = later
    client = Client(application)
    await client.send(GET)
    await client.connection.close()
    assert application.closed == [client.connection]
    assert client.stream.closed()
    await client.connection.close()
    assert application.closed == [client.connection]


@asynchronous
async def test_a_connection_that_is_through_does_not_wait_for_the_garbage_collector() -> None:
    class Context:
        """Something that the connection holds: when it is gone, so is the connection."""

    context = Context()
    gone = weakref.ref(context)
    client = Client(context=context)
    del context
    gc.disable()
    try:
        await client.send(LAST_GET)
        await client.ended()
        client.application.closed.clear()
        client.application.messages.clear()
        del client.connection
        assert gone() is None
    finally:
        gc.enable()


@asynchronous
async def test_served_once_only() -> None:
    client = Client()
    with pytest.raises(RuntimeError, match="start_serving"):
        client.connection.start_serving(client.application)


@asynchronous
async def test_serving_a_stream_that_is_closed() -> None:
    client = Client()
    await client.connection.close()
    connection = HTTP1ServerConnection(client.stream)
    application = Application()
    connection.start_serving(application)
    assert application.closed == [connection]
    await connection.close()


@asynchronous
async def test_an_answer_is_not_lost_to_what_comes_behind_it() -> None:
    # On TCP, where bytes that nobody reads turn a close into a reset.
    client = await tcp_client()
    await client.send(GET + b"\x00" + b"x" * 1000)
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(client.socket, b"x" * 100_000)
    client.end()
    first, second = read_answers(await client.receive_all())
    assert (first.status, second.status) == (200, 400)


@pytest.mark.parametrize("last", [False, True])
@asynchronous
async def test_a_refusal_is_not_lost_to_the_body_behind_it(last: bool) -> None:
    client = await tcp_client(params=HTTP1ConnectionParameters(max_body_size=10))
    head = POST.replace(b"Length: 5", b"Length: 200000")
    if last:
        head = head.replace(b"Host: a", b"Host: a\r\nConnection: close")
    await client.send(head)
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(client.socket, bytes(200_000))
    client.end()
    (answer,) = read_answers(await client.receive_all())
    assert answer.status == 413


@asynchronous
async def test_the_refusal_of_a_head_request_has_no_body() -> None:
    client = Client(params=HTTP1ConnectionParameters(max_body_size=1))
    data = POST.replace(b"POST", b"HEAD")
    (answer,) = read_answers(await client.exchange(data, end=False), "HEAD")
    assert answer.status == 413


@asynchronous
async def test_nothing_is_parsed_behind_a_refusal() -> None:
    client = Client()
    received = await client.exchange(b"GET\r\n\r\n" + GET, GET)
    assert [answer.status for answer in read_answers(received)] == [400]
    assert client.application.messages == []


@asynchronous
async def test_a_refusal_does_not_repeat_raw_bytes() -> None:
    client = Client()
    received = await client.exchange(b"GET \x1b[31m<script> HTTP/1.1\r\n", end=False)
    assert b"\x1b" not in received
    assert b"text/plain" in received


@asynchronous
async def test_a_refusal_is_logged_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "http1")
    client = Client()
    await client.exchange(b"GET / HTTP/1.1\r\nA b\n\r\n", end=False)
    (record,) = caplog.records
    assert record.levelno == logging.INFO
    assert "400" in record.getMessage()
    assert record.getMessage().isprintable()


# --- applications that fail


def fail(*args: object) -> None:
    raise LookupError("on purpose")


@pytest.mark.parametrize("where", ["start_request", "on_headers", "on_data", "on_finish"])
@pytest.mark.parametrize("chunked", [False, True])
@asynchronous
async def test_500_when_the_application_fails(
    where: str, chunked: bool, caplog: pytest.LogCaptureFixture
) -> None:
    application = Application()
    setattr(application, where, fail)
    client = Client(application)
    body = b"5\r\nhello\r\n0\r\n\r\n" if chunked else b"hello"
    (answer,) = read_answers(
        await client.exchange((CHUNKED_POST if chunked else POST) + body + GET, end=False)
    )
    assert answer.status == 500
    assert answer.headers["Connection"] == "close"
    assert b"purpose" not in answer.body
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    client.close()
    await client.ended()
    assert len(application.closed) == 1


@asynchronous
async def test_500_when_an_awaitable_fails(caplog: pytest.LogCaptureFixture) -> None:
    async def failing() -> None:
        raise LookupError("on purpose")

    application = Application()
    application.on_headers = lambda message: failing()
    client = Client(application)
    (answer,) = read_answers(await client.exchange(POST, b"hello", end=False))
    assert answer.status == 500
    assert ends(application.messages[0]) == ["on_connection_close"]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


@asynchronous
async def test_no_second_answer_when_the_application_fails_behind_its_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def answer_and_fail(message: Message) -> None:
        message.answer()
        fail(message)

    application = Application()
    application.on_finish = answer_and_fail
    client = Client(application)
    answers = read_answers(await client.exchange(GET + GET))
    assert [answer.status for answer in answers] == [200, 200]
    assert len(caplog.records) == 2


@asynchronous
async def test_no_last_chunk_when_the_application_fails_in_the_middle(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def begin_and_fail(message: Message) -> None:
        message.exchange.write_headers(ResponseStartLine("", 200, "OK"), HTTPHeaders(), b"hello")
        fail(message)

    application = Application()
    application.on_finish = begin_and_fail
    client = Client(application)
    received = await client.exchange(GET + GET, end=False)
    assert received.endswith(b"\r\n\r\n5\r\nhello\r\n")
    assert received.count(b"HTTP/1.1") == 1
    assert len(caplog.records) == 1


@asynchronous
async def test_an_application_refuses_a_body() -> None:
    def refuse(message: Message) -> None:
        raise HTTPInputError("no such media type", 415)

    application = Application()
    application.on_headers = refuse
    client = Client(application)
    (answer,) = read_answers(await client.exchange(POST + b"hello", end=False))
    assert answer.status == 415


@pytest.mark.parametrize("method", ["on_connection_close", "close callback", "on_close"])
@asynchronous
async def test_what_fails_at_the_end_is_logged_and_keeps_nothing_from_ending(
    method: str, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(*args: object) -> None:
        ended.append(1)
        raise LookupError("on purpose")

    ended: list[int] = []
    application = Application()
    client = Client(application)
    await client.send(POST)
    message = application.messages[0]
    if method == "on_connection_close":
        setattr(message, method, failing)
    elif method == "close callback":
        message.exchange.set_close_callback(failing)
    else:
        setattr(application, method, failing)
    await client.connection.close()
    assert ended == [1]
    assert len(caplog.records) == 1


@asynchronous
async def test_an_application_that_closes_in_the_middle() -> None:
    def close(message: Message) -> None:
        message.exchange.close()

    application = Application()
    application.on_headers = close
    client = Client(application)
    assert await client.exchange(POST + b"hello" + GET) == b""
    await client.ended()
    assert len(application.messages) == 1


@asynchronous
async def test_a_limit_of_the_application_after_a_failure_is_no_second_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def limit_and_fail(message: Message) -> None:
        message.exchange.set_max_body_size(1)
        fail(message)

    application = Application()
    application.on_headers = limit_and_fail
    client = Client(application)
    (answer,) = read_answers(await client.exchange(POST + b"hello", end=False))
    assert answer.status == 500
    client.close()
    await client.ended()
    assert len(application.closed) == 1
    assert len(caplog.records) == 1


# --- back-pressure


@asynchronous
async def test_nothing_is_delivered_while_the_application_holds_a_message_up() -> None:
    application = Application()
    gates: list[asyncio.Future[None]] = []

    def hold(message: Message) -> Awaitable[None]:
        gates.append(asyncio.get_running_loop().create_future())
        return gates[-1]

    application.on_headers = hold
    application.on_data = hold
    client = Client(application, HTTP1ConnectionParameters(chunk_size=2))
    await client.send(POST + b"hello" + GET)
    calls = application.messages[0].calls
    for number in range(1, 5):
        await client.turn()
        assert len(calls) == len(gates) == number
        gates[-1].set_result(None)
    await client.turn()
    assert calls[-1] == "finish"
    assert application.messages[0].chunks == [b"he", b"ll", b"o"]
    gates[-1].set_result(None)
    client.end()
    assert len(read_answers(await client.receive_all())) == 2


@pytest.mark.parametrize("behind", [b"x\r\n", b"\x00"])
@asynchronous
async def test_what_is_wrong_behind_a_piece_waits_for_the_application(behind: bytes) -> None:
    application = Application()
    gate = asyncio.get_running_loop().create_future()
    application.on_data = lambda message: gate
    client = Client(application)
    await client.send(CHUNKED_POST + b"5\r\nhello\r\n" + behind)
    await client.turn()
    assert application.messages[0].calls == ["headers_received", "data_received"]
    gate.set_result(None)
    (answer,) = read_answers(await client.receive_all())
    assert answer.status == 400
    assert application.messages[0].calls[-1] == "on_connection_close"


@asynchronous
async def test_an_early_answer_ends_the_wait_for_its_application() -> None:
    application = Application()
    gate = asyncio.get_running_loop().create_future()
    application.on_headers = lambda message: gate
    client = Client(application)
    await client.send(POST)
    application.messages[0].answer(body=b"early")
    application.on_headers = lambda message: None
    answers = read_answers(await client.exchange(b"hello", GET))
    assert [answer.body for answer in answers] == [b"early", b"hello"]
    gate.set_result(None)


@asynchronous
async def test_a_done_future_does_not_hold_up() -> None:
    application = Application()
    done = asyncio.get_running_loop().create_future()
    done.set_result(None)
    application.on_headers = lambda message: done
    client = Client(application)
    client.connection.data_received(POST + b"hello")
    assert application.requests == [("POST", "/", b"hello")]


@asynchronous
async def test_the_end_of_the_input_waits_for_the_application() -> None:
    application = Application()
    gate = asyncio.get_running_loop().create_future()
    application.on_data = lambda message: gate
    client = Client(application)
    await client.send(POST + b"hell")
    client.end()
    await client.turn()
    assert ends(application.messages[0]) == []
    gate.set_result(None)
    (answer,) = read_answers(await client.receive_all())
    assert answer.status == 400
    assert ends(application.messages[0]) == ["on_connection_close"]


@asynchronous
async def test_a_connection_that_ends_while_a_message_is_held_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    application = Application()
    gate = asyncio.get_running_loop().create_future()
    application.on_headers = lambda message: gate
    client = Client(application)
    await client.send(POST)
    await client.connection.close()
    gate.set_exception(LookupError("nobody waits for this"))
    await client.turn()
    assert application.messages[0].calls == ["headers_received", "on_connection_close"]
    assert "nobody waits for this" in caplog.text


# --- another protocol


@pytest.mark.parametrize("when", ["on_headers", "on_finish"])
@pytest.mark.parametrize("ahead", [b"", b"more", GET])
@pytest.mark.parametrize("slowly", [False, True])
@asynchronous
async def test_detach_with_what_was_read_already(when: str, ahead: bytes, slowly: bool) -> None:
    streams: list[IOStream] = []

    def switch(message: Message) -> None:
        message.exchange.write_headers(
            ResponseStartLine("", 101, "Switching Protocols"),
            HTTPHeaders({"Connection": "upgrade", "Upgrade": "x"}),
        )
        if when == "on_finish":
            message.exchange.finish()
        streams.append(message.exchange.detach())

    application = Application()
    setattr(application, when, switch)
    client = Client(application)
    if slowly:
        await client.send_slowly(UPGRADE)
        client.socket.send(ahead)
    else:
        client.socket.send(UPGRADE + ahead)
    head = await client.receive()
    assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
    assert b"Content-Length" not in head
    assert b"Transfer-Encoding" not in head
    (stream,) = streams
    assert stream is client.stream
    client.socket.send(b"|")
    assert await stream.read_until(b"|") == ahead + b"|"
    await stream.write(b"pong")
    assert await client.receive(b"pong") == b"pong"
    # The connection has told its end, and has nothing to do with the stream any more.
    assert application.closed == [client.connection]
    assert len(application.messages) == 1
    stream.close()
    await client.turn()
    assert application.closed == [client.connection]
    with pytest.raises(HTTPOutputError):
        application.messages[0].exchange.detach()


@asynchronous
async def test_continue_before_switching() -> None:
    streams: list[IOStream] = []

    def switch(message: Message) -> None:
        message.exchange.write_headers(
            ResponseStartLine("", 101, "Switching Protocols"),
            HTTPHeaders({"Connection": "upgrade", "Upgrade": "x"}),
        )
        message.exchange.finish()
        streams.append(message.exchange.detach())

    application = Application()
    application.on_headers = switch
    client = Client(application)
    await client.send(EXPECTING.replace(b"Host", b"Connection: upgrade\r\nUpgrade: x\r\nHost"))
    received = await client.receive()
    assert received.startswith(CONTINUE + b"HTTP/1.1 101 ")
    assert received.count(b" 100 ") == 1
    # What is left of the request comes first; it is for whoever took the stream.
    client.socket.send(b"hello, x")
    assert await streams[0].read_bytes(8) == b"hello, x"


@asynchronous
async def test_connect_through_detach() -> None:
    streams: list[IOStream] = []

    def tunnel(message: Message) -> None:
        message.exchange.write_headers(
            ResponseStartLine("", 200, "OK"), HTTPHeaders({"Content-Length": "5"})
        )
        message.exchange.finish()
        streams.append(message.exchange.detach())

    application = Application()
    application.on_finish = tunnel
    client = Client(application)
    await client.send(b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nhello")
    head = await client.receive()
    assert b"Content-Length" not in head
    assert b"Transfer-Encoding" not in head
    assert await streams[0].read_bytes(5) == b"hello"


@asynchronous
async def test_detach_later() -> None:
    application = Application()
    application.on_finish = later
    client = Client(application)
    await client.send(UPGRADE + b"ahead")
    await client.send(b" and more")
    message = application.messages[0]
    message.exchange.write_headers(ResponseStartLine("", 101, "Go"), HTTPHeaders())
    message.exchange.finish()
    await client.turn()
    stream = message.exchange.detach()
    assert await stream.read_bytes(14) == b"ahead and more"
    # Not a word of it was parsed as a request.
    assert len(application.messages) == 1


@asynchronous
async def test_an_upgrade_that_is_declined() -> None:
    client = Client()
    answers = read_answers(await client.exchange(UPGRADE + GET))
    assert [answer.status for answer in answers] == [200, 200]


@asynchronous
async def test_an_upgrade_that_is_declined_later() -> None:
    application = Application()
    application.on_finish = later
    client = Client(application)
    await client.send(UPGRADE + GET)
    application.messages[0].answer()
    await until(lambda: len(application.messages) == 2)
    application.messages[1].answer()
    client.end()
    assert len(read_answers(await client.receive_all())) == 2


# --- draining


@asynchronous
async def test_drain_closes_an_idle_connection_at_once() -> None:
    client = Client()
    await client.send(GET)
    await client.receive(b"hello")
    await client.connection.drain()
    assert client.stream.closed()


@asynchronous
async def test_drain_lets_a_request_be_answered_and_says_close() -> None:
    application = Application()
    application.on_finish = later
    client = Client(application)
    await client.send(GET + GET)
    drained = asyncio.ensure_future(client.connection.drain())
    await client.turn()
    assert not drained.done()
    application.messages[0].answer()
    (answer,) = read_answers(await client.receive_all())
    assert answer.headers["Connection"] == "close"
    client.close()
    await drained
    assert len(application.messages) == 1


@asynchronous
async def test_drain_in_the_middle_of_an_answer() -> None:
    application = Application()
    application.on_finish = later
    client = Client(application)
    await client.send(GET)
    exchange = application.messages[0].exchange
    exchange.write_headers(
        ResponseStartLine("", 200, "OK"), HTTPHeaders({"Content-Length": "2"}), b"a"
    )
    drained = asyncio.ensure_future(client.connection.drain())
    await client.turn()
    exchange.write(b"b")
    exchange.finish()
    (answer,) = read_answers(await client.receive_all())
    assert answer.body == b"ab"
    client.close()
    await drained


@pytest.mark.parametrize("begun", [b"", GET[:10]])
@asynchronous
async def test_drain_spares_a_request_on_its_way(begun: bytes) -> None:
    client = Client()
    if begun:
        await client.send(begun)
    drained = asyncio.ensure_future(client.connection.drain())
    await client.turn()
    (answer,) = read_answers(await client.exchange(GET[len(begun) :] + GET, end=False))
    assert answer.headers["Connection"] == "close"
    client.close()
    await drained


@pytest.mark.parametrize("end", [False, True])
@asynchronous
async def test_drain_ends_with_the_last_byte_of_what_is_on_its_way(end: bool) -> None:
    application = Application()
    application.on_finish = lambda message: message.answer(body=bytes(3_000_000))
    client = Client(application)
    await client.send(GET)
    if end:
        client.end()
        await client.turn()
    drained = asyncio.ensure_future(client.connection.drain())
    await client.turn()
    assert not drained.done()
    (answer,) = read_answers(await client.receive_all())
    assert len(answer.body) == 3_000_000
    await client.turn()
    await client.turn()
    assert drained.done()  # without a tick


@asynchronous
async def test_drain_twice_and_after_the_end() -> None:
    client = Client()
    await client.send(GET)
    await asyncio.gather(client.connection.drain(), client.connection.drain())
    await client.connection.drain()


# --- limits of a connection


@asynchronous
async def test_chunk_size() -> None:
    client = Client(params=HTTP1ConnectionParameters(chunk_size=2))
    await client.exchange(POST + b"hello", CHUNKED_POST + b"5\r\nhello\r\n0\r\n\r\n")
    for message in client.application.messages:
        assert message.chunks == [b"he", b"ll", b"o"]


@pytest.mark.parametrize(("size", "status"), [(4, 413), (5, 200), (6, 200)])
@pytest.mark.parametrize("chunked", [False, True])
@asynchronous
async def test_max_body_size(size: int, status: int, chunked: bool) -> None:
    data = CHUNKED_POST + b"5\r\nhello\r\n0\r\n\r\n" if chunked else POST + b"hello"
    client = Client(params=HTTP1ConnectionParameters(max_body_size=size))
    (answer,) = read_answers(await client.exchange(data))
    assert answer.status == status


@pytest.mark.parametrize(("size", "status"), [(4, 413), (5, 200)])
@pytest.mark.parametrize("chunked", [False, True])
@asynchronous
async def test_max_body_size_of_one_request(size: int, status: int, chunked: bool) -> None:
    application = Application()
    client = Client(application, HTTP1ConnectionParameters(max_body_size=2))
    sizes = iter([5, size])
    application.on_headers = lambda message: message.exchange.set_max_body_size(next(sizes))
    data = CHUNKED_POST + b"5\r\nhello\r\n0\r\n\r\n" if chunked else POST + b"hello"
    answers = read_answers(await client.exchange(data + data))
    assert [answer.status for answer in answers] == [200, status]


@asynchronous
async def test_a_limit_of_one_request_is_not_that_of_the_next() -> None:
    application = Application()
    client = Client(application, HTTP1ConnectionParameters(max_body_size=2))
    limits: list[Callable[[Message], None]] = [
        lambda message: message.exchange.set_max_body_size(5),
        lambda message: None,
    ]
    application.on_headers = lambda message: limits.pop(0)(message)
    answers = read_answers(await client.exchange((POST + b"hello") * 2))
    assert [answer.status for answer in answers] == [200, 413]


@asynchronous
async def test_trailers_are_there_at_the_end() -> None:
    application = Application()
    seen: list[dict[str, str]] = []

    def answer(message: Message) -> None:
        seen.append(dict(message.exchange.trailers))
        message.answer()

    application.on_finish = answer
    client = Client(application)
    trailers = b"A: b\r\nContent-Length: 9\r\nAuthorization: c\r\n"
    await client.exchange(CHUNKED_POST + b"5\r\nhello\r\n0\r\n" + trailers + b"\r\n")
    assert seen == [{"A": "b"}]
    # And nowhere else.
    assert dict(application.messages[0].headers) == {"Host": "a", "Transfer-Encoding": "chunked"}


@asynchronous
async def test_context() -> None:
    context = object()
    client = Client(context=context)
    await client.exchange(GET)
    assert client.application.messages[0].exchange.context is context
