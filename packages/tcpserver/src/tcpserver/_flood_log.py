"""Log lines about peers, which are as many as the peers like."""

import logging
import time
from typing import Final

# A scanner's few attempts are told one by one, a flood by a number.
_LINES_PER_SECOND: Final = 10


class FloodLog:
    """Warnings, at most ten in a second; the next line after a flood says how many were left out."""

    __slots__ = ("_left_out", "_lines", "_logger", "_second")

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._second = 0
        self._lines = 0
        self._left_out = 0

    def warning(self, message: str, *args: object) -> None:
        """Log it, unless there was too much to log within this second."""
        second = int(time.monotonic())
        if second != self._second:
            self._second = second
            self._lines = 0
        self._lines += 1
        if self._lines > _LINES_PER_SECOND:
            self._left_out += 1
            return
        if self._left_out:
            message += " (%d more in the meantime)"
            args = (*args, self._left_out)
            self._left_out = 0
        self._logger.warning(message, *args)
