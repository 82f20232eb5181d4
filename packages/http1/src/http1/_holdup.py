"""`Holdup`: what a delegate wants waited for before the rest of its message is read."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from collections.abc import Callable
from typing import Final

from iostream import StreamClosedError

logger = logging.getLogger(__name__)


class Holdup:
    """Waits for an awaitable that a delegate returned, in a task of its own.

    `ended` is called when it is done, with the holdup and with what it raised, None if nothing.
    A connection that has ended meanwhile tells by the holdup that it is not waiting for this one:
    the awaitable runs to its end in any case, as the delegate of a detached connection wants it.
    """

    __slots__ = ("_ended", "_future")

    def __init__(
        self,
        waiting: Awaitable[None],
        ended: Callable[[Holdup, BaseException | None], None],
    ) -> None:
        self._ended = ended
        self._future = asyncio.ensure_future(waiting)
        self._future.add_done_callback(self._done)
        _running.add(self)

    def _done(self, future: asyncio.Future[None]) -> None:
        _running.discard(self)
        # The outcome is looked at in any case, so that none is reported as never retrieved.
        error = asyncio.CancelledError() if future.cancelled() else future.exception()
        self._ended(self, error)


# The loop does not keep a task alive, and the connection forgets it when it ends.
_running: Final[set[Holdup]] = set()


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


def log_late(error: BaseException | None) -> None:
    """Log what a delegate's awaitable raised when its connection had ended.

    Not that the connection is gone: that is what ended it.
    """
    if isinstance(error, Exception) and not isinstance(error, StreamClosedError):
        logger.error("Exception in a delegate whose connection has ended", exc_info=error)
