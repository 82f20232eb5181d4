"""`Holdup`: what a delegate wants waited for before the rest of its message is read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable


class Holdup:
    """Waits for an awaitable that a delegate returned, in a task of its own.

    `ended` is called when it is done, with the holdup and with what it raised, None if nothing.
    A connection that has ended meanwhile tells by the holdup that it is not waiting for this one.
    """

    __slots__ = ("_ended",)

    def __init__(
        self,
        waiting: Awaitable[None],
        ended: Callable[[Holdup, BaseException | None], None],
    ) -> None:
        self._ended = ended
        asyncio.ensure_future(waiting).add_done_callback(self._done)

    def _done(self, future: asyncio.Future[None]) -> None:
        # The outcome is looked at in any case, so that none is reported as never retrieved.
        error = asyncio.CancelledError() if future.cancelled() else future.exception()
        self._ended(self, error)


def is_over(waiting: Awaitable[None]) -> bool:
    """Whether there is nothing to wait for: a Future that is done, and went well.

    The commonest awaitable of a delegate is that of a `write` which the kernel took at once.
    """
    return (
        isinstance(waiting, asyncio.Future)
        and waiting.done()
        and not waiting.cancelled()
        and waiting.exception() is None
    )
