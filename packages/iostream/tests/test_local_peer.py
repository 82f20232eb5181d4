"""A peer on this machine gets a short send buffer, before the first write that may fill it."""

import asyncio
import socket
import sys
from collections.abc import Callable
from collections.abc import Coroutine
from typing import Any

import pytest

from iostream import IOStream
from iostream import StreamClosedError

Run = Callable[[Coroutine[Any, Any, None]], None]

SO_BUF_LOCK = 72

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="other kernels do not tell whether a size was set by hand"
)


def connected(address: str = "127.0.0.1", source: str = "") -> tuple[IOStream, socket.socket]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as listener:
        near = socket.create_connection(
            listener.getsockname()[:2], source_address=(source, 0) if source else None
        )
        far, _ = listener.accept()
    return IOStream(near), far


def send_buffer(stream: IOStream) -> int:
    return stream.socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)


def is_adapted(stream: IOStream) -> bool:
    """Whether the kernel still chooses the size."""
    return not stream.socket.getsockopt(socket.SOL_SOCKET, SO_BUF_LOCK) & 1


def what_comes_of(size: int) -> int:
    """What the kernel makes of that size, when it is set."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
        return sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize(
    "data",
    [bytes(65_537), [b"head", bytes(65_537)], memoryview(bytes(65_537))],
    ids=["bytes", "pieces", "view"],
)
def test_it_is_short_from_the_first_large_write_on(
    run: Run, address: str, data: bytes | list[bytes] | memoryview
) -> None:
    async def test() -> None:
        stream, peer = connected(address)
        stream.write(data)
        assert send_buffer(stream) == what_comes_of(262_144)
        stream.close()
        peer.close()

    run(test())


def test_it_is_short_from_the_first_wait_on(run: Run) -> None:
    async def test() -> None:
        stream, peer = connected()
        while stream.write(bytes(16_384)).done():
            pass
        assert send_buffer(stream) == what_comes_of(262_144)
        stream.close()
        peer.close()

    run(test())


def test_small_writes_leave_it_alone(run: Run) -> None:
    async def test() -> None:
        stream, peer = connected()
        for _ in range(3):
            stream.write(bytes(65_536))
            left = 65_536
            while left:
                left -= len(peer.recv(left))
        assert is_adapted(stream)
        stream.close()
        peer.close()

    run(test())


def test_a_size_that_somebody_has_set_is_left_alone(run: Run) -> None:
    async def test() -> None:
        stream, peer = connected()
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 400_000)
        stream.write(bytes(1 << 20))
        assert send_buffer(stream) == what_comes_of(400_000)
        stream.close()
        peer.close()

    run(test())


def test_a_peer_with_another_address_is_left_to_the_kernel(run: Run) -> None:
    async def test() -> None:
        stream, peer = connected("127.0.0.2", source="127.0.0.1")
        stream.write(bytes(1 << 20))
        assert is_adapted(stream)
        stream.close()
        peer.close()

    run(test())


def test_other_families_are_left_to_the_kernel(run: Run) -> None:
    async def test() -> None:
        near, far = socket.socketpair()
        stream = IOStream(near)
        stream.write(bytes(1 << 20))
        assert is_adapted(stream)
        stream.close()
        far.close()

    run(test())


def test_a_peer_that_is_gone_is_found_out_by_the_write(run: Run) -> None:
    async def test() -> None:
        stream, peer = connected()
        peer.close()
        stream.socket.shutdown(socket.SHUT_WR)  # now getpeername fails
        writing = stream.write(bytes(1 << 20))
        with pytest.raises(StreamClosedError):
            await asyncio.wait_for(writing, 10)

    run(test())
