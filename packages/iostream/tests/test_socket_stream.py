"""What only a socket can do: connect, fail, be reset, have the kernel send a file."""

import asyncio
import contextlib
import errno
import gc
import os
import pathlib
import socket
import struct
import tempfile
from collections.abc import Callable
from collections.abc import Coroutine
from typing import Any

import pytest

from iostream import IOStream
from iostream import StreamClosedError
from iostream.testing import Recorder

Run = Callable[[Coroutine[Any, Any, None]], None]


def pair(**limits: int | None) -> tuple[IOStream, IOStream]:
    near, far = socket.socketpair()
    return IOStream(near, **limits), IOStream(far, **limits)


def reset(sock: socket.socket) -> None:
    """Close ``sock`` so that its peer gets a RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


async def tcp_pair() -> tuple[IOStream, socket.socket]:
    """A stream, and the bare socket it is connected to."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stream = IOStream(socket.socket())
        connecting = stream.connect(listener.getsockname())
        peer, _ = listener.accept()
        await connecting
    return stream, peer


def test_connect_and_what_is_started_before_it(run: Run) -> None:
    async def test() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            stream = IOStream(socket.socket())
            connecting = stream.connect(listener.getsockname())
            write = stream.write(b"early")
            read = stream.read_until(b"\n")
            assert not write.done()
            peer, _ = listener.accept()
            peer.sendall(b"late\n")
            assert await read == b"late\n"
            await write
            assert await connecting is stream
            assert peer.recv(100) == b"early"
            peer.close()
        stream.close()

    run(test())


def test_connect_refused(run: Run) -> None:
    async def test() -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            stream = IOStream(socket.socket())
            lost = asyncio.Event()
            stream.set_close_callback(lost.set)
            with pytest.raises(StreamClosedError) as caught:
                await stream.connect(unused.getsockname())
            assert isinstance(caught.value.real_error, ConnectionRefusedError)
            assert isinstance(stream.error, ConnectionRefusedError)
            await lost.wait()

    run(test())


def test_connect_fails_at_once(run: Run) -> None:
    async def test() -> None:
        stream = IOStream(socket.socket(socket.AF_UNIX))
        with pytest.raises(StreamClosedError) as caught:
            await stream.connect("/nowhere/at/all")
        assert isinstance(caught.value.real_error, FileNotFoundError)

    run(test())


def test_a_cancelled_connect_closes_the_stream(run: Run) -> None:
    async def test() -> None:
        # A listener whose backlog is full lets nobody in.
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            waiting = [socket.socket() for _ in range(3)]
            for sock in waiting:
                sock.setblocking(False)
                sock.connect_ex(listener.getsockname())
            stream = IOStream(socket.socket())
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(stream.connect(listener.getsockname()), 0.01)
            await asyncio.sleep(0)
            assert stream.closed()
            assert stream.socket.fileno() == -1
            for sock in waiting:
                sock.close()

    run(test())


def test_unix_socket(run: Run, tmp_path: pathlib.Path) -> None:
    async def test() -> None:
        path = str(tmp_path / "socket")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            near = IOStream(socket.socket(socket.AF_UNIX))
            await near.connect(path)
            far = IOStream(listener.accept()[0])
        near.set_nodelay(True)
        near.write(b"hello")
        assert await far.read_bytes(5) == b"hello"
        near.close()
        far.close()

    run(test())


def test_nodelay(run: Run) -> None:
    async def test() -> None:
        stream, peer = await tcp_pair()
        stream.set_nodelay(True)
        assert stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        stream.set_nodelay(False)
        assert not stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        stream.close()
        peer.close()

    run(test())


def test_a_reset_is_an_error(run: Run) -> None:
    async def test() -> None:
        stream, peer = await tcp_pair()
        recorder = Recorder()
        stream.set_receiver(recorder)
        reset(peer)
        await recorder.until_event("lost")
        assert recorder.events == ["lost"]
        assert isinstance(recorder.lost, ConnectionResetError)
        assert stream.error is recorder.lost

        stream, peer = await tcp_pair()
        read = stream.read_bytes(1)
        reset(peer)
        with pytest.raises(StreamClosedError) as caught:
            await read
        assert isinstance(caught.value.real_error, ConnectionResetError)

    run(test())


