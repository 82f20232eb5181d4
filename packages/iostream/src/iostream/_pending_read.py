"""One outstanding read, as a value: how many of the buffered bytes satisfy it?

``ready`` answers with that number, or with `NOT_YET`. It is asked again whenever bytes have
come in, and remembers what it has searched already, so that the sum of its work is linear.
"""

from __future__ import annotations

import re

from ._errors import UnsatisfiableReadError
from ._pattern_width import widest_match
from ._read_future import NOT_YET
from ._read_future import ReadFuture
from ._receive_buffer import ReceiveBuffer


class BytesRead(ReadFuture[bytes]):
    """A read whose result is the bytes that satisfied it."""

    __slots__ = ()

    def collect(self) -> bytes:
        return self.source.take(self.size)

    def give_back(self) -> bytes:
        return self.collected or b""


class Exactly(BytesRead):
    """``read_bytes(num_bytes)``."""

    __slots__ = ("_num_bytes",)

    def __init__(self, num_bytes: int) -> None:
        self._num_bytes = num_bytes

    def ready(self, inbox: ReceiveBuffer) -> int:
        return self._num_bytes if inbox.size >= self._num_bytes else NOT_YET


class AtMost(BytesRead):
    """``read_bytes(num_bytes, partial=True)``."""

    __slots__ = ("_num_bytes",)

    def __init__(self, num_bytes: int) -> None:
        self._num_bytes = num_bytes

    def ready(self, inbox: ReceiveBuffer) -> int:
        return min(inbox.size, self._num_bytes) or NOT_YET


class Until(BytesRead):
    """``read_until(delimiter, max_bytes)``.

    Who makes it sets the attributes, the commonest read being that of a line.

    Attributes:
        delimiter: what it reads up to.
        max_bytes: how many bytes that may be, with the delimiter.
        searched: no delimiter begins before this offset.
    """

    __slots__ = ("delimiter", "max_bytes", "searched")

    delimiter: bytes
    max_bytes: int | None
    searched: int

    def ready(self, inbox: ReceiveBuffer) -> int:
        start = inbox.start
        end = inbox.data.find(self.delimiter, start + self.searched)
        if end >= 0:
            end += len(self.delimiter) - start
        if self.max_bytes is not None:
            _check_max_bytes(end if end >= 0 else inbox.size, self.max_bytes, self.delimiter)
        if end < 0:
            self.searched = max(0, inbox.size - len(self.delimiter) + 1)
        return end


class UntilRegex(BytesRead):
    """``read_until_regex(regex, max_bytes)``."""

    __slots__ = ("_max_bytes", "_pattern", "_searched", "_widest")

    def __init__(self, pattern: re.Pattern[bytes], max_bytes: int | None) -> None:
        self._searched = 0  # no match begins before this offset
        self._pattern = pattern
        self._max_bytes = max_bytes
        self._widest = widest_match(pattern)

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


class UntilClose(BytesRead):
    """``read_until_close()``."""

    __slots__ = ()

    def ready(self, inbox: ReceiveBuffer) -> int:
        return NOT_YET

    def ready_at_end(self, inbox: ReceiveBuffer) -> int:
        return inbox.size


def _check_max_bytes(size: int, max_bytes: int, delimiter: bytes) -> None:
    if size > max_bytes:
        raise UnsatisfiableReadError(f"{delimiter!r} not found within {max_bytes} bytes")
