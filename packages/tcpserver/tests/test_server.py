import asyncio
import errno
import math
import os
import signal
import socket
import threading
from collections.abc import Awaitable
from typing import Any

import pytest

from iostream import IOStream
from iostream import StreamClosedError
from netsock import IOLoop
from netsock import SocketOptions
from netsock import bind_sockets
from netsock import bind_unix_socket
from tcpserver import Counters
from tcpserver import Drained
from tcpserver import TCPServer

from .talk import HOST
from .talk import Client
from .talk import Echo
from .talk import Recorder
from .talk import connect
from .talk import until

pytestmark = pytest.mark.usefixtures("each_loop")


def test_async_handler() -> None:
    async def main() -> None:
        async with Echo() as server:
            server.listen(0, HOST)
            client = await connect(server)
            assert await client.say(b"hello\n") == b"hello\n"
            assert server.connections == 1
            await client.close()
        assert server.connections == 0
        assert server.counters.accepted == 1
        assert server.counters.bytes_received == server.counters.bytes_sent == 6
        assert server.counters.handler_errors == 0

    asyncio.run(main())


def test_plain_handler_and_address() -> None:
    async def main() -> None:
        async with Recorder() as server:
            server.listen(0, HOST)
            client = await connect(server)
            stream, address = await server.got.get()
            assert address == client.writer.get_extra_info("sockname")
            assert type(stream).__mro__[1] is IOStream
            stream.write(b"good-bye\n")
            stream.close()
            assert await client.reader.read() == b"good-bye\n"
            await client.close()

    asyncio.run(main())


