"""When, and whether, a worker that died comes back."""

from typing import Final

# A worker that lived this long was not broken from the start: its next death counts as the first.
_SETTLED: Final = 10.0

_FIRST_DELAY: Final = 0.1
_LONGEST_DELAY: Final = 10.0


class Restarts:
    """Counts deaths and sets the pace: the first restart is immediate, then delays double."""

    __slots__ = ("_deaths_in_a_row", "_left")

    def __init__(self, max_restarts: int) -> None:
        self._left = max_restarts
        self._deaths_in_a_row: dict[int, int] = {}

    def delay(self, task: int, lifetime: float) -> float | None:
        """Seconds until worker ``task`` comes back, or None: too many restarts already.

        Args:
            lifetime: how many seconds it had lived.
        """
        if self._left <= 0:
            return None
        self._left -= 1
        deaths = 1 if lifetime >= _SETTLED else self._deaths_in_a_row.get(task, 0) + 1
        self._deaths_in_a_row[task] = deaths
        if deaths == 1:
            return 0.0
        # The exponent is bounded, as a worker may die a thousand times.
        return min(_FIRST_DELAY * 2.0 ** min(deaths - 2, 16), _LONGEST_DELAY)
