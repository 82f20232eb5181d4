"""``read_into``: a read that fills a buffer of the caller's."""

from __future__ import annotations

from collections.abc import Generator

from ._pending_read import NOT_YET
from ._pending_read import PendingRead
from ._receive_buffer import ReceiveBuffer


class IntoBuffer(PendingRead):
    """``view`` is filled from its beginning; with ``minimum`` bytes in it the read is satisfied.

    Its bytes come by way of the inbox only if they were there before; and when the read is given
    up they are put there.
    """

    __slots__ = ("_filled", "_minimum", "_view")

    def __init__(self, view: memoryview, partial: bool) -> None:
        if view.readonly:
            raise TypeError("read_into needs a writable buffer")
        self._view = view
        self._minimum = 1 if partial else len(view)
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

    def take_back(self) -> bytes:
        """The bytes that are in the buffer, when the read is given up. Lets go of the buffer."""
        data = self._view[: self._filled].tobytes()
        self._filled = 0
        self._view.release()
        return data

    def __await__(self) -> Generator[object, None, int]:  # type: ignore[override]  # a size
        yield from super().__await__()
        self._view.release()
        return self._filled

    def __del__(self) -> None:
        # Dropped without being awaited: nobody knows how far the buffer was filled.
        if self.source is not None and self._filled:
            self.source.give_up(self)