def test_not_overridden(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with TCPServer() as server:
            server.listen(0, HOST)
            client = await connect(server)
            assert await client.reader.read() == b""
            await client.close()

    asyncio.run(main())
    assert "override TCPServer.handle_stream" in caplog.text


class Failing(TCPServer):
    """Fails with the first, echoes with the others."""

    error: Exception = RuntimeError("oops")
    later = False

    def handle_stream(self, stream: IOStream, address: object) -> Awaitable[None] | None:
        if self.counters.accepted == 1:
            if not self.later:
                raise self.error
            return self.fail()
        return Echo.handle_stream(self, stream, address)  # type: ignore[arg-type]  # no Echo, but as good

    async def fail(self) -> None:
        raise self.error


@pytest.mark.parametrize("later", [False, True])
def test_what_a_handler_raises_is_logged_and_closes_its_stream_only(
    later: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with Failing() as server:
            server.later = later
            server.listen(0, HOST)
            first = await connect(server)
            second = await connect(server)
            assert await first.reader.read() == b""
            assert await second.say(b"x\n") == b"x\n"
            assert server.counters.handler_errors == 1
            host, port = first.writer.get_extra_info("sockname")
            assert [record.getMessage() for record in caplog.records] == [
                f"handle_stream failed for {host}:{port}"
            ]
            assert caplog.records[0].exc_info
            await first.close()
            await second.close()

    asyncio.run(main())


def test_a_plain_handler_may_return_any_awaitable() -> None:
    class Hello(TCPServer):
        def handle_stream(self, stream: IOStream, address: object) -> Awaitable[None]:
            # The same future for all: those who wrote at once share one.
            return stream.write(b"hello\n")

    async def main() -> None:
        async with Hello(drain_timeout=0) as server:
            server.listen(0, HOST)
            clients = [await connect(server) for _ in range(3)]
            for client in clients:
                assert await client.reader.readline() == b"hello\n"
                await client.close()
            assert server.counters.handler_errors == 0

    asyncio.run(main())


def test_good_bye_is_no_error() -> None:
    """Echo reads until StreamClosedError; `_no_unexpected_log` sees that nothing is logged."""

    async def main() -> None:
        async with Echo() as server:
            server.listen(0, HOST)
            for _ in range(3):
                client = await connect(server)
                assert await client.say(b"x\n") == b"x\n"
                await client.close()
        assert server.counters.handler_errors == 0

    asyncio.run(main())


def test_closed_error_of_another_stream_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with Failing() as server:
            server.error = StreamClosedError()
            server.listen(0, HOST)
            client = await connect(server)
            assert await client.reader.read() == b""
            await client.close()

    asyncio.run(main())
    assert "handle_stream failed" in caplog.text


def test_close_callback_is_the_users() -> None:
    async def main() -> None:
        async with Recorder() as server:
            server.listen(0, HOST)
            client = await connect(server)
            stream, _ = await server.got.get()
            closed = asyncio.Event()
            stream.set_close_callback(closed.set)
            await client.close()
            await closed.wait()
            assert server.connections == 0

    asyncio.run(main())


# Listening


def test_several_ports_and_servers_in_one_process() -> None:
    async def main() -> None:
        async with Echo() as one, Echo() as other:
            one.listen(0, HOST)
            one.listen(0, HOST)
            other.listen(0, HOST)
            for server, index in ((one, 0), (one, 1), (other, 0)):
                client = await connect(server, index)
                assert await client.say(b"x\n") == b"x\n"
                await client.close()
            assert one.counters.accepted == 2
            assert other.counters.accepted == 1

    asyncio.run(main())


def test_every_argument_of_listen_and_bind() -> None:
    server = Echo()
    server.listen(0, HOST, socket.AF_INET, 7, socket.AI_NUMERICHOST, True)
    server.bind(0, HOST, socket.AF_INET, 7, socket.AI_NUMERICHOST, True)
    server.bind(0, HOST)
    server.start()
    assert len(server.sockets) == 3
    assert server.sockets[0].getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT)
    server.stop()


def test_port_in_use() -> None:
    server = Echo()
    server.listen(0, HOST)
    with pytest.raises(OSError, match="Address already in use") as caught:
        server.listen(server.sockets[0].getsockname()[1], HOST)
    assert caught.value.errno == errno.EADDRINUSE
    server.stop()


def test_added_before_and_after_the_loop_runs() -> None:
    server = Echo()
    server.add_sockets(bind_sockets(0, HOST))

    async def main() -> None:
        serving = asyncio.ensure_future(server.serve_forever())
        server.add_socket(bind_sockets(0, HOST)[0])
        for index in (0, 1):
            client = await connect(server, index)
            assert await client.say(b"x\n") == b"x\n"
            await client.close()
        server.stop()
        await serving

    asyncio.run(main())


def test_served_by_ioloop() -> None:
    server = Echo()
    server.bind(0, HOST)
    server.start()

    async def talk() -> bytes:
        client = await connect(server)
        answer = await client.say(b"x\n")
        await client.close()
        await server.drain()
        return answer

    io_loop = IOLoop.current()
    assert io_loop.run_sync(talk) == b"x\n"
    io_loop.asyncio_loop.close()


def test_unix_socket(tmp_path: os.PathLike[str]) -> None:
    path = os.path.join(tmp_path, "socket")

    async def main() -> None:
        async with Recorder() as server:
            server.add_socket(bind_unix_socket(path))
            client = Client(*await asyncio.open_unix_connection(path))
            stream, address = await server.got.get()
            assert address == ""
            stream.close()
            assert await client.reader.read() == b""
            await client.close()

    asyncio.run(main())


def test_no_delay_is_inherited_and_other_options_can_be_given() -> None:
    async def main() -> None:
        options = SocketOptions(keepalive=True)
        async with Recorder() as plain, Recorder(socket_options=options) as kept:
            for server, nodelay, keepalive in ((plain, 1, 0), (kept, 0, 1)):
                server.listen(0, HOST)
                client = await connect(server)
                stream, _ = await server.got.get()
                got = stream.socket
                assert got.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == nodelay
                assert got.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == keepalive
                stream.close()
                await client.close()

    asyncio.run(main())


def test_buffer_limits_reach_the_stream() -> None:
    async def main() -> None:
        async with Recorder(max_buffer_size=1000, read_chunk_size=500) as server:
            server.listen(0, HOST)
            client = await connect(server)
            stream, _ = await server.got.get()
            assert stream.max_buffer_size == 1000
            assert stream.read_chunk_size == 500
            stream.close()
            await client.close()

    asyncio.run(main())


# Stopping


def test_stop_twice_and_listen_again() -> None:
    async def main() -> None:
        server = Echo()
        server.stop()
        server.listen(0, HOST)
        client = await connect(server)
        assert await client.say(b"x\n") == b"x\n"
        port = server.sockets[0].getsockname()[1]
        server.stop()
        server.stop()
        assert server.sockets == ()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(HOST, port)
        assert await client.say(b"y\n") == b"y\n"  # those that are open go on
        server.listen(port, HOST)
        again = await connect(server)
        assert await again.say(b"x\n") == b"x\n"
        await client.close()
        await again.close()
        assert (await server.drain()).cut == 0

    asyncio.run(main())


def test_stop_before_start() -> None:
    server = Echo()
    server.bind(0, HOST)
    server.stop()
    server.start()
    assert server.sockets == ()


def test_drain_waits_and_cuts() -> None:
    async def main() -> None:
        server = Recorder()
        server.listen(0, HOST)
        clients = [await connect(server) for _ in range(3)]
        streams = [(await server.got.get())[0] for _ in range(3)]
        draining = asyncio.ensure_future(server.drain(timeout=0.05))
        await asyncio.sleep(0)
        assert server.sockets == ()
        streams[0].close()
        assert await draining == Drained(finished=1, cut=2)
        assert all(stream.closed() for stream in streams)
        assert server.connections == 0
        for client in clients:
            assert await client.reader.read() == b""
            await client.close()

    asyncio.run(main())


def test_two_drains_at_a_time() -> None:
    async def main() -> None:
        server = Recorder()
        server.listen(0, HOST)
        client = await connect(server)
        stream, _ = await server.got.get()
        patient = asyncio.ensure_future(server.drain(3600))
        await asyncio.sleep(0)
        assert await server.drain(0) == Drained(finished=0, cut=1)
        assert stream.closed()
        assert await patient == Drained(finished=1, cut=0)
        await client.close()

    asyncio.run(main())


def test_drain_cancels_handlers_that_wait_for_something_else() -> None:
    async def main() -> None:
        cancelled = asyncio.Event()

        class Waiting(TCPServer):
            async def handle_stream(self, stream: IOStream, address: object) -> None:
                try:
                    await asyncio.Event().wait()
                finally:
                    cancelled.set()

        server = Waiting()
        server.listen(0, HOST)
        client = await connect(server)
        client.writer.write(b"x")
        await until(lambda: server.connections)
        await server.drain(0)
        assert cancelled.is_set()
        await client.close()

    asyncio.run(main())


def test_drain_tells_the_subclass() -> None:
    async def main() -> None:
        class Polite(Recorder):
            def _drain_begins(self) -> None:
                while not self.got.empty():
                    stream, _ = self.got.get_nowait()
                    stream.write(b"good-bye\n")
                    stream.close()

        server = Polite(drain_timeout=60)
        server.listen(0, HOST)
        client = await connect(server)
        server.got.put_nowait(await server.got.get())
        assert await server.drain() == Drained(finished=1, cut=0)
        assert await client.reader.read() == b"good-bye\n"
        await client.close()

    asyncio.run(main())


async def fail_inside(server: TCPServer) -> None:
    async with server:
        raise RuntimeError("oops")


def test_leaving_the_block_by_an_error_does_not_wait() -> None:
    async def main() -> None:
        server = Recorder(drain_timeout=3600)
        server.listen(0, HOST)
        client = await connect(server)
        await server.got.get()
        with pytest.raises(RuntimeError, match="oops"):
            await fail_inside(server)
        assert await client.reader.read() == b""
        await client.close()

    asyncio.run(main())


def test_cancelling_serve_forever_closes_everything() -> None:
    async def main() -> None:
        server = Recorder()
        server.listen(0, HOST)
        serving = asyncio.ensure_future(server.serve_forever())
        client = await connect(server)
        await server.got.get()
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
        assert await client.reader.read() == b""
        assert server.sockets == ()
        await client.close()

    asyncio.run(main())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_serve_forever(number: signal.Signals) -> None:
    async def main() -> None:
        one, other = Echo(), Echo()
        one.listen(0, HOST)
        other.listen(0, HOST)
        serving = asyncio.gather(one.serve_forever(), other.serve_forever())
        client = await connect(one)
        assert await client.say(b"x\n") == b"x\n"
        os.kill(os.getpid(), number)
        await until(lambda: not one.sockets and not other.sockets)
        assert await client.say(b"y\n") == b"y\n"  # is spared
        await client.close()
        await serving

    asyncio.run(main())


def test_the_second_interrupt_does_not_wait() -> None:
    async def main() -> None:
        server = Recorder(drain_timeout=3600)
        server.listen(0, HOST)
        serving = asyncio.ensure_future(server.serve_forever())
        client = await connect(server)
        await server.got.get()
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            await until(lambda: not server.sockets)
            await asyncio.sleep(0)
        await serving
        assert await client.reader.read() == b""
        await client.close()

    asyncio.run(main())


def test_in_another_thread() -> None:
    async def main() -> None:
        async with Echo() as server:
            server.listen(0, HOST)
            client = await connect(server)
            assert await client.say(b"x\n") == b"x\n"
            await client.close()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    thread.join()


# Limits


def test_max_connections_pauses_accepting() -> None:
    async def main() -> None:
        async with Recorder(max_connections=2) as server:
            server.listen(0, HOST)
            clients = [await connect(server) for _ in range(5)]
            streams = [(await server.got.get())[0] for _ in range(2)]
            for _ in range(10):
                await asyncio.sleep(0)
            assert server.connections == 2
            assert server.counters.accepted == 2
            for _ in range(3):
                streams.pop(0).close()
                streams.append((await server.got.get())[0])
                assert server.connections == 2
            for stream in streams:
                stream.close()
            for client in clients:
                assert await client.reader.read() == b""
                await client.close()

    asyncio.run(main())


def test_listening_while_full() -> None:
    async def main() -> None:
        async with Recorder(max_connections=1) as server:
            server.listen(0, HOST)
            first = await connect(server)
            stream, _ = await server.got.get()
            server.listen(0, HOST)
            second = await connect(server, 1)
            for _ in range(10):
                await asyncio.sleep(0)
            assert server.counters.accepted == 1
            stream.close()
            (await server.got.get())[0].close()
            await first.close()
            await second.close()

    asyncio.run(main())


def test_stop_while_full() -> None:
    async def main() -> None:
        server = Recorder(max_connections=1)
        server.listen(0, HOST)
        client = await connect(server)
        stream, _ = await server.got.get()
        server.stop()
        stream.close()
        assert server.connections == 0
        await client.close()

    asyncio.run(main())


class Answering(TCPServer):
    """Answers what comes first, and closes; notes whether the loop had to watch for it."""

    def __init__(self, max_connections: int | None) -> None:
        super().__init__(max_connections=max_connections)
        self.watched: list[bool] = []

    def handle_stream(self, stream: IOStream, address: object) -> None:
        stream.set_receiver(Answer(self, stream))


class Answer:
    """The receiver of one stream."""

    def __init__(self, server: Answering, stream: IOStream) -> None:
        self.server = server
        self.stream = stream

    def data_received(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        # uvloop does not tell.
        self.server.watched.append(bool(loop.remove_reader(self.stream.fileno())))
        self.stream.write(data)
        self.stream.close()

    def eof_received(self) -> None:
        self.stream.close()

    def connection_lost(self, exc: BaseException | None) -> None:
        assert exc is None


@pytest.mark.parametrize("max_connections", [None, 1, 2])
def test_who_has_spoken_is_answered_with_the_accept(max_connections: int | None) -> None:
    """And the connection is closed there: with a limit accepting pauses, and goes on at once."""

    async def main() -> None:
        async with Answering(max_connections) as server:
            server.listen(0, HOST)
            clients = [socket.create_connection(server.sockets[0].getsockname()) for _ in range(5)]
            for client in clients:
                client.send(b"hello")
            await until(lambda: server.counters.accepted == 5)
            assert server.watched == [False] * 5
            assert server.connections == 0
            for client in clients:
                with client:
                    assert client.recv(100) == b"hello"
                    assert client.recv(100) == b""

    asyncio.run(main())


def test_who_has_not_spoken_is_waited_for() -> None:
    async def main() -> None:
        async with Answering(None) as server:
            server.listen(0, HOST)
            client = await connect(server)
            await until(lambda: server.connections)
            assert await client.say(b"hello\n") == b"hello\n"
            await client.close()

    asyncio.run(main())


def test_counters_can_be_printed() -> None:
    assert repr(TCPServer().counters).startswith("<Counters accepted=0 bytes_received=0")


def test_a_subclass_can_count_more() -> None:
    class Bells(Counters):
        __slots__ = ("rung",)

        def __init__(self) -> None:
            super().__init__()
            self.rung = 3

    class Tower(TCPServer):
        counters_class = Bells

    counters = Tower().counters
    assert isinstance(counters, Bells)
    assert repr(counters).startswith("<Bells accepted=0 ")
    assert repr(counters).endswith(" tls_failures=0 rung=3>")


@pytest.mark.parametrize(
    "arguments",
    [
        {"max_buffer_size": 0},
        {"read_chunk_size": -1},
        {"max_connections": 0},
        {"ssl_handshake_timeout": 0},
        {"proxy_timeout": -1},
        {"drain_timeout": -1},
        {"drain_timeout": math.nan},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_in_words(arguments: dict[str, Any]) -> None:
    (name,) = arguments
    with pytest.raises(ValueError, match=name):
        TCPServer(**arguments)


def test_what_still_makes_sense() -> None:
    TCPServer(
        max_buffer_size=1,
        read_chunk_size=1,
        max_connections=1,
        ssl_handshake_timeout=math.inf,
        proxy_timeout=0.001,
        drain_timeout=0,
    )
