"""Two streams that are connected in memory, without a socket."""

from __future__ import annotations

import errno

from ._base import BaseIOStream


class _Channel:
    """One direction: bytes on their way from a writer to a reader."""

    __slots__ = ("abandoned", "capacity", "data", "ended", "reader", "writer")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.data = bytearray()
        self.ended = False  # nothing more is put in
        self.abandoned = False  # nobody takes anything out any more
        # Who wants to know when there is something to take out, and when there is room.
        self.reader: MemoryStream | None = None
        self.writer: MemoryStream | None = None

    def readable(self) -> bool:
        return len(self.data) > 0 or self.ended

    def writable(self) -> bool:
        return len(self.data) < self.capacity or self.abandoned

    def notify(self) -> None:
        if self.reader is not None and self.readable():
            self.reader.schedule_read()
        if self.writer is not None and self.writable():
            self.writer.schedule_write()


class MemoryStream(BaseIOStream):
    """One end of what `memory_pair` makes: a real `BaseIOStream`, with memory for a kernel."""

    __slots__ = (
        "_incoming",
        "_outgoing",
        "_piece_size",
        "_read_scheduled",
        "_write_scheduled",
    )

    def __init__(
        self,
        incoming: _Channel,
        outgoing: _Channel,
        piece_size: int | None,
        max_buffer_size: int | None,
        max_write_buffer_size: int | None,
    ) -> None:
        super().__init__(max_buffer_size, None, max_write_buffer_size)
        self._incoming = incoming
        self._outgoing = outgoing
        self._piece_size = piece_size
        self._read_scheduled = False
        self._write_scheduled = False

    # ---- Hooks ----

    def fileno(self) -> int:
        """-1: there is no descriptor."""
        return -1

    def close_fd(self) -> None:
        """Let the other end see the end of its input, and that its output goes nowhere."""
        self.shutdown_fd()
        self._incoming.abandoned = True
        self._incoming.data.clear()
        self._incoming.notify()

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        """Take out what fits into ``buf``."""
        data = self._incoming.data
        if not data:
            return 0 if self._incoming.ended else None
        size = min(len(buf), len(data), self._piece_size or len(data))
        buf[:size] = data[:size]
        del data[:size]
        self._incoming.notify()
        return size

    def write_to_fd(self, data: memoryview) -> int:
        """Put in what there is room for."""
        if self._outgoing.abandoned:
            raise BrokenPipeError(errno.EPIPE, "the other end is closed")
        part = data[: max(0, self._outgoing.capacity - len(self._outgoing.data))]
        self._outgoing.data += part
        self._outgoing.notify()
        return len(part)

    def shutdown_fd(self) -> None:
        """Let the other end see the end of its input."""
        self._outgoing.ended = True
        self._outgoing.notify()

    # ---- In place of the selector ----

    def _watch_read(self) -> None:
        self._incoming.reader = self
        self._incoming.notify()

    def _unwatch_read(self) -> None:
        self._incoming.reader = None

    def _watch_write(self) -> None:
        self._outgoing.writer = self
        self._outgoing.notify()

    def _unwatch_write(self) -> None:
        self._outgoing.writer = None

    def schedule_read(self) -> None:
        """There is something to take out: say so in the loop's next round, as a selector does."""
        if not self._read_scheduled:
            self._read_scheduled = True
            self._loop.call_soon(self._read_event)

    def schedule_write(self) -> None:
        """There is room: say so in the loop's next round."""
        if not self._write_scheduled:
            self._write_scheduled = True
            self._loop.call_soon(self._write_event)

    def _read_event(self) -> None:
        self._read_scheduled = False
        if self._watching_read and self._incoming.readable():
            self._on_readable()
            self._incoming.notify()

    def _write_event(self) -> None:
        self._write_scheduled = False
        if self._watching_write and self._outgoing.writable():
            self._on_writable()
            self._outgoing.notify()


def memory_pair(
    *,
    capacity: int = 65536,
    piece_size: int | None = None,
    max_buffer_size: int | None = None,
    max_write_buffer_size: int | None = None,
) -> tuple[MemoryStream, MemoryStream]:
    """Two streams: what is written to one is read from the other, either way.

    ``capacity`` is how many bytes may be on their way in one direction before the writer has to
    wait, as a kernel's buffers are limited. ``piece_size`` is the most bytes that arrive at a
    time: with 1 a protocol sees every message split everywhere. The others are `BaseIOStream`'s.
    Events come from the running loop, one round later, so tests are deterministic.
    """
    there = _Channel(capacity)
    back = _Channel(capacity)
    return (
        MemoryStream(back, there, piece_size, max_buffer_size, max_write_buffer_size),
        MemoryStream(there, back, piece_size, max_buffer_size, max_write_buffer_size),
    )
