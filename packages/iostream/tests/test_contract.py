"""Every stream of ours keeps the contract, on every loop."""

import asyncio
import os
import socket
from collections.abc import Coroutine

import pytest

from iostream import BaseIOStream
from iostream import IOStream
from iostream import PipeIOStream
from iostream import SSLIOStream
from iostream.testing import StreamContract
from iostream.testing import memory_pair

Pair = tuple[BaseIOStream, BaseIOStream]


class OnEveryLoop(StreamContract):
    @pytest.fixture(autouse=True)
    def _on_loop(self, new_loop) -> None:
        self._new_loop = new_loop

    def run(self, test: Coroutine[object, object, None]) -> None:
        with asyncio.Runner(loop_factory=self._new_loop) as runner:
            runner.run(test)


class TestMemory(OnEveryLoop):
    async def make_pair(self, max_buffer_size=None, max_write_buffer_size=None) -> Pair:
        return memory_pair(
            max_buffer_size=max_buffer_size, max_write_buffer_size=max_write_buffer_size
        )


class TestSocketPair(OnEveryLoop):
    async def make_pair(self, max_buffer_size=None, max_write_buffer_size=None) -> Pair:
        near, far = socket.socketpair()
        return (
            IOStream(near, max_buffer_size, max_write_buffer_size=max_write_buffer_size),
            IOStream(far, max_buffer_size, max_write_buffer_size=max_write_buffer_size),
        )


class TestTCP(OnEveryLoop):
    async def make_pair(self, max_buffer_size=None, max_write_buffer_size=None) -> Pair:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            near = IOStream(
                socket.socket(), max_buffer_size, max_write_buffer_size=max_write_buffer_size
            )
            connecting = near.connect(listener.getsockname())
            far, _ = listener.accept()
            assert await connecting is near
        return near, IOStream(
            far, max_buffer_size, max_write_buffer_size=max_write_buffer_size
        )


class TestTLS(OnEveryLoop):
    @pytest.fixture(autouse=True)
    def _certificate(self, tls) -> None:
        self._tls = tls

    async def make_pair(self, max_buffer_size=None, max_write_buffer_size=None) -> Pair:
        near, far = socket.socketpair()
        sizes = {
            "max_buffer_size": max_buffer_size,
            "max_write_buffer_size": max_write_buffer_size,
        }
        client = SSLIOStream(
            near, ssl_options=self._tls.client, server_hostname="localhost", **sizes
        )
        server = SSLIOStream(far, ssl_options=self._tls.server, server_side=True, **sizes)
        await asyncio.gather(client.wait_for_handshake(), server.wait_for_handshake())
        return client, server


class TestPipe(OnEveryLoop):
    one_way = True

    async def make_pair(self, max_buffer_size=None, max_write_buffer_size=None) -> Pair:
        reading, writing = os.pipe()
        return (
            PipeIOStream(writing, max_buffer_size, max_write_buffer_size=max_write_buffer_size),
            PipeIOStream(reading, max_buffer_size, max_write_buffer_size=max_write_buffer_size),
        )


class HookedStream(BaseIOStream):
    """A stream of one's own, with nothing but the documented hooks."""

    def __init__(self, sock: socket.socket, **kwargs) -> None:
        super().__init__(**kwargs)
        sock.setblocking(False)
        self.sock = sock

    def fileno(self) -> int:
        return self.sock.fileno()

    def close_fd(self) -> None:
        self.sock.close()

    def write_to_fd(self, data: memoryview) -> int:
        return self.sock.send(data)

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        try:
            return self.sock.recv_into(buf)
        except BlockingIOError:
            return None

    def _end_output(self) -> None:
        self.sock.shutdown(socket.SHUT_WR)


class TestHooks(OnEveryLoop):
    async def make_pair(self, max_buffer_size=None, max_write_buffer_size=None) -> Pair:
        near, far = socket.socketpair()
        sizes = {
            "max_buffer_size": max_buffer_size,
            "max_write_buffer_size": max_write_buffer_size,
        }
        return HookedStream(near, **sizes), HookedStream(far, **sizes)