def test_a_reset_fails_the_writes(run: Run) -> None:
    async def test() -> None:
        stream, peer = await tcp_pair()
        write = stream.write(b"x" * (64 << 20))
        reset(peer)
        with pytest.raises(StreamClosedError) as caught:
            await write
        assert isinstance(caught.value.real_error, (ConnectionResetError, BrokenPipeError))
        with pytest.raises(StreamClosedError):
            stream.write(b"more")

    run(test())


def test_get_fd_error(run: Run) -> None:
    async def test() -> None:
        stream, peer = await tcp_pair()
        assert stream.get_fd_error() is None
        reset(peer)
        stream.close()

    run(test())


def test_a_file_that_shrinks_closes_the_stream(run: Run) -> None:
    async def test() -> None:
        near, far = pair()
        with tempfile.TemporaryFile() as file:
            file.write(b"x" * (32 << 20))
            file.flush()
            sending = near.sendfile(file)
            os.ftruncate(file.fileno(), 1000)
            read = far.read_until_close()
            with pytest.raises(StreamClosedError) as caught:
                await sending
            assert isinstance(caught.value.real_error, EOFError)
            await read
        far.close()

    run(test())


def test_a_file_that_is_closed_too_early_closes_the_stream(run: Run) -> None:
    async def test() -> None:
        near, far = pair()
        with tempfile.TemporaryFile() as file:
            file.write(b"x" * (32 << 20))
            file.flush()
            sending = near.sendfile(file)
        read = far.read_until_close()
        with pytest.raises(StreamClosedError) as caught:
            await sending
        assert isinstance(caught.value.real_error, ValueError)
        await read
        far.close()

    run(test())


def test_many_small_writes_are_linear(run: Run) -> None:
    async def test() -> None:
        near, far = pair()
        piece = bytes(1024)
        count = 64 * 1024
        for _ in range(count):
            last = near.write(piece)
        received = 0
        while received < count * len(piece):
            received += len(await far.read_bytes(1 << 20, partial=True))
        await last
        near.close()
        far.close()

    run(test())


def test_the_receive_size_follows_the_peer(run: Run) -> None:
    async def test() -> None:
        near, far = pair(read_chunk_size=100_000)
        sizes: list[int] = []

        class Sizes(Recorder):
            def data_received(self, data: bytes) -> None:
                sizes.append(len(data))
                super().data_received(data)

        recorder = Sizes()
        far.set_receiver(recorder)
        near.write(bytes(4 << 20))
        await recorder.until_data(4 << 20)
        assert sizes[0] == 8192
        assert max(sizes) <= 100_000
        assert max(sizes) > 50_000
        for number in range(10):
            near.write(b"x")
            await recorder.until_data((4 << 20) + number + 1)
        assert far._receive_size == 8192
        near.close()
        far.close()

    run(test())


class Pieces(Recorder):
    """Keeps what came piece by piece, and how many pieces had come at the end of each turn."""

    def __init__(self, then: Callable[[int], None] = lambda count: None) -> None:
        super().__init__()
        self.sizes: list[int] = []
        self.turns: list[int] = []
        self.then = then

    def data_received(self, data: bytes) -> None:
        if len(self.sizes) == (self.turns[-1] if self.turns else 0):
            asyncio.get_running_loop().call_soon(lambda: self.turns.append(len(self.sizes)))
        self.sizes.append(len(data))
        super().data_received(data)
        self.then(len(self.sizes))


def test_as_long_as_receives_are_full_there_are_eight_in_an_event(run: Run) -> None:
    async def test() -> None:
        near, far = pair(read_chunk_size=1000)
        await near.write(bytes(19_999))
        pieces = Pieces()
        far.set_receiver(pieces)
        await pieces.until_data(19_999)
        await asyncio.sleep(0)
        assert pieces.sizes == [1000] * 19 + [999]
        assert pieces.turns == [8, 16, 20]
        near.close()
        far.close()

    run(test())


def test_receives_grow_within_an_event(run: Run) -> None:
    async def test() -> None:
        near, far = pair()
        await near.write(bytes(40_000))
        pieces = Pieces()
        far.set_receiver(pieces)
        await pieces.until_data(40_000)
        await asyncio.sleep(0)
        assert pieces.sizes == [8192, 16384, 40_000 - 8192 - 16384]
        assert pieces.turns == [3]
        near.close()
        far.close()

    run(test())


