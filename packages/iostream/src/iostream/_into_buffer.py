"""One outstanding ``read_into``: a buffer of the caller's that fills up."""

from __future__ import annotations

import asyncio

from ._receive_buffer import ReceiveBuffer


class IntoBuffer:
    """``view`` is filled from its beginning; with ``minimum`` bytes in it the read is done."""

    __slots__ = ("_filled", "_minimum", "_view", "future")

    def __init__(self, view: memoryview, minimum: int, future: asyncio.Future[int]) -> None:
        self._view = view
        self._minimum = minimum
        self._filled = 0
        self.future = future

    def vacancy(self) -> memoryview:
        """The part that is still to be filled."""
        return self._view[self._filled :]

    def filled(self, size: int) -> bool:
        """``size`` more bytes are in the buffer: is that enough?"""
        self._filled += size
        return self._filled >= self._minimum

    def finish(self) -> int:
        """Let go of the caller's buffer; return how many bytes it holds."""
        self._view.release()
        return self._filled

    def give_back(self, inbox: ReceiveBuffer) -> None:
        """The read is off: put the bytes into ``inbox``, so that none is lost."""
        inbox.prepend(self._view[: self._filled].tobytes())
        self._view.release()
