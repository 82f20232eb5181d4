"""One outstanding read, as a value: how many of the buffered bytes satisfy it?

``ready`` answers with that number, or with `NOT_YET`. It is asked again whenever bytes have
come in, and remembers what it has searched already, so that the sum of its work is linear.
"""

from __future__ import annotations

import re
from typing import Final

from ._errors import UnsatisfiableReadError
from ._pattern_width import widest_match
from ._receive_buffer import ReceiveBuffer

NOT_YET: Final = -1


class PendingRead:
    """What the five pull methods have in common."""

    __slots__ = ()

    def ready(self, inbox: ReceiveBuffer) -> int:
        """How many bytes of ``inbox`` are the answer, or `NOT_YET`.

        Raises `UnsatisfiableReadError` when no further byte can make it one.
        """
        raise NotImplementedError

    def ready_at_end(self, inbox: ReceiveBuffer) -> int:
        """The same when nothing more will come."""
        return self.ready(inbox)


class Exactly(PendingRead):
    """``read_bytes(size)``."""

    __slots__ = ("_size",)

    def __init__(self, size: int) -> None:
        self._size = size

    def ready(self, inbox: ReceiveBuffer) -> int:
        return self._size if inbox.size >= self._size else NOT_YET


class AtMost(PendingRead):
    """``read_bytes(size, partial=True)``."""

    __slots__ = ("_size",)

    def __init__(self, size: int) -> None:
        self._size = size

    def ready(self, inbox: ReceiveBuffer) -> int:
        return min(inbox.size, self._size) or (NOT_YET if self._size else 0)


class Until(PendingRead):
    """``read_until(delimiter, max_bytes)``."""

    __slots__ = ("_delimiter", "_max_bytes", "_searched")

    def __init__(self, delimiter: bytes, max_bytes: int | None) -> None:
        self._delimiter = delimiter
        self._max_bytes = max_bytes
        self._searched = 0  # no delimiter begins before this offset

    def ready(self, inbox: ReceiveBuffer) -> int:
        end = inbox.find(self._delimiter, self._searched)
        if self._max_bytes is not None:
            _check_max_bytes(end if end >= 0 else inbox.size, self._max_bytes, self._delimiter)
        if end < 0:
            self._searched = max(0, inbox.size - len(self._delimiter) + 1)
        return end


class UntilRegex(PendingRead):
    """``read_until_regex(regex, max_bytes)``."""

    __slots__ = ("_max_bytes", "_pattern", "_searched", "_widest")

    def __init__(self, pattern: re.Pattern[bytes], max_bytes: int | None) -> None:
        self._pattern = pattern
        self._max_bytes = max_bytes
        self._widest = widest_match(pattern)
        self._searched = 0  # no match begins before this offset

    def ready(self, inbox: ReceiveBuffer) -> int:
        end = inbox.search(self._pattern, self._searched)
        if self._max_bytes is not None:
            _check_max_bytes(
                end if end >= 0 else inbox.size, self._max_bytes, self._pattern.pattern
            )
        if end < 0 and self._widest is not None:
            # One more than the width: \b and $ look at the byte that follows the match.
            self._searched = max(0, inbox.size - self._widest - 1)
        return end


class UntilClose(PendingRead):
    """``read_until_close()``."""

    __slots__ = ()

    def ready(self, inbox: ReceiveBuffer) -> int:
        return NOT_YET

    def ready_at_end(self, inbox: ReceiveBuffer) -> int:
        return inbox.size


def _check_max_bytes(size: int, max_bytes: int, delimiter: bytes) -> None:
    if size > max_bytes:
        raise UnsatisfiableReadError(f"{delimiter!r} not found within {max_bytes} bytes")