def test_a_full_receive_that_was_the_last(run: Run) -> None:
    async def test() -> None:
        near, far = pair(read_chunk_size=1000)
        await near.write(bytes(2000))
        near.close()
        pieces = Pieces()
        far.set_receiver(pieces)
        await pieces.until_event("eof")
        assert pieces.sizes == [1000, 1000]
        far.close()

    run(test())


def test_pausing_ends_a_row_of_receives(run: Run) -> None:
    async def test() -> None:
        near, far = pair(read_chunk_size=1000)

        def pause(count: int) -> None:
            if count == 3:
                far.pause_reading()
                asyncio.get_running_loop().call_soon(far.resume_reading)

        await near.write(bytes(5000))
        pieces = Pieces(pause)
        far.set_receiver(pieces)
        await pieces.until_data(5000)
        await asyncio.sleep(0)
        assert pieces.sizes == [1000] * 5
        assert pieces.turns[0] == 3
        near.close()
        far.close()

    run(test())


def test_closing_ends_a_row_of_receives(run: Run) -> None:
    async def test() -> None:
        near, far = pair(read_chunk_size=1000)
        await near.write(bytes(5000))
        pieces = Pieces(lambda count: far.close() if count == 3 else None)
        far.set_receiver(pieces)
        await pieces.until_event("lost")
        assert pieces.sizes == [1000] * 3
        near.close()

    run(test())


def test_another_receiver_goes_on_with_a_row_of_receives(run: Run) -> None:
    async def test() -> None:
        near, far = pair(read_chunk_size=1000)
        second = Recorder()
        await near.write(bytes(5000))
        first = Pieces(lambda count: far.set_receiver(second) if count == 3 else None)
        far.set_receiver(first)
        await second.until_data(2000)
        assert first.sizes == [1000] * 3
        near.close()
        far.close()

    run(test())


def test_fairness(run: Run) -> None:
    """One peer that always has more to say does not keep the others from being heard."""

    async def test() -> None:
        flooded, flood = pair()
        quiet, voice = pair()
        busy = Recorder()
        flooded.set_receiver(busy)
        for _ in range(50):
            flood.write(bytes(1 << 20))
        voice.write(b"hello")
        assert await quiet.read_bytes(5) == b"hello"
        assert len(busy.data) < 50 << 20
        for stream in (flooded, flood, quiet, voice):
            stream.close()

    run(test())


