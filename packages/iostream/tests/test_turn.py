"""When what streams write while they receive is sent."""

import asyncio
import socket

from iostream import IOStream
from iostream import StreamClosedError
from iostream._output import OutputHalf
from iostream._turn import Turn
from iostream._turn import turn_of


class Corked(OutputHalf):
    """Stands in for a stream: notes when it is uncorked, and does nothing else."""

    def __init__(self, name: int, log: list[int]) -> None:
        self.name = name
        self.log = log

    def uncork(self) -> None:
        self.log.append(self.name)


def test_streams_of_one_turn_are_sent_at_its_end_in_their_order() -> None:
    async def main() -> None:
        turn = Turn(asyncio.get_running_loop())
        log: list[int] = []
        for name in range(5):
            turn.uncork(Corked(name, log))
        assert log == []
        await asyncio.sleep(0)
        assert log == [0, 1, 2, 3, 4]

    asyncio.run(main())


def test_sixteen_do_not_wait_for_more() -> None:
    async def main() -> None:
        turn = Turn(asyncio.get_running_loop())
        log: list[int] = []
        for name in range(15):
            turn.uncork(Corked(name, log))
        assert log == []
        turn.uncork(Corked(15, log))
        assert log == list(range(16))
        turn.uncork(Corked(16, log))
        assert log == list(range(16))
        await asyncio.sleep(0)
        assert log == list(range(17))

    asyncio.run(main())


def test_a_stream_that_was_alone_is_sent_at_once_the_next_eight_times() -> None:
    async def main() -> None:
        turn = Turn(asyncio.get_running_loop())
        log: list[int] = []
        turn.uncork(Corked(0, log))
        assert log == []
        await asyncio.sleep(0)
        assert log == [0]
        for name in range(1, 9):
            turn.uncork(Corked(name, log))
            assert log == list(range(name + 1))
        turn.uncork(Corked(9, log))
        assert log == list(range(9))
        await asyncio.sleep(0)
        assert log == list(range(10))

    asyncio.run(main())


def test_the_streams_of_a_loop_share_their_turn() -> None:
    async def main() -> Turn:
        loop = asyncio.get_running_loop()
        assert turn_of(loop) is turn_of(loop)
        return turn_of(loop)

    assert asyncio.run(main()) is not asyncio.run(main())


class Answering:
    """Answers whatever comes, and does one thing more."""

    def __init__(self, stream: IOStream, then: str = "") -> None:
        self.stream = stream
        self.then = then

    def data_received(self, data: bytes) -> None:
        self.stream.write(b"answer to " + data)
        if self.then:
            getattr(self.stream, self.then)()

    def eof_received(self) -> None:
        self.stream.close()

    def connection_lost(self, exc: BaseException | None) -> None:
        pass


async def answer(then: str) -> bytes:
    """What a peer gets from a stream that does something behind its answer, in the same turn."""
    loop = asyncio.get_running_loop()
    ours, peer = socket.socketpair()
    ours.setblocking(False)
    peer.setblocking(False)
    with peer:
        stream = IOStream(ours)
        stream.set_receiver(Answering(stream, then))
        await loop.sock_sendall(peer, b"1")
        received = await loop.sock_recv(peer, 100)
        stream.close()
    return received


def test_what_waits_for_the_end_of_the_turn_is_not_lost_by_an_end_before_it() -> None:
    for then in ("", "close", "shutdown_write", "pause_reading"):
        assert asyncio.run(answer(then)) == b"answer to 1"


def test_a_stream_closed_before_the_end_of_the_turn_refuses_to_be_written_to() -> None:
    async def main() -> None:
        ours, peer = socket.socketpair()
        ours.setblocking(False)
        with peer:
            stream = IOStream(ours)
            stream.cork()
            stream.write(b"x")
            turn_of(asyncio.get_running_loop()).uncork(stream)
            stream.close()
            await asyncio.sleep(0)
            assert peer.recv(10) == b"x"
            try:
                stream.write(b"y")
            except StreamClosedError:
                return
            raise AssertionError("written to a closed stream")

    asyncio.run(main())
