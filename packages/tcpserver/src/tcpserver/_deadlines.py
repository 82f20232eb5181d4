"""Many deadlines of one length on one timer."""

import asyncio
from collections.abc import Callable
from collections.abc import Hashable
from typing import Generic
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


class Deadlines(Generic[T]):
    """Calls ``expired(item)`` for each item that is not discarded within ``seconds``.

    All have the same time to live, so they expire in the order in which they were added: a dict
    is the whole queue, and the timer is that of the oldest.
    """

    __slots__ = ("_expired", "_items", "_seconds", "_timer")

    def __init__(self, seconds: float, expired: Callable[[T], object]) -> None:
        self._seconds = seconds
        self._expired = expired
        self._items: dict[T, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def items(self) -> list[T]:
        """Those whose clock runs, oldest first."""
        return list(self._items)

    def add(self, item: T) -> None:
        """Start the clock for it, on the running loop."""
        loop = asyncio.get_running_loop()
        self._items[item] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._expire)

    def discard(self, item: T) -> None:
        """Forget it, whether it is there or not."""
        self._items.pop(item, None)
        if not self._items and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._timer = None
        due = [item for item, deadline in self._items.items() if deadline <= now]
        for item in due:
            self._items.pop(item, None)
        # Armed before anybody is called, who may add more.
        oldest = next(iter(self._items.values()), None)
        if oldest is not None:
            self._timer = loop.call_at(oldest, self._expire)
        for item in due:
            self._expired(item)
