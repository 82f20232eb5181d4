"""Everything in `vectors.py`, at a server's connection on a socket."""

import pytest

from http1 import HTTP1ConnectionParameters

from .exchanges import asynchronous
from .recorder import in_bytes
from .serving import Application
from .serving import Client
from .serving import Message
from .serving import read_answers
from .vectors import REQUESTS
from .vectors import Vector

# What is longer is cut near its ends only, and once in the middle: the parser gets it in all pieces.
SHORT = 300
FRINGE = 40

PARAMS = HTTP1ConnectionParameters()


def name(vector: Vector) -> str:
    return vector.name


def answer(message: Message) -> None:
    if message.start_line.method == "CONNECT":
        message.answer(404, b"no tunnel")
    else:
        message.answer()


async def check(vector: Vector, pieces: list[bytes]) -> None:
    application = Application()
    application.on_finish = answer
    client = Client(application, PARAMS)
    # What is wrong has to be found in what came, not in that nothing more comes.
    end = vector.status is None or vector.cut_short
    received = await client.exchange(*pieces, end=end)
    client.close()
    await client.ended()

    assert application.requests == list(vector.requests)
    answers = read_answers(received, *[method for method, _, _ in vector.requests])
    # Where a body comes behind its head, 100 Continue may ask for it.
    answers = [answer for answer in answers if answer.status != 100]
    if vector.status is not None:
        refusal = answers.pop()
        assert refusal.status == vector.status
        assert refusal.headers["Connection"] == "close"
        assert refusal.body.decode("ascii").removesuffix("\n").isprintable()
    assert len(answers) == len(vector.requests)
    # Whatever has begun has been told its end, once.
    for message in application.messages:
        ends = [call for call in message.calls if call in {"finish", "on_connection_close"}]
        assert len(ends) == 1
    assert application.closed == [client.connection]


@pytest.mark.parametrize("vector", REQUESTS, ids=name)
@asynchronous
async def test_whole(vector: Vector) -> None:
    await check(vector, [vector.data])


def bytewise(data: bytes) -> list[bytes]:
    if len(data) <= SHORT:
        return in_bytes(data)
    return [*in_bytes(data[:FRINGE]), data[FRINGE:-FRINGE], *in_bytes(data[-FRINGE:])]


def positions(size: int) -> list[int]:
    if size <= SHORT:
        return list(range(1, size))
    return [*range(1, FRINGE), size // 2, *range(size - FRINGE, size)]


@pytest.mark.parametrize("vector", REQUESTS, ids=name)
@asynchronous
async def test_byte_by_byte(vector: Vector) -> None:
    await check(vector, bytewise(vector.data))


@pytest.mark.slow
@pytest.mark.parametrize("vector", REQUESTS, ids=name)
@asynchronous
async def test_cut_everywhere(vector: Vector) -> None:
    for position in positions(len(vector.data)):
        await check(vector, [vector.data[:position], vector.data[position:]])
