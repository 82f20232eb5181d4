"""The Future of a write that is done already."""

from __future__ import annotations

import asyncio

_completed: asyncio.Future[None] | None = None


def completed_future(loop: asyncio.AbstractEventLoop) -> asyncio.Future[None]:
    """A Future of ``loop`` that is done; always the same one, because it has no other state.

    Most writes are done when they return. A new Future for each of them would cost as much as
    half of the ``write``. Only the last loop's is kept, so at most one loop stays referred to.
    """
    global _completed
    future = _completed
    if future is None or future.get_loop() is not loop:
        _completed = future = loop.create_future()
        future.set_result(None)
    return future