def test_a_receiver_that_raises_is_logged_and_the_stream_closed(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    async def test() -> None:
        for method in ("data_received", "eof_received", "connection_lost"):
            near, far = pair()
            recorder = Recorder()

            def fail(_: object = None) -> None:
                raise ZeroDivisionError

            setattr(recorder, method, fail)
            far.set_receiver(recorder)
            closed = asyncio.Event()
            far.set_close_callback(closed.set)
            if method == "data_received":
                near.write(b"x")
            elif method == "eof_received":
                near.shutdown_write()
            else:
                far.close()
            await closed.wait()
            if method != "connection_lost":
                assert isinstance(recorder.lost, ZeroDivisionError)
            near.close()

    run(test())
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 3
    assert all(record.name.startswith("iostream") for record in caplog.records)


def test_a_receiver_that_is_cancelled_is_one_that_raises(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    async def test() -> None:
        near, far = pair()

        class Cancelled(Recorder):
            def data_received(self, data: bytes) -> None:
                raise asyncio.CancelledError

        recorder = Cancelled()
        far.set_receiver(recorder)
        near.write(b"x")
        await recorder.until_event("lost")
        assert isinstance(recorder.lost, asyncio.CancelledError)
        near.close()

    run(test())
    assert len(caplog.records) == 1


def test_no_descriptor_leaks(run: Run) -> None:
    async def test() -> None:
        before = len(os.listdir("/proc/self/fd"))
        for number in range(2000):
            near, far = pair()
            if number % 2:
                far.set_receiver(Recorder())
                near.write(b"x")
            else:
                read = far.read_bytes(1)
                near.write(b"x")
                await read
            near.close()
            far.close()
        await asyncio.sleep(0)
        assert len(os.listdir("/proc/self/fd")) == before

    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("there is no /proc")
    run(test())


@pytest.mark.slow
def test_no_descriptor_leaks_over_a_hundred_thousand_connections(run: Run) -> None:
    async def test() -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
            before = os.dup(listener.fileno())
            os.close(before)
            gc.disable()
            try:
                for _ in range(100_000):
                    near = IOStream(socket.socket())
                    connecting = near.connect(listener.getsockname())
                    far = IOStream(listener.accept()[0])
                    await connecting
                    near.write(b"x")
                    assert await far.read_bytes(1) == b"x"
                    reset(near.socket.dup())
                    near.close()
                    far.close()
            finally:
                gc.enable()
            await asyncio.sleep(0)
            after = os.dup(listener.fileno())
            os.close(after)
            assert after == before

    run(test())


def test_an_error_that_is_not_of_the_kernel_keeps_its_errno(run: Run) -> None:
    async def test() -> None:
        stream = IOStream(socket.socket())
        stream.write(b"x")  # it is not connected
        assert isinstance(stream.error, OSError)
        assert stream.error.errno in (errno.ENOTCONN, errno.EPIPE)

    run(test())


def unwatched(sock: socket.socket) -> IOStream:
    """A stream of which the loop does not hear before ``receive_now``."""
    stream = IOStream(sock)
    stream.watch_later = True
    return stream


class Answering:
    """A receiver that answers and closes."""

    def __init__(self, stream: IOStream) -> None:
        self.stream = stream
        self.lost = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        # Nothing to be taken back: it was not given.
        assert not asyncio.get_running_loop().remove_reader(self.stream.fileno())
        self.stream.write(b"answer to " + data)
        self.stream.shutdown_write()
        self.stream.close()
        assert not self.lost.is_set()

    def eof_received(self) -> None:
        pytest.fail("it is closed")

    def connection_lost(self, exc: BaseException | None) -> None:
        assert exc is None
        self.lost.set()


def test_receive_now_before_the_loop_hears_of_the_stream(run: Run) -> None:
    async def test() -> None:
        ours, peer = socket.socketpair()
        with peer:
            stream = unwatched(ours)
            answering = Answering(stream)
            peer.send(b"request")
            stream.set_receiver(answering)
            assert not stream.closed()
            stream.receive_now()
            assert answering.lost.is_set()
            assert peer.recv(100) == b"answer to request"
            assert peer.recv(100) == b""

    run(test())


@pytest.mark.parametrize("why", ["corked", "close callback"])
def test_receive_now_leaves_the_end_to_the_loop(run: Run, why: str) -> None:
    """For somebody's code may be running, or be about to be called, that is not a receiver's."""

    async def test() -> None:
        ours, peer = socket.socketpair()
        with peer:
            stream = unwatched(ours)
            answering = Answering(stream)
            peer.send(b"request")
            stream.set_receiver(answering)
            called = asyncio.Event()
            if why == "corked":
                stream.cork()
                called.set()
            else:
                stream.set_close_callback(called.set)
            stream.receive_now()
            assert stream.closed()
            assert not answering.lost.is_set()
            await answering.lost.wait()
            await called.wait()
            assert peer.recv(100) == b"answer to request"

    run(test())


def test_receive_now_and_a_receiver_that_fails(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Recorder):
        def data_received(self, data: bytes) -> None:
            raise KeyError("a bug")

    async def test() -> None:
        ours, peer = socket.socketpair()
        with peer:
            stream = unwatched(ours)
            recorder = Failing()
            peer.send(b"request")
            stream.set_receiver(recorder)
            stream.receive_now()
            assert recorder.events == ["lost"]
            assert isinstance(recorder.lost, KeyError)

    run(test())
    (record,) = caplog.records
    assert "closing" in record.message


def test_receive_now_has_the_loop_watch_for_the_rest(run: Run) -> None:
    async def test() -> None:
        ours, peer = socket.socketpair()
        with peer, contextlib.closing(unwatched(ours)) as stream:
            recorder = Recorder()
            stream.set_receiver(recorder)
            stream.receive_now()
            peer.send(b"one")
            await recorder.until_data(3)
            peer.send(b"two")
            stream.receive_now()
            assert recorder.data == b"onetwo"

    run(test())


def test_receive_now_when_nobody_wants_anything_yet(run: Run) -> None:
    async def test() -> None:
        ours, peer = socket.socketpair()
        with peer, contextlib.closing(unwatched(ours)) as stream:
            peer.send(b"line\nrest")
            stream.receive_now()
            assert await stream.read_until(b"\n") == b"line\n"
            assert await stream.read_bytes(4) == b"rest"

    run(test())


def test_receive_now_for_a_read_that_is_pending(run: Run) -> None:
    async def test() -> None:
        ours, peer = socket.socketpair()
        with peer, contextlib.closing(unwatched(ours)) as stream:
            peer.send(b"line\nrest")
            reading = stream.read_until(b"\n")
            stream.receive_now()
            assert await reading == b"line\n"
            buffer = bytearray(8)
            filling = stream.read_into(buffer)
            peer.send(b"more")
            assert await filling == 8
            assert buffer == b"restmore"

    run(test())


def test_receive_now_while_reading_is_paused(run: Run) -> None:
    async def test() -> None:
        ours, peer = socket.socketpair()
        with peer, contextlib.closing(unwatched(ours)) as stream:
            recorder = Recorder()
            stream.set_receiver(recorder)
            stream.pause_reading()
            peer.send(b"later")
            stream.receive_now()
            assert not recorder.data
            stream.resume_reading()
            await recorder.until_data(5)

    run(test())


def test_receive_now_on_a_stream_that_is_closed(run: Run) -> None:
    async def test() -> None:
        ours, peer = socket.socketpair()
        with peer:
            stream = unwatched(ours)
            recorder = Recorder()
            stream.set_receiver(recorder)
            stream.close()
            stream.receive_now()
            await recorder.until_event("lost")
            assert recorder.events == ["lost"]

    run(test())


def test_a_first_read_takes_what_is_there(run: Run) -> None:
    async def test() -> None:
        ours, peer = socket.socketpair()
        with peer, contextlib.closing(IOStream(ours)) as stream:
            loop = asyncio.get_running_loop()
            peer.send(b"line\nrest")
            reading = stream.read_until(b"\n")
            assert reading.done()
            assert reading.result() == b"line\n"
            assert not loop.remove_reader(stream.fileno())
            # What is not there yet is waited for.
            waiting = stream.read_bytes(8)
            assert not waiting.done()
            peer.send(b"more")
            assert await waiting == b"restmore"

    run(test())


def test_a_first_read_into_a_buffer(run: Run) -> None:
    async def test() -> None:
        ours, peer = socket.socketpair()
        with peer, contextlib.closing(IOStream(ours)) as stream:
            buffer = bytearray(4)
            peer.send(b"full")
            assert stream.read_into(buffer).result() == 4
            assert buffer == b"full"

    run(test())


def test_a_first_read_at_the_end(run: Run) -> None:
    async def test() -> None:
        ours, peer = socket.socketpair()
        stream = IOStream(ours)
        peer.send(b"all")
        peer.close()
        assert await stream.read_until_close() == b"all"
        assert stream.closed()
        assert stream.error is None

    run(test())


def test_a_first_read_from_a_peer_that_is_gone(run: Run) -> None:
    async def test() -> None:
        stream, peer = await tcp_pair()
        reset(peer)
        reading = stream.read_until(b"\n")
        with pytest.raises(StreamClosedError) as caught:
            await reading
        assert isinstance(caught.value.real_error, ConnectionResetError)

    run(test())


class Flagged(socket.socket):
    """Writes down with which flags is sent."""

    flags: list[int]

    def send(self, data: Any, flags: int = 0) -> int:
        self.flags.append(flags)
        return super().send(data, flags)


@pytest.mark.skipif(not hasattr(socket, "MSG_MORE"), reason="Linux only")
def test_the_last_bytes_leave_together_with_the_end(run: Run) -> None:
    async def test() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            ours = Flagged()
            ours.flags = []
            stream = IOStream(ours)
            connecting = stream.connect(listener.getsockname())
            peer, _ = listener.accept()
            await connecting
        with peer:
            stream.write(b"first ")
            stream.cork()
            stream.write(b"last")
            stream.shutdown_write()
            stream.uncork()
            assert ours.flags == [0, socket.MSG_MORE]
            received = b""
            while data := peer.recv(100):
                received += data
            assert received == b"first last"
            peer.send(b"go on")
            assert await stream.read_bytes(5) == b"go on"
        stream.close()

    run(test())
