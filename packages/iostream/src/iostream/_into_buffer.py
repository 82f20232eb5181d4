"""``read_into``: a read that fills a buffer of the caller's."""

from __future__ import annotations

from ._read_future import NOT_YET
from ._read_future import ReadFuture
from ._receive_buffer import ReceiveBuffer


class IntoBuffer(ReadFuture[int]):
    """``buffer`` is filled from its beginning; ``partial`` is satisfied with one byte in it.

    Its bytes come by way of the inbox only if they were there before. While the read is pending
    it has a view of the buffer, which therefore can't be resized.
    """

    __slots__ = ("_buffer", "_filled", "_minimum", "_view", "capacity")

    def __init__(self, buffer: bytearray | memoryview, partial: bool) -> None:
        self._buffer = buffer
        self._view = memoryview(buffer).cast("B")
        if self._view.readonly:
            raise TypeError("read_into needs a writable buffer")
        self.capacity = len(self._view)
        self._minimum = 1 if partial else self.capacity
        self._filled = 0

    def vacancy(self) -> memoryview:
        """The part that is still to be filled."""
        return self._view[self._filled :]

    def filled(self, size: int) -> None:
        """``size`` more bytes are in the buffer."""
        self._filled += size

    def ready(self, inbox: ReceiveBuffer) -> int:
        if inbox.size:
            self._filled += inbox.take_into(self.vacancy())
        return 0 if self._filled >= self._minimum else NOT_YET

    def satisfy(self, size: int) -> None:
        self._view.release()
        super().satisfy(size)

    def fail(self, failure: BaseException) -> None:
        self._view.release()
        super().fail(failure)

    def collect(self) -> int:
        self.source.take(0)
        return self._filled

    def give_back(self) -> bytes:
        self._view.release()
        with memoryview(self._buffer).cast("B") as view, view[: self._filled] as part:
            return part.tobytes()
