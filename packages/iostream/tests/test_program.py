"""Random programs: whatever the two ends do, what is read is what was written."""

import asyncio
import socket
from collections.abc import Callable
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from iostream import BaseIOStream
from iostream import IOStream
from iostream.testing import Recorder
from iostream.testing import memory_pair

Run = Callable[[Coroutine[Any, Any, None]], None]

step = st.one_of(
    st.tuples(st.sampled_from(["write", "corked", "view"]), st.integers(0, 200_000)),
    st.tuples(st.just("bytes"), st.integers(0, 1000)),
    st.tuples(st.sampled_from(["partial", "into", "cancelled"]), st.integers(1, 100_000)),
    st.tuples(st.sampled_from(["line", "regex", "push", "pause", "turn"]), st.integers(1, 4)),
)


async def read_some(stream: BaseIOStream, kind: str, size: int) -> bytes:
    """One read, by whichever method; what it returned, or nothing if it was cancelled."""
    if kind == "bytes":
        return await stream.read_bytes(size)
    if kind == "line":
        return await stream.read_until(b"\x07")
    if kind == "regex":
        return await stream.read_until_regex(rb"\x08|\x09{2}")
    if kind == "into":
        buffer = bytearray(size)
        count = await stream.read_into(buffer, partial=True)
        return bytes(buffer[:count])
    return await stream.read_bytes(size, partial=True)


async def cancel_some(stream: BaseIOStream, size: int) -> bytes:
    """A read that is cancelled after some rounds of the loop, if it is not done by then."""

    async def read_bytes() -> bytes:
        return await stream.read_bytes(size)

    read = asyncio.ensure_future(read_bytes())
    for _ in range(size % 5):
        await asyncio.sleep(0)
    read.cancel()
    try:
        return await read
    except asyncio.CancelledError:
        return b""


async def push_some(stream: BaseIOStream, turns: int) -> bytes:
    """Take what comes in a few rounds of the loop by a receiver, and give a little of it back."""
    recorder = Recorder()
    stream.set_receiver(recorder)
    for turn in range(turns):
        if turn % 2:
            stream.pause_reading()
        await asyncio.sleep(0)
        stream.resume_reading()
    if stream.closed():
        return bytes(recorder.data)
    stream.set_receiver(None)
    kept = len(recorder.data) // 2
    stream.unread(bytes(recorder.data[kept:]))
    return bytes(recorder.data[:kept])


async def play(near: BaseIOStream, far: BaseIOStream, steps: list[tuple[str, int]]) -> None:
    pattern = bytes(range(251)) * 800
    written = bytearray()
    read = bytearray()
    for kind, size in steps:
        if kind == "turn":
            for _ in range(size):
                await asyncio.sleep(0)
        elif kind in ("write", "corked", "view"):
            data = pattern[len(written) % 251 :][:size]
            written += data
            if kind == "corked":
                near.cork()
                near.write(data[: size // 2])
                near.write([data[size // 2 :]])
                near.uncork()
            else:
                near.write(memoryview(data) if kind == "view" else data)
        elif kind == "pause":
            far.pause_reading()
            await asyncio.sleep(0)
            far.resume_reading()
        elif kind == "push":
            read += await push_some(far, size)
        elif kind == "cancelled":
            read += await cancel_some(far, size)
        else:
            try:
                async with asyncio.timeout(0.002):
                    read += await read_some(far, kind, size)
            except TimeoutError:
                pass
    near.shutdown_write()
    async for chunk in far:
        read += chunk
    assert far.error is None
    assert read == written
    near.close()
    far.close()


def program(max_examples: int) -> Callable[[Any], Any]:
    settled = settings(
        deadline=None,
        max_examples=max_examples,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    return lambda test: settled(given(st.lists(step, max_size=30))(test))


@program(60)
def test_in_memory(run: Run, steps: list[tuple[str, int]]) -> None:
    async def test() -> None:
        await play(*memory_pair(), steps)

    run(test())


@program(40)
def test_in_memory_in_small_pieces(run: Run, steps: list[tuple[str, int]]) -> None:
    async def test() -> None:
        await play(*memory_pair(capacity=5000, piece_size=997), steps)

    run(test())


@program(60)
def test_over_a_socket(run: Run, steps: list[tuple[str, int]]) -> None:
    async def test() -> None:
        near, far = socket.socketpair()
        await play(IOStream(near), IOStream(far), steps)

    run(test())


@pytest.mark.slow
@program(2000)
def test_over_a_socket_for_long(run: Run, steps: list[tuple[str, int]]) -> None:
    async def test() -> None:
        near, far = socket.socketpair()
        await play(IOStream(near), IOStream(far), steps)

    run(test())
