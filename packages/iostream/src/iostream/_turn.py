"""`Turn`: what streams write while they receive is sent at the end of the loop's turn.

Measured on Linux, 64 connections and small messages: a fifth less CPU a message than with a send
behind each receive, most of it in the kernel. One connection alone takes no longer than before.
"""

from __future__ import annotations

import asyncio
from typing import Final
from typing import Protocol

# How many streams wait for the end of the turn before they are sent for all the same: what the
# first of them has written should not wait for many receivers that take their time.
_MOST: Final = 16

# A stream that was alone in its turn gains nothing from waiting, and pays for one turn more. So the
# next ones do not wait, until this many have been sent for; then it is looked at again.
_ALONE: Final = 8


class Corked(Protocol):
    """What waits for the end of a turn."""

    def uncork(self) -> None:
        """Send what was held back."""


class Turn:
    """Has the streams of a loop send their answers together, at the end of the loop's turn.

    To send wakes the peer, or the network card. Done between the receivers of two streams each
    send finds everybody asleep again, and costs half as much again as in a row of its own, where
    only the first one wakes and the code of the kernel stays in the caches.
    """

    __slots__ = ("_alone", "_waiting", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        #: The loop whose turns these are.
        self.loop = loop
        self._waiting: list[Corked] = []
        self._alone = 0

    def uncork(self, stream: Corked) -> None:
        """Uncork ``stream`` at the end of the turn, or at once where that is better."""
        if self._alone:
            self._alone -= 1
            stream.uncork()
            return
        waiting = self._waiting
        if not waiting:
            self.loop.call_soon(self._end)
        waiting.append(stream)
        if len(waiting) == _MOST:
            self._uncork_all()

    def _end(self) -> None:
        if len(self._waiting) == 1:
            self._alone = _ALONE
        self._uncork_all()

    def _uncork_all(self) -> None:
        waiting = self._waiting
        self._waiting = []
        for stream in waiting:
            stream.uncork()


_turn: Turn | None = None


def turn_of(loop: asyncio.AbstractEventLoop) -> Turn:
    """The `Turn` that the streams of ``loop`` share. Only the last loop's is kept."""
    global _turn
    turn = _turn
    if turn is None or turn.loop is not loop:
        _turn = turn = Turn(loop)
    return turn
