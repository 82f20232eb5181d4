"""Every stream of ours keeps the contract, on every loop."""

import asyncio
import os
import socket
from collections.abc import Callable
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
    def _on_loop(self, new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        self._new_loop = new_loop

    def run(self, test: Coroutine[object, object, None]) -> None:
        with asyncio.Runner(loop_factory=self._new_loop) as runner:
            runner.run(test)


class TestMemory(OnEveryLoop):
    async def make_pair(self, **limits: int | None) -> Pair:
        return memory_pair(
            max_buffer_size=limits.get("max_buffer_size"),
            max_write_buffer_size=limits.get("max_write_buffer_size"),
        )


class TestMemoryInSmallPieces(OnEveryLoop):
    async def make_pair(self, **limits: int | None) -> Pair:
        return memory_pair(
            piece_size=4099,
            capacity=10_000,
            max_buffer_size=limits.get("max_buffer_size"),
            max_write_buffer_size=limits.get("max_write_buffer_size"),
        )


class TestSocketPair(OnEveryLoop):
    async def make_pair(self, **limits: int | None) -> Pair:
        near, far = socket.socketpair()
        return IOStream(near, **limits), IOStream(far, **limits)


class TestTCP(OnEveryLoop):
    async def make_pair(self, **limits: int | None) -> Pair:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            near = IOStream(socket.socket(), **limits)
            connecting = near.connect(listener.getsockname())
            far, _ = listener.accept()
            assert await connecting is near
        return near, IOStream(far, **limits)


class TestTLS(OnEveryLoop):
    @pytest.fixture(autouse=True)
    def _with_certificate(self, certificate: tuple[str, str]) -> None:
        self._certfile, self._keyfile = certificate

    async def make_pair(self, **limits: int | None) -> Pair:
        near, far = socket.socketpair()
        sizes = limits.get("max_buffer_size"), None, limits.get("max_write_buffer_size")
        options = {"certfile": self._certfile, "keyfile": self._keyfile}
        server = SSLIOStream(far, *sizes, ssl_options=options, server_side=True)
        options = {"ca_certs": self._certfile}
        client = SSLIOStream(near, *sizes, ssl_options=options, server_hostname="localhost")
        await asyncio.gather(client.wait_for_handshake(), server.wait_for_handshake())
        return client, server


class TestPipe(OnEveryLoop):
    one_way = True

    async def make_pair(self, **limits: int | None) -> Pair:
        reading, writing = os.pipe()
        return PipeIOStream(writing, **limits), PipeIOStream(reading, **limits)


class HookedStream(BaseIOStream):
    """A stream of one's own, with nothing but the documented hooks."""

    def __init__(self, sock: socket.socket, **limits: int | None) -> None:
        super().__init__(**limits)
        sock.setblocking(False)
        self.sock = sock

    def fileno(self) -> int:
        return self.sock.fileno()

    def close_fd(self) -> None:
        self.sock.close()

    def shutdown_fd(self) -> None:
        self.sock.shutdown(socket.SHUT_WR)

    def write_to_fd(self, data: memoryview) -> int:
        return self.sock.send(data)

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        try:
            return self.sock.recv_into(buf)
        except BlockingIOError:
            return None


class TestHooks(OnEveryLoop):
    async def make_pair(self, **limits: int | None) -> Pair:
        near, far = socket.socketpair()
        return HookedStream(near, **limits), HookedStream(far, **limits)
