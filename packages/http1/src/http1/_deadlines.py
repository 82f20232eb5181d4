"""`Deadlines`: one timer that looks after the timeouts of many connections.

A timer for each connection, moved with each request, would cost as much as parsing the request.
Here a connection notes when its present phase began, by a clock that moves once a tick, and is
asked once a tick whether that was too long ago.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from typing import Protocol

from ._mypyc import mypyc_attr

if TYPE_CHECKING:
    from ._parameters import HTTP1ConnectionParameters


class Guarded(Protocol):
    """What `Deadlines` looks after."""

    def check_deadline(self, now: float, /) -> None:
        """A tick has passed; `now` is the time of the loop's clock."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Deadlines:
    """Asks everything in it, once every `tick` seconds, whether its time is up.

    The timer runs only while there is something to look after.
    """

    __slots__ = ("_guarded", "_timer", "loop", "now", "tick")

    def __init__(self, loop: asyncio.AbstractEventLoop, tick: float) -> None:
        self.loop = loop
        self.tick = tick
        #: The time of the loop's clock when the last tick passed, at most a tick ago.
        self.now = loop.time()
        self._guarded: dict[Guarded, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, guarded: Guarded) -> None:
        """Look after `guarded` from now on."""
        self._guarded[guarded] = None
        if self._timer is None:
            self.now = self.loop.time()
            self._timer = self.loop.call_later(self.tick, self._pass)

    def discard(self, guarded: Guarded) -> None:
        """Do not look after `guarded` any more. Nothing happens if that was so."""
        self._guarded.pop(guarded, None)

    def _pass(self) -> None:
        self._timer = None
        if not self._guarded:
            return
        self.now = self.loop.time()
        self._timer = self.loop.call_later(self.tick, self._pass)
        for guarded in list(self._guarded):
            # The end of one connection may have been the end of another one.
            if guarded in self._guarded:
                guarded.check_deadline(self.now)


def deadlines_of(params: HTTP1ConnectionParameters) -> Deadlines:
    """The `Deadlines` of all connections of the running loop that have these parameters."""
    loop = asyncio.get_running_loop()
    deadlines = params.deadlines
    if deadlines is None or deadlines.loop is not loop:
        deadlines = params.deadlines = Deadlines(loop, params.tick)
    return deadlines
