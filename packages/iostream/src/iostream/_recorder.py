"""A receiver that remembers."""

from __future__ import annotations

import asyncio


class Recorder:
    """A receiver that keeps what it is told, in order.

    Attributes:
        data: all bytes that came.
        events: ``"eof"`` and ``"lost"``, as they happened.
        lost: what ``connection_lost`` was called with.
    """

    def __init__(self) -> None:
        self.data = bytearray()
        self.events: list[str] = []
        self.lost: BaseException | None = None
        self._changed = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        """Keep ``data``."""
        assert data
        assert not self.events, f"data after {self.events}"
        self.data += data
        self._changed.set()

    def eof_received(self) -> None:
        """Note the end of input."""
        self.events.append("eof")
        self._changed.set()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Note the end of the stream."""
        self.events.append("lost")
        self.lost = exc
        self._changed.set()

    async def until_data(self, size: int) -> None:
        """Wait until ``size`` bytes have come."""
        while len(self.data) < size:
            await self._change()

    async def until_event(self, event: str) -> None:
        """Wait until ``event`` has happened."""
        while event not in self.events:
            await self._change()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()
