"""What every stream promises, as tests that anybody's stream can be put through."""

from __future__ import annotations

import asyncio
import functools
import gc
import tempfile
import weakref
from collections.abc import Callable
from collections.abc import Coroutine
from typing import TypeAlias
from typing import TypeVar

from ._base import BaseIOStream
from ._errors import StreamBufferFullError
from ._errors import StreamClosedError
from ._errors import UnsatisfiableReadError
from ._recorder import Recorder

_C = TypeVar("_C", bound="StreamContract")

Pair: TypeAlias = tuple[BaseIOStream, BaseIOStream]

# More than all the buffers of a connection, so that a writer has to wait for its reader.
_MUCH = 24 * 1024 * 1024


def _on_loop(test: Callable[[_C], Coroutine[object, object, None]]) -> Callable[[_C], None]:
    """A test that is a coroutine, as one that runs it."""

    @functools.wraps(test)
    def run(self: _C) -> None:
        self.run(test(self))

    return run


async def _rounds(count: int = 3) -> None:
    """Let the loop go round a few times."""
    for _ in range(count):
        await asyncio.sleep(0)


class _Mark(Exception):
    """Something that a stream can be given to keep."""


class StreamContract:
    """Derive from it, define `make_pair`, and let pytest find the ``test_`` methods.

    Attributes:
        one_way: True if only the first stream of a pair can be written to and only the second
            be read from, as with a pipe. What needs both directions is then left out.
    """

    one_way = False

    async def make_pair(self, **limits: int | None) -> Pair:
        """Two streams that are connected.

        ``limits`` are the keyword arguments ``max_buffer_size`` and ``max_write_buffer_size`` of
        `BaseIOStream`, for both of them.
        """
        raise NotImplementedError

    def run(self, test: Coroutine[object, object, None]) -> None:
        """Run one test on a loop of its own."""
        asyncio.run(test)

    # ---- Pull ----

    @_on_loop
    async def test_each_read_takes_its_part_and_leaves_the_rest(self) -> None:
        near, far = await self.make_pair()
        near.write(b"one\r\ntwo;three, four|12345")
        assert await far.read_until(b"\r\n") == b"one\r\n"
        assert await far.read_bytes(4) == b"two;"
        assert await far.read_until_regex(rb",\s*") == b"three, "
        assert await far.read_bytes(0) == b""
        assert await far.read_until(b"|") == b"four|"
        buffer = bytearray(4)
        assert await far.read_into(buffer) == 4
        assert buffer == b"1234"
        assert await far.read_bytes(100, partial=True) == b"5"
        near.close()
        far.close()

    @_on_loop
    async def test_reads_find_what_arrives_in_pieces(self) -> None:
        near, far = await self.make_pair()
        buffer = bytearray(6)
        for start, pieces, result in (
            (lambda: far.read_until(b"\r\n\r\n"), (b"a\r", b"\n", b"\r", b"\n"), b"a\r\n\r\n"),
            (lambda: far.read_until_regex(rb"x+;"), (b"-x", b"x", b"x;"), b"-xxx;"),
            (lambda: far.read_bytes(5), (b"1", b"23", b"45"), b"12345"),
            (lambda: far.read_into(buffer), (b"ab", b"cd", b"ef"), 6),
        ):
            read: asyncio.Future[object] = asyncio.ensure_future(start())
            for piece in pieces:
                near.write(piece)
                await _rounds()
            assert await read == result
        assert buffer == b"abcdef"
        near.close()
        far.close()

    @_on_loop
    async def test_read_into_starts_with_what_is_buffered(self) -> None:
        near, far = await self.make_pair()
        near.write(b"line\nabc")
        assert await far.read_until(b"\n") == b"line\n"
        buffer = bytearray(5)
        fill = far.read_into(buffer)
        near.write(b"defg")
        assert await fill == 5
        assert buffer == b"abcde"
        assert await far.read_into(bytearray(10), partial=True) == 2
        buffer.append(0)  # it is not locked any more
        near.close()
        far.close()

    @_on_loop
    async def test_read_until_close(self) -> None:
        near, far = await self.make_pair()
        await near.write(b"a" * 1000)
        near.close()
        assert await far.read_until_close() == b"a" * 1000
        assert far.closed()
        assert far.error is None

    @_on_loop
    async def test_what_came_before_the_close_is_still_read(self) -> None:
        near, far = await self.make_pair()
        await near.write(b"one\ntwo\nthree")
        near.close()
        assert await far.read_until(b"\n") == b"one\n"
        assert await far.read_until(b"\n") == b"two\n"
        try:
            await far.read_until(b"\n")
        except StreamClosedError as exc:
            assert exc.real_error is None
        else:
            raise AssertionError("there is no third line")
        assert far.closed()
        assert await far.read_bytes(5) == b"three"

    @_on_loop
    async def test_iteration_ends_with_the_stream(self) -> None:
        near, far = await self.make_pair()
        async with far:
            async with near:
                await near.write(b"abc")
            assert b"".join([chunk async for chunk in far]) == b"abc"
        assert near.closed()
        assert far.closed()

    @_on_loop
    async def test_one_read_at_a_time(self) -> None:
        near, far = await self.make_pair()
        first = far.read_bytes(3)
        assert far.reading()
        try:
            far.read_bytes(1)
        except RuntimeError:
            pass
        else:
            raise AssertionError("a second read was accepted")
        near.write(b"abc")
        assert await first == b"abc"
        assert not far.reading()
        near.close()
        far.close()

    @_on_loop
    async def test_a_read_is_a_future(self) -> None:
        near, far = await self.make_pair()
        first = far.read_bytes(3)
        calls: list[object] = []
        first.add_done_callback(calls.append)
        first.add_done_callback(print)
        assert first.remove_done_callback(print) == 1
        assert not first.done()
        near.write(b"abcdef")
        await asyncio.wait({asyncio.ensure_future(first)})
        assert calls == [first]
        second = far.read_bytes(3)  # the first has its bytes, though nobody has asked for them
        assert second.done()
        assert first.result() == await first == b"abc"
        assert second.exception() is None
        (result,) = await asyncio.gather(second)
        assert result == b"def"
        third = far.read_bytes(3)
        assert third.cancel()
        assert not third.cancel()
        assert third.cancelled()
        near.write(b"ghi")
        assert await far.read_bytes(3) == b"ghi"
        near.close()
        far.close()

    @_on_loop
    async def test_max_bytes(self) -> None:
        for regex in (False, True):
            near, far = await self.make_pair()
            read = far.read_until_regex if regex else far.read_until
            near.write(b"abc\nabcd\n")
            assert await read(b"\n", 4) == b"abc\n"
            try:
                await read(b"\n", 4)
            except StreamClosedError as exc:
                assert isinstance(exc.real_error, UnsatisfiableReadError)
            else:
                raise AssertionError("max_bytes was exceeded")
            assert far.closed()
            near.close()

    @_on_loop
    async def test_max_bytes_before_the_delimiter_came(self) -> None:
        near, far = await self.make_pair()
        near.write(b"abcdef")
        try:
            await far.read_until(b"\n", max_bytes=4)
        except StreamClosedError as exc:
            assert isinstance(exc.real_error, UnsatisfiableReadError)
        else:
            raise AssertionError("max_bytes was exceeded")
        assert isinstance(far.error, UnsatisfiableReadError)
        near.close()

    @_on_loop
    async def test_max_buffer_size(self) -> None:
        near, far = await self.make_pair(max_buffer_size=10_000)
        near.write(b"x" * 30_000)
        try:
            await far.read_until(b"\n")
        except StreamClosedError as exc:
            assert isinstance(exc.real_error, StreamBufferFullError)
        else:
            raise AssertionError("max_buffer_size was exceeded")
        near.close()

    @_on_loop
    async def test_a_cancelled_read_loses_nothing(self) -> None:
        near, far = await self.make_pair()
        for rounds in range(6):  # before, while and after the bytes come
            task = asyncio.ensure_future(far.read_bytes(3))
            await asyncio.sleep(0)
            near.write(b"abc")
            await _rounds(rounds)
            if task.cancel():
                try:
                    await task
                except asyncio.CancelledError:
                    assert await far.read_bytes(3) == b"abc"
                    continue
            assert await task == b"abc"
        near.close()
        far.close()

    @_on_loop
    async def test_a_cancelled_read_into_loses_nothing(self) -> None:
        near, far = await self.make_pair()
        near.write(b"ab")
        try:
            async with asyncio.timeout(0.01):
                await far.read_into(bytearray(4))
        except TimeoutError:
            pass
        near.write(b"cd")
        assert await far.read_bytes(4) == b"abcd"
        near.close()
        far.close()

    @_on_loop
    async def test_wait_for_nothing(self) -> None:
        near, far = await self.make_pair()
        for timeout in (0, 0.001):
            try:
                await asyncio.wait_for(far.read_bytes(3), timeout)
            except TimeoutError:
                pass
            else:
                raise AssertionError("there was nothing to read")
        near.write(b"abc")
        assert await asyncio.wait_for(far.read_bytes(3), None) == b"abc"
        near.close()
        far.close()

    # ---- Writing ----

    @_on_loop
    async def test_much_arrives_in_order(self) -> None:
        near, far = await self.make_pair()
        data = b"".join(number.to_bytes(4, "big") for number in range(1 << 20))
        read = far.read_bytes(len(data) + 3)
        near.write(b"<")
        near.write(memoryview(data))
        near.write(bytearray(b">"))
        last = near.write(b"!")
        assert await read == b"<" + data + b">!"
        await last
        assert near.bytes_sent == far.bytes_received == len(data) + 3
        near.close()
        far.close()

    @_on_loop
    async def test_writes_are_done_in_order_when_the_reader_has_come_so_far(self) -> None:
        near, far = await self.make_pair()
        done: list[int] = []
        writes = [near.write(b"x" * _MUCH) for _ in range(3)]
        for number, write in enumerate(writes):
            write.add_done_callback(lambda _, number=number: done.append(number))  # type: ignore[misc]
        assert near.writing()
        assert not writes[0].done()
        await far.read_bytes(_MUCH)
        await writes[0]
        assert not writes[2].done()
        await far.read_bytes(2 * _MUCH)
        await writes[2]
        await _rounds()
        assert done == [0, 1, 2]
        assert not near.writing()
        near.close()
        far.close()

    @_on_loop
    async def test_a_reader_that_does_not_read_stops_the_writer(self) -> None:
        near, far = await self.make_pair()
        await near.write(b"first")
        assert await far.read_bytes(5) == b"first"
        write = near.write(b"x" * _MUCH)
        await _rounds(20)
        assert not write.done()
        assert far.bytes_received < _MUCH
        near.close()
        far.close()

    @_on_loop
    async def test_max_write_buffer_size(self) -> None:
        near, far = await self.make_pair(max_write_buffer_size=_MUCH)
        write = near.write(b"x" * _MUCH)
        try:
            near.write(b"x" * _MUCH)
        except StreamBufferFullError:
            pass
        else:
            raise AssertionError("max_write_buffer_size was exceeded")
        assert not near.closed()
        await far.read_bytes(_MUCH)
        await write
        near.close()
        far.close()

    @_on_loop
    async def test_a_bytearray_is_the_callers_again_at_once(self) -> None:
        near, far = await self.make_pair()
        near.write(b"x" * _MUCH)
        data = bytearray(b"abc")
        near.write(data)
        near.write(memoryview(data))
        data[:] = b"defgh"
        await far.read_bytes(_MUCH)
        assert await far.read_bytes(6) == b"abcabc"
        near.close()
        far.close()

    @_on_loop
    async def test_several_buffers_at_once(self) -> None:
        near, far = await self.make_pair()
        pieces: list[bytes | bytearray | memoryview] = [
            b"a",
            bytearray(b"b"),
            memoryview(b"c"),
            b"",
            b"d" * 100_000,
            b"e",
        ]
        write = near.write(pieces)
        near.write([])
        assert await far.read_bytes(100_004) == b"abc" + b"d" * 100_000 + b"e"
        await write
        near.close()
        far.close()

    @_on_loop
    async def test_corked_writes_go_out_together(self) -> None:
        near, far = await self.make_pair()
        near.cork()
        near.cork()
        near.write(b"one ")
        near.write([b"two ", b"three "])
        near.uncork()
        await _rounds()
        assert near.bytes_sent == 0
        assert near.writing()
        near.write(b"four")
        near.uncork()
        assert await far.read_bytes(100, partial=True) == b"one two three four"
        near.cork()
        write = near.write(b"x" * 100_000)
        assert await far.read_bytes(100_000) == b"x" * 100_000
        await write
        near.uncork()
        near.close()
        far.close()

    @_on_loop
    async def test_sendfile(self) -> None:
        near, far = await self.make_pair()
        data = bytes(range(256)) * 20_000
        with tempfile.TemporaryFile() as file:
            file.write(data)
            file.flush()
            near.write(b"<")
            near.sendfile(file)
            near.write(b"|")
            near.sendfile(file, 1000, 0)
            last = near.sendfile(file, 1000, 17)
            near.write(b">")
            expected = b"<" + data + b"|" + data[1000:1017] + b">"
            assert await far.read_bytes(len(expected)) == expected
            await last
            for offset, count in ((-1, None), (0, len(data) + 1), (len(data), 1)):
                try:
                    near.sendfile(file, offset, count)
                except ValueError:
                    pass
                else:
                    raise AssertionError(f"the file does not have {count} bytes from {offset} on")
        near.close()
        far.close()

    @_on_loop
    async def test_write_to_a_stream_that_is_closed(self) -> None:
        near, far = await self.make_pair()
        pending = near.write(b"x" * _MUCH)
        near.close()
        for data in (b"x", [b"x"]):
            try:
                near.write(data)
            except StreamClosedError as exc:
                assert exc.real_error is None
            else:
                raise AssertionError("it is closed")
        try:
            await pending
        except StreamClosedError:
            pass
        else:
            raise AssertionError("it was not written")
        far.close()

    @_on_loop
    async def test_a_peer_that_is_gone(self) -> None:
        near, far = await self.make_pair()
        far.close()
        try:
            while True:
                await near.write(b"x" * 10_000)
                await _rounds(1)
        except StreamClosedError:
            pass
        assert near.closed()

    # ---- Push ----

    @_on_loop
    async def test_receiver(self) -> None:
        near, far = await self.make_pair()
        recorder = Recorder()
        attached = [far.receiver]
        far.set_receiver(recorder)
        attached.append(far.receiver)
        near.write(b"abc")
        await recorder.until_data(3)
        near.write(b"x" * _MUCH)
        await recorder.until_data(_MUCH + 3)
        near.close()
        await recorder.until_event("eof")
        assert not far.closed()
        far.close()
        assert recorder.events == ["eof"]
        await recorder.until_event("lost")
        await _rounds()
        assert recorder.events == ["eof", "lost"]
        assert recorder.lost is None
        assert recorder.data == b"abc" + b"x" * _MUCH
        assert [*attached, far.receiver] == [None, recorder, None]

    @_on_loop
    async def test_a_new_receiver_gets_what_is_buffered_first(self) -> None:
        near, far = await self.make_pair()
        near.write(b"line\nrest")
        assert await far.read_until(b"\n") == b"line\n"
        recorder = Recorder()
        far.set_receiver(recorder)
        assert recorder.data == b"rest"
        near.write(b" of it")
        await recorder.until_data(10)
        far.set_receiver(None)
        near.write(b"pulled")
        assert await far.read_bytes(6) == b"pulled"
        assert far.receiver is None
        assert recorder.data == b"rest of it"
        near.close()
        far.close()
        await _rounds()
        assert recorder.events == []

    @_on_loop
    async def test_pause_and_resume(self) -> None:
        near, far = await self.make_pair()
        recorder = Recorder()
        far.set_receiver(recorder)
        far.pause_reading()
        far.pause_reading()
        near.write(b"abc")
        await _rounds(6)
        assert recorder.data == b""
        far.resume_reading()
        far.resume_reading()
        assert recorder.data == b""
        await recorder.until_data(3)
        far.pause_reading()
        far.unread(b"bc")
        far.resume_reading()
        near.write(b"def")
        await recorder.until_data(8)
        assert recorder.data == b"abcbcdef"
        near.close()
        far.close()

    @_on_loop
    async def test_pause_from_inside_and_detach_with_unread_bytes(self) -> None:
        near, far = await self.make_pair()

        class Header(Recorder):
            def data_received(self, data: bytes) -> None:
                super().data_received(data)
                _, newline, rest = bytes(self.data).partition(b"\n")
                if newline:
                    far.set_receiver(None)
                    far.unread(rest)

        near.write(b"header\nbody")
        far.set_receiver(Header())
        await _rounds(6)
        near.write(b" and more")
        assert await far.read_bytes(13) == b"body and more"
        near.close()
        far.close()

    @_on_loop
    async def test_replace_the_receiver_from_inside(self) -> None:
        near, far = await self.make_pair()
        second = Recorder()

        class First(Recorder):
            def data_received(self, data: bytes) -> None:
                far.unread(data[1:])
                far.set_receiver(second)

        far.set_receiver(First())
        near.write(b"abc")
        await second.until_data(2)
        near.write(b"def")
        await second.until_data(5)
        assert second.data == b"bcdef"
        near.close()
        far.close()

    @_on_loop
    async def test_close_from_inside(self) -> None:
        near, far = await self.make_pair()

        class Closing(Recorder):
            def data_received(self, data: bytes) -> None:
                super().data_received(data)
                far.close()
                assert not self.events

        recorder = Closing()
        far.set_receiver(recorder)
        near.write(b"abc")
        await recorder.until_event("lost")
        assert recorder.events == ["lost"]
        near.close()

    @_on_loop
    async def test_the_end_reaches_a_receiver_that_comes_late(self) -> None:
        near, far = await self.make_pair()
        await near.write(b"abcdef")
        near.close()
        assert await far.read_bytes(3) == b"abc"
        recorder = Recorder()
        far.set_receiver(recorder)
        await recorder.until_event("eof")
        assert recorder.data == b"def"
        far.close()

    @_on_loop
    async def test_answers_to_one_event_go_out_together(self) -> None:
        if self.one_way:
            return
        near, far = await self.make_pair()

        class Echo(Recorder):
            def data_received(self, data: bytes) -> None:
                super().data_received(data)
                for byte in data:
                    far.write(bytes([byte, byte]))

        far.set_receiver(Echo())
        await near.write(b"abc")
        assert await near.read_bytes(100, partial=True) == b"aabbcc"
        near.close()
        far.close()

    # ---- Life ----

    @_on_loop
    async def test_shutdown_write(self) -> None:
        near, far = await self.make_pair()
        write = near.write(b"x" * _MUCH)
        ends = [near.shutdown_write(), near.shutdown_write()]
        try:
            near.write(b"more")
        except StreamClosedError:
            pass
        else:
            raise AssertionError("there must be no more")
        recorder = Recorder()
        far.set_receiver(recorder)
        assert not any(end.done() for end in ends)
        await recorder.until_event("eof")
        assert len(recorder.data) == _MUCH
        await write
        await asyncio.gather(*ends)
        assert not far.closed()
        if not self.one_way:
            far.write(b"answer")
            far.shutdown_write()
            assert await near.read_until_close() == b"answer"
        near.close()
        far.close()

    @_on_loop
    async def test_shutdown_write_is_done_at_once_if_nothing_waits(self) -> None:
        near, far = await self.make_pair()
        done = near.write(b"last")
        assert done.done()
        near.cork()
        assert near.shutdown_write() is done  # which has cost nothing
        near.uncork()
        assert await far.read_until_close() == b"last"
        near.close()

    @_on_loop
    async def test_shutdown_write_fails_on_a_stream_that_is_closed(self) -> None:
        for sent in (0, _MUCH):
            near, far = await self.make_pair()
            near.write(b"x" * sent)
            before = near.shutdown_write()
            assert before.done() == (not sent)
            near.close()
            for end in (near.shutdown_write(), before) if sent else (near.shutdown_write(),):
                try:
                    await end
                except StreamClosedError:
                    pass
                else:
                    raise AssertionError("the end has not been sent")
            far.close()

    @_on_loop
    async def test_the_close_callback_is_called_once_and_from_the_loop(self) -> None:
        near, far = await self.make_pair()
        calls: list[str] = []
        near.set_close_callback(lambda: calls.append("near"))
        near.close()
        near.close()
        assert calls == []
        await _rounds()
        assert calls == ["near"]
        near.set_close_callback(lambda: calls.append("late"))
        assert calls == ["near"]
        await _rounds()
        assert calls == ["near", "late"]
        far.close()

    @_on_loop
    async def test_the_close_callback_notices_the_peer(self) -> None:
        near, far = await self.make_pair()
        gone = asyncio.Event()
        far.set_close_callback(gone.set)
        near.close()
        await gone.wait()
        assert far.closed()
        assert far.error is None

    @_on_loop
    async def test_close_while_reading(self) -> None:
        near, far = await self.make_pair()
        read = asyncio.ensure_future(far.read_bytes(1))
        await _rounds(1)
        far.close(ValueError("why"))
        try:
            await read
        except StreamClosedError as exc:
            assert isinstance(exc.real_error, ValueError)
        else:
            raise AssertionError("it was closed")
        assert isinstance(far.error, ValueError)
        try:
            far.read_bytes(1)
        except StreamClosedError as exc:
            assert isinstance(exc.real_error, ValueError)
        else:
            raise AssertionError("it was closed")
        near.close()

    @_on_loop
    async def test_a_closed_stream_needs_no_garbage_collector(self) -> None:
        gc.collect()
        gc.disable()
        try:
            for use in (self._use_pull, self._use_push, self._use_failing_read):
                near, far = await self.make_pair()
                await use(near, far)
                # A stream may not take weak references (compiled it does not), so each is given
                # something that does, to keep for as long as it lives.
                kept = []
                for stream in (near, far):
                    stream.close()
                    mark = _Mark()
                    kept.append(weakref.ref(mark))
                    stream.error = mark
                    del mark, stream
                await _rounds(6)
                assert all(mark() is not None for mark in kept)
                del near, far
                assert [mark() for mark in kept] == [None, None], use.__name__
        finally:
            gc.enable()

    async def _use_pull(self, near: BaseIOStream, far: BaseIOStream) -> None:
        near.set_close_callback(lambda: None)
        near.write(b"x" * _MUCH)
        await far.read_bytes(10)
        await far.read_until(b"x")
        await far.read_into(bytearray(10))
        pending = asyncio.ensure_future(far.read_until(b"y"))
        await _rounds()
        far.close()
        await asyncio.wait([pending])
        assert isinstance(pending.exception(), StreamClosedError)

    async def _use_push(self, near: BaseIOStream, far: BaseIOStream) -> None:
        recorder = Recorder()
        far.set_receiver(recorder)
        near.write(b"abc")
        await recorder.until_data(3)
        far.unread(b"c")

    async def _use_failing_read(self, near: BaseIOStream, far: BaseIOStream) -> None:
        near.write(b"x" * 100)
        try:
            await far.read_until(b"y", max_bytes=10)
        except StreamClosedError:
            pass
