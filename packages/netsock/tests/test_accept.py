import asyncio
import errno
import logging
import os
import resource
import socket
from collections.abc import Callable
from collections.abc import Iterator

import pytest

from netsock import IOLoop
from netsock import _accept
from netsock import add_accept_handler
from netsock import bind_sockets


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    (sock,) = bind_sockets(0, "127.0.0.1")
    yield sock
    sock.close()


def connect(listener: socket.socket) -> socket.socket:
    return socket.create_connection(listener.getsockname())


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  # no event tells it
        await asyncio.sleep(0)


def test_calls_back_with_connection_and_address(listener: socket.socket) -> None:
    async def main() -> None:
        accepted: asyncio.Queue[tuple[socket.socket, object]] = asyncio.Queue()
        remove = add_accept_handler(listener, lambda *pair: accepted.put_nowait(pair))
        with connect(listener) as client:
            connection, address = await accepted.get()
            assert address == client.getsockname()
            assert not connection.getblocking()
            connection.close()
        remove()

    asyncio.run(main())


def test_a_batch_is_bounded_and_other_work_goes_on(listener: socket.socket) -> None:
    async def main() -> None:
        log: list[str] = []
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        def accepted(connection: socket.socket, address: object) -> None:
            connection.close()
            if not log:
                loop.call_soon(log.append, "other")
            log.append("accept")
            if log.count("accept") == 70:
                done.set_result(None)

        clients = [connect(listener) for _ in range(70)]
        remove = add_accept_handler(listener, accepted)
        await done
        assert log.index("other") == 64
        remove()
        for client in clients:
            client.close()

    asyncio.run(main())


def test_added_before_the_loop_runs(listener: socket.socket) -> None:
    done = asyncio.Event()

    def accepted(connection: socket.socket, address: object) -> None:
        connection.close()
        done.set()

    remove = add_accept_handler(listener, accepted)
    client = connect(listener)

    async def main() -> None:
        IOLoop.current()
        await done.wait()
        remove()

    asyncio.run(main())
    client.close()


def test_removed_before_the_loop_runs(listener: socket.socket) -> None:
    add_accept_handler(listener, lambda *pair: pytest.fail("removed"))()
    with connect(listener):
        IOLoop.current().run_sync(lambda: asyncio.sleep(0))
        IOLoop.current().asyncio_loop.close()


def test_remover_in_the_callback_ends_the_batch(listener: socket.socket) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        count = 0

        def accepted(connection: socket.socket, address: object) -> None:
            nonlocal count
            count += 1
            connection.close()
            remove()
            remove()
            loop.call_soon(done.set_result, None)

        clients = [connect(listener) for _ in range(3)]
        remove = add_accept_handler(listener, accepted)
        await done
        assert count == 1
        for client in clients:
            client.close()

    asyncio.run(main())


def test_remover_after_the_loop_is_closed(listener: socket.socket) -> None:
    removers: list[Callable[[], None]] = []

    async def main() -> None:
        removers.append(add_accept_handler(listener, lambda *pair: None))

    asyncio.run(main())
    removers[0]()


def test_callback_that_raises(listener: socket.socket, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        done = asyncio.get_running_loop().create_future()
        failed: list[socket.socket] = []

        def accepted(connection: socket.socket, address: object) -> None:
            if not failed:
                failed.append(connection)
                raise RuntimeError("oops")
            connection.close()
            done.set_result(None)

        remove = add_accept_handler(listener, accepted)
        with connect(listener) as first, connect(listener):
            await done
            assert failed[0].fileno() == -1
            assert first.recv(1) == b""
        remove()

    asyncio.run(main())
    (record,) = caplog.records
    assert "accept handler failed" in record.message
    assert "127.0.0.1" in record.message


class Failing:
    """A listening socket on which the system call fails first with what is in `errors`."""

    def __init__(self, sock: socket.socket, *errors: int) -> None:
        self._sock = sock
        self._errors = list(errors)
        self.family = sock.family
        self.type = sock.type
        self.proto = sock.proto

    def fileno(self) -> int:
        return self._sock.fileno()

    def _accept(self) -> tuple[int, object]:
        if self._errors:
            number = self._errors.pop(0)
            raise OSError(number, os.strerror(number))
        connection, address = self._sock.accept()
        return connection.detach(), address


@pytest.mark.parametrize("number", [errno.ECONNABORTED, errno.EPROTO, errno.EPERM])
def test_a_connection_that_went_away_is_nothing(number: int, listener: socket.socket) -> None:
    async def main() -> None:
        done = asyncio.get_running_loop().create_future()
        failing: socket.socket = Failing(listener, number)  # type: ignore[assignment]  # a fake
        remove = add_accept_handler(failing, lambda connection, _: done.set_result(connection))
        with connect(listener):
            (await done).close()
        remove()

    asyncio.run(main())


def test_a_broken_listening_socket_is_given_up(
    listener: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        failing: socket.socket = Failing(listener, errno.EINVAL)  # type: ignore[assignment]  # a fake
        add_accept_handler(failing, lambda *pair: pytest.fail("given up"))
        with connect(listener):
            await until(lambda: caplog.records)
            await asyncio.sleep(0)
            assert not loop.remove_reader(listener)

    asyncio.run(main())
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "accepting stopped" in caplog.text


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])
def test_exhaustion_pauses_and_logs_once(
    number: int,
    listener: socket.socket,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_accept, "_EXHAUSTED_PAUSE", 0.001)

    async def main() -> None:
        done = asyncio.get_running_loop().create_future()
        failing: socket.socket = Failing(listener, *[number] * 5)  # type: ignore[assignment]  # a fake
        remove = add_accept_handler(failing, lambda connection, _: done.set_result(connection))
        with connect(listener):
            (await done).close()
        remove()

    asyncio.run(main())
    (record,) = caplog.records
    assert "accepting pauses" in record.message


def test_real_exhaustion(listener: socket.socket, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        clients = [connect(listener) for _ in range(3)]
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        highest = max(map(int, os.listdir("/proc/self/fd")))
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest, hard))
        taken: list[int] = []
        try:
            while True:
                taken.append(os.dup(0))
        except OSError:
            pass
        accepted: list[socket.socket] = []

        def accept(connection: socket.socket, address: object) -> None:
            accepted.append(connection)
            if len(accepted) == 3:
                done.set_result(None)

        try:
            remove = add_accept_handler(listener, accept)
            await until(lambda: caplog.records)
            assert not accepted
        finally:
            for fd in taken:
                os.close(fd)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        await done
        remove()
        for sock in (*clients, *accepted):
            sock.close()

    asyncio.run(main())
    assert len(caplog.records) == 1


def test_remover_during_a_pause(listener: socket.socket, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        failing: socket.socket = Failing(listener, errno.EMFILE)  # type: ignore[assignment]  # a fake
        remove = add_accept_handler(failing, lambda *pair: pytest.fail("removed"))
        with connect(listener):
            await until(lambda: caplog.records)
            remove()

    asyncio.run(main())


def test_loop_that_cannot_watch_sockets(listener: socket.socket) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()

        def add_reader(*arguments: object) -> None:
            raise NotImplementedError

        loop.add_reader = add_reader  # type: ignore[method-assign,assignment]  # as a proactor
        with pytest.raises(NotImplementedError, match="cannot watch sockets"):
            add_accept_handler(listener, lambda *pair: None)

    asyncio.run(main())
