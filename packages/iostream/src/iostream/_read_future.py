"""The Future that a read returns.

It is not an `asyncio.Future`, but a Future to asyncio (see `asyncio.isfuture`) and to its users.
The difference is where the bytes are while nobody has them yet: an `asyncio.Future` that is done
holds its result, and when the task that awaits it is cancelled in the moment before it goes on,
by a timeout for instance, the result is gone. With a read that would be a hole in the stream. So
the bytes stay in the inbox until the task goes on, or somebody asks for the result.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from collections.abc import Generator
from typing import TYPE_CHECKING
from typing import Final
from typing import Generic
from typing import Self
from typing import TypeVar

from ._errors import StreamClosedError

if TYPE_CHECKING:
    from ._pull_reader import PullReader
    from ._receive_buffer import ReceiveBuffer

_T = TypeVar("_T")
_F = TypeVar("_F")

NOT_YET: Final = -1


class ReadFuture(Generic[_T]):
    """One read, from its beginning to its result.

    `PullReader` sets the attributes when it begins the read, which is cheaper than a
    constructor.

    Attributes:
        source: where the bytes come from.
        size: how many bytes of the inbox satisfied it, or `NOT_YET`.
        waiter: what tasks and callbacks wait on, made for the first of them.
        failure: why there will be no answer.
        collected: the result, once somebody has it.
    """

    __slots__ = ("collected", "failure", "size", "source", "waiter")

    # What asyncio.isfuture looks for.
    _asyncio_future_blocking = False

    source: PullReader
    size: int
    waiter: asyncio.Future[None] | None
    failure: BaseException | None
    collected: _T | None

    # ---- The value ----

    def ready(self, inbox: ReceiveBuffer) -> int:
        """How many bytes of ``inbox`` are the answer, or `NOT_YET`.

        Raises `UnsatisfiableReadError` when no further byte can make it one.
        """
        raise NotImplementedError

    def ready_at_end(self, inbox: ReceiveBuffer) -> int:
        """The same when nothing more will come."""
        return self.ready(inbox)

    def collect(self) -> _T:
        """Take the bytes out of the inbox, and make the result of them."""
        raise NotImplementedError

    def give_back(self) -> bytes:
        """The bytes that are not in the inbox any more, for nobody wants them."""
        raise NotImplementedError

    def satisfy(self, size: int) -> None:
        """``size`` bytes of the inbox are the answer."""
        self.size = size
        waiter = self.waiter
        if waiter is not None:
            try:
                waiter.set_result(None)
            except asyncio.InvalidStateError:
                pass  # the task that waits was cancelled, and has not gone on yet

    def fail(self, failure: BaseException) -> None:
        """There will be no answer."""
        self.failure = failure
        waiter = self.waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    # ---- The Future ----

    def __await__(self) -> Generator[object, None, _T]:
        if self.size < 0 and self.failure is None:
            waiter = self.waiter
            if waiter is None:
                self.waiter = waiter = asyncio.Future(loop=self.source.loop)
            try:
                yield from waiter
            except BaseException:
                self.source.give_up(self)
                raise
        if self.failure is None and self.collected is None:
            self.collected = result = self.collect()
            return result
        return self.result()

    def done(self) -> bool:
        """Whether the read is over: satisfied, failed or cancelled."""
        return self.size >= 0 or self.failure is not None

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return isinstance(self.failure, asyncio.CancelledError)

    def cancel(self, msg: object = None) -> bool:
        """Give the read up; its bytes are for the next one. False if it is over already."""
        if self.done():
            return False
        self.source.give_up(self)
        if self.waiter is not None:
            self.waiter.cancel()
        return True

    def result(self) -> _T:
        """What was read; raises what `asyncio.Future.result` raises."""
        failure = self.failure
        if failure is not None:
            # A new one, for an exception that is raised refers to the frame that refers to self.
            if isinstance(failure, StreamClosedError):
                raise StreamClosedError(real_error=failure.real_error)
            raise asyncio.CancelledError
        if self.size < 0:
            raise asyncio.InvalidStateError("the read is not over")
        result = self.collected
        if result is None:
            self.collected = result = self.collect()
        return result

    def exception(self) -> BaseException | None:
        """Why there is no answer, None if there is one."""
        if self.cancelled():
            raise asyncio.CancelledError
        if not self.done():
            raise asyncio.InvalidStateError("the read is not over")
        return self.failure

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """The loop of the stream."""
        return self.source.loop

    def add_done_callback(
        self, fn: Callable[[Self], object], *, context: contextvars.Context | None = None
    ) -> None:
        """Have the loop call ``fn`` with this object when the read is over."""
        if self.waiter is None:
            self.waiter = asyncio.Future(loop=self.get_loop())
            if self.done():
                self.waiter.set_result(None)
        self.waiter.add_done_callback(_DoneCallback(fn, self), context=context)

    def remove_done_callback(self, fn: Callable[[Self], object]) -> int:
        """Undo `add_done_callback`; return how often ``fn`` was there."""
        if self.waiter is None:
            return 0
        return self.waiter.remove_done_callback(_DoneCallback(fn, self))


class _DoneCallback(Generic[_F]):
    """Calls ``fn`` with the read in place of the Future that it waits on."""

    __slots__ = ("_fn", "_read")

    def __init__(self, fn: Callable[[_F], object], read: _F) -> None:
        self._fn = fn
        self._read = read

    def __call__(self, waiter: asyncio.Future[None]) -> None:
        self._fn(self._read)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _DoneCallback) and self._fn == other._fn

    def __hash__(self) -> int:
        return hash(self._fn)
