"""One outstanding read, as a value: how many of the buffered bytes satisfy it?

``ready`` answers with that number, or with `NOT_YET`. It is asked again whenever bytes have
come in, and remembers what it has searched already, so that the sum of its work is linear.

The value is also what the ``read_*`` methods return. Awaiting it waits until it is satisfied, and
only then takes the bytes out of the inbox: so a task that is cancelled while it waits, be it after
the bytes came and before it could go on, leaves them there for the next read. A Future that
carried the bytes would take them with it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Generator
from typing import Final
from typing import Protocol

from ._errors import StreamClosedError
from ._errors import UnsatisfiableReadError
from ._pattern_width import widest_match
from ._receive_buffer import ReceiveBuffer

NOT_YET: Final = -1


class Source(Protocol):
    """Where the bytes of a read come from: `PullReader`."""

    def take(self, size: int) -> bytes:
        """Take ``size`` bytes for the read that is satisfied: it is over."""

    def give_up(self, read: PendingRead) -> None:
        """Nobody waits for ``read`` any more."""


class PendingRead:
    """What all reads have in common.

    `PullReader.start` sets the attributes, there and then, for that is cheaper than a constructor.

    Attributes:
        source: where the bytes come from; None when the read is over.
        size: how many bytes of the inbox satisfied it, or `NOT_YET`.
        waiter: what the awaiting task waits on.
        failure: why there will be no answer.
    """

    __slots__ = ("__weakref__", "failure", "size", "source", "waiter")

    source: Source | None
    size: int
    waiter: asyncio.Future[None] | None
    failure: StreamClosedError | None

    def ready(self, inbox: ReceiveBuffer) -> int:
        """How many bytes of ``inbox`` are the answer, or `NOT_YET`.

        Raises `UnsatisfiableReadError` when no further byte can make it one.
        """
        raise NotImplementedError

    def ready_at_end(self, inbox: ReceiveBuffer) -> int:
        """The same when nothing more will come."""
        return self.ready(inbox)

    def satisfy(self, size: int) -> None:
        """``size`` bytes of the inbox are the answer."""
        self.size = size
        waiter = self.waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def fail(self, failure: StreamClosedError) -> None:
        """There will be no answer, because of ``failure``."""
        self.failure = failure
        waiter = self.waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def __await__(self) -> Generator[object, None, bytes]:
        source = self.source
        if source is None:
            raise RuntimeError("a read can be awaited once")
        if self.size < 0 and self.failure is None:
            self.waiter = asyncio.Future()
            try:
                yield from self.waiter
            except BaseException:
                source.give_up(self)
                raise
        self.source = None
        if self.failure is not None:
            failure, self.failure = self.failure, None
            try:
                raise failure
            finally:
                del failure  # or it would refer to this frame, and the frame to it
        return source.take(self.size)


class Exactly(PendingRead):
    """``read_bytes(num_bytes)``."""

    __slots__ = ("_num_bytes",)

    def __init__(self, num_bytes: int) -> None:
        self._num_bytes = num_bytes

    def ready(self, inbox: ReceiveBuffer) -> int:
        return self._num_bytes if inbox.size >= self._num_bytes else NOT_YET


class AtMost(PendingRead):
    """``read_bytes(num_bytes, partial=True)``."""

    __slots__ = ("_num_bytes",)

    def __init__(self, num_bytes: int) -> None:
        self._num_bytes = num_bytes

    def ready(self, inbox: ReceiveBuffer) -> int:
        return min(inbox.size, self._num_bytes) or NOT_YET


class Until(PendingRead):
    """``read_until(delimiter, max_bytes)``."""

    __slots__ = ("_delimiter", "_max_bytes", "_searched")

    def __init__(self, delimiter: bytes, max_bytes: int | None) -> None:
        self._searched = 0  # no delimiter begins before this offset
        self._delimiter = delimiter
        self._max_bytes = max_bytes

    def ready(self, inbox: ReceiveBuffer) -> int:
        start = inbox.start
        end = inbox.data.find(self._delimiter, start + self._searched)
        if end >= 0:
            end += len(self._delimiter) - start
        if self._max_bytes is not None:
            _check_max_bytes(end if end >= 0 else inbox.size, self._max_bytes, self._delimiter)
        if end < 0:
            self._searched = max(0, inbox.size - len(self._delimiter) + 1)
        return end


class UntilRegex(PendingRead):
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
