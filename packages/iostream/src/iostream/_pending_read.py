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
from collections.abc import Awaitable
from collections.abc import Generator
from typing import Final
from typing import Protocol
from typing import TypeVar

from ._errors import StreamClosedError
from ._errors import UnsatisfiableReadError
from ._pattern_width import widest_match
from ._receive_buffer import ReceiveBuffer

_T = TypeVar("_T", covariant=True)

NOT_YET: Final = -1


class Source(Protocol):
    """Where the bytes of a read come from: `PullReader`."""

    def take(self, size: int) -> bytes:
        """Take ``size`` bytes for the read that is satisfied: it is over."""

    def give_up(self, read: PendingRead[object]) -> None:
        """Nobody waits for ``read`` any more."""


class PendingRead(Awaitable[_T]):
    """What all reads have in common.

    It has no ``__slots__``: these defaults cost nothing until they are changed.
    """

    source: Source | None = None  # set when the read begins, None again when it is over
    size: int = NOT_YET  # how many bytes satisfied it
    waiter: asyncio.Future[None] | None = None  # what the awaiting task waits on
    _failed: bool = False
    _real_error: BaseException | None = None

    def ready(self, inbox: ReceiveBuffer) -> int:
        """How many bytes of ``inbox`` are the answer, or `NOT_YET`.

        Raises `UnsatisfiableReadError` when no further byte can make it one.
        """
        raise NotImplementedError

    def ready_at_end(self, inbox: ReceiveBuffer) -> int:
        """The same when nothing more will come."""
        return self.ready(inbox)

    def satisfy(self, size: int) -> None:
        """``size`` bytes are the answer."""
        self.size = size
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    def fail(self, real_error: BaseException | None) -> None:
        """There will be no answer: the stream was closed, because of ``real_error``."""
        self._failed = True
        self._real_error = real_error
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    def _wait(self) -> Generator[object, None, Source]:
        """Wait until the read is satisfied, and end it; return where its bytes are."""
        source = self.source
        if source is None:
            raise RuntimeError("a read can be awaited once")
        if self.size < 0 and not self._failed:
            self.waiter = asyncio.Future()
            try:
                yield from self.waiter
            except BaseException:
                source.give_up(self)
                raise
        self.source = None
        if self._failed:
            raise StreamClosedError(real_error=self._real_error)
        return source


class BytesRead(PendingRead[bytes]):
    """A read whose result is the bytes that satisfied it."""

    def __await__(self) -> Generator[object, None, bytes]:
        source = yield from self._wait()
        return source.take(self.size)


class Exactly(BytesRead):
    """``read_bytes(num_bytes)``."""

    def __init__(self, num_bytes: int) -> None:
        self._num_bytes = num_bytes
        if not num_bytes:
            self.size = 0

    def ready(self, inbox: ReceiveBuffer) -> int:
        return self._num_bytes if inbox.size >= self._num_bytes else NOT_YET


class AtMost(BytesRead):
    """``read_bytes(num_bytes, partial=True)``."""

    def __init__(self, num_bytes: int) -> None:
        self._num_bytes = num_bytes
        if not num_bytes:
            self.size = 0

    def ready(self, inbox: ReceiveBuffer) -> int:
        return min(inbox.size, self._num_bytes) or NOT_YET


class Until(BytesRead):
    """``read_until(delimiter, max_bytes)``."""

    _searched = 0  # no delimiter begins before this offset

    def __init__(self, delimiter: bytes, max_bytes: int | None) -> None:
        self._delimiter = delimiter
        self._max_bytes = max_bytes

    def ready(self, inbox: ReceiveBuffer) -> int:
        end = inbox.find(self._delimiter, self._searched)
        if self._max_bytes is not None:
            _check_max_bytes(end if end >= 0 else inbox.size, self._max_bytes, self._delimiter)
        if end < 0:
            self._searched = max(0, inbox.size - len(self._delimiter) + 1)
        return end


class UntilRegex(BytesRead):
    """``read_until_regex(regex, max_bytes)``."""

    _searched = 0  # no match begins before this offset

    def __init__(self, pattern: re.Pattern[bytes], max_bytes: int | None) -> None:
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

    def ready(self, inbox: ReceiveBuffer) -> int:
        return NOT_YET

    def ready_at_end(self, inbox: ReceiveBuffer) -> int:
        return inbox.size


def _check_max_bytes(size: int, max_bytes: int, delimiter: bytes) -> None:
    if size > max_bytes:
        raise UnsatisfiableReadError(f"{delimiter!r} not found within {max_bytes} bytes")
