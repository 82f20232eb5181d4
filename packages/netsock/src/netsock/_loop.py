"""A thin face on this thread's asyncio loop, for the start-up patterns of a server script."""

import asyncio
import collections
import functools
import inspect
import logging
import signal
import threading
import warnings
from collections.abc import Awaitable
from collections.abc import Callable
from typing import ParamSpec
from typing import TypeVar
from typing import overload

from ._termination import Listener
from ._termination import Termination
from ._worker import announce_ready

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class IOLoop:
    """This thread's asyncio loop, made when it is first needed.

    Get it with `IOLoop.current`. Until something needs the asyncio loop there is none, so that a
    script can set itself up and fork afterwards: callbacks wait, and the first asyncio loop that
    runs in this thread takes them, be it by `start`, `run_sync` or ``asyncio.run``.
    """

    __slots__ = ("_drains", "_loop", "_pending", "_tasks", "_termination")

    def __init__(self, asyncio_loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._termination: Termination | None = None
        self._pending: collections.deque[Callable[[], object]] = collections.deque()
        self._drains: list[Callable[[], Awaitable[object]]] = []
        self._tasks: set[asyncio.Future[object]] = set()  # of callbacks that are async
        if asyncio_loop is not None:
            self._take(asyncio_loop)

    @staticmethod
    def current() -> "IOLoop":
        """The IOLoop of the loop that runs in this thread, or of the one that will."""
        face = _this_face()
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            if face is None or face.is_closed():
                face = _this_thread.face = IOLoop()
            return face
        if face is not None:
            if face._loop is running:
                return face
            if face._loop is None:
                face._take(running)
                return face
        face = _this_thread.face = IOLoop(running)
        return face

    @property
    def asyncio_loop(self) -> asyncio.AbstractEventLoop:
        """The asyncio loop underneath: the thread's own, or a new one."""
        loop = self._loop
        if loop is None:
            loop = _thread_loop()
            self._take(loop)
        return loop

    def start(self) -> None:
        """Run the loop until `stop`, SIGTERM or SIGINT.

        At the first such signal the drains run (see `add_drain`), then everything that still
        runs is cancelled, the loop is closed and ``start`` returns. A second SIGINT does not wait
        for the drains. Signals that the program handles itself are left to it.

        Raises:
            RuntimeError: a loop runs in this thread already.
        """
        _refuse_when_running("start")
        loop = self.asyncio_loop
        shutdown = _Shutdown(loop, self._drains)
        unsubscribe = self.on_termination(shutdown.begin)
        loop.call_soon(announce_ready)
        try:
            loop.run_forever()
        finally:
            unsubscribe()
        if shutdown.task is not None:
            # The Runner is asyncio's own order of putting a loop away: tasks, then generators,
            # then the executor, then the loop.
            runner = asyncio.Runner(loop_factory=lambda: loop)
            runner.get_loop()
            runner.close()

    def stop(self) -> None:
        """Make `start` return once the callbacks that are due have run; it may be called again."""
        self.add_callback(self.asyncio_loop.stop)

    @overload
    def run_sync(self, func: Callable[[], Awaitable[T]], timeout: float | None = None) -> T: ...

    @overload
    def run_sync(self, func: Callable[[], T], timeout: float | None = None) -> T: ...

    def run_sync(self, func: Callable[[], Awaitable[T] | T], timeout: float | None = None) -> T:
        """Run ``func``, plain or async, on the loop, and return what it returns.

        Args:
            timeout: seconds after which it is cancelled; None waits forever.

        Raises:
            TimeoutError: it took longer.
            RuntimeError: a loop runs in this thread already.
        """
        _refuse_when_running("run_sync")

        async def call() -> T:
            async with asyncio.timeout(timeout):
                result = func()
                if inspect.isawaitable(result):
                    return await result
                return result

        return self.asyncio_loop.run_until_complete(call())

    def add_callback(
        self, callback: Callable[P, object], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Call it, plain or async, on the loop soon. What it raises is logged.

        This is the one method that other threads may use, too.
        """
        # Queued first and looked at second: `_take` does it the other way round, so whatever
        # thread this is, one of the two sees the other's work.
        self._pending.append(functools.partial(callback, *args, **kwargs))
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._run_pending)

    def call_later(
        self, delay: float, callback: Callable[P, object], *args: P.args, **kwargs: P.kwargs
    ) -> asyncio.TimerHandle:
        """Call it, plain or async, in ``delay`` seconds; the handle returned has ``cancel()``."""
        call = functools.partial(callback, *args, **kwargs)
        return self.asyncio_loop.call_later(delay, self._run, call)

    def is_made(self) -> bool:
        """Whether there is an asyncio loop already, and it is not closed."""
        return self._loop is not None and not self._loop.is_closed()

    def is_closed(self) -> bool:
        """Whether there was an asyncio loop, and it is closed."""
        return self._loop is not None and self._loop.is_closed()

    def is_running(self) -> bool:
        """Whether the loop runs right now."""
        return self._loop is not None and self._loop.is_running()

    def on_termination(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(signal)`` on the loop at each SIGTERM and SIGINT; returns the remover.

        While there is a listener the signals do nothing else. Outside the main thread, where
        Python knows no signals, it is never called.
        """
        loop = self.asyncio_loop
        if self._termination is None:
            self._termination = Termination(loop)
        return self._termination.add_listener(listener)

    def add_drain(self, drain: Callable[[], Awaitable[object]]) -> Callable[[], None]:
        """Have `start` await ``drain()`` before it returns on a signal; returns the remover.

        All drains run at the same time; what one raises is logged.
        """
        self._drains.append(drain)
        return functools.partial(self._remove_drain, drain)

    def _remove_drain(self, drain: Callable[[], Awaitable[object]]) -> None:
        if drain in self._drains:
            self._drains.remove(drain)

    def _take(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        loop.call_soon_threadsafe(self._run_pending)

    def _run_pending(self) -> None:
        # Only those that are there now: one that adds itself again must let the loop go round.
        for _ in range(len(self._pending)):
            self._run(self._pending.popleft())

    def _run(self, callback: Callable[[], object]) -> None:
        try:
            result = callback()
            if inspect.isawaitable(result):
                task = asyncio.ensure_future(result)
                self._tasks.add(task)  # the loop itself refers to it weakly
                task.add_done_callback(self._task_done)
        except Exception:
            logger.exception("callback %r failed", callback)

    def _task_done(self, task: "asyncio.Future[object]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("callback %r failed", task, exc_info=task.exception())


class _Shutdown:
    """What a signal does to a loop in `IOLoop.start`: drain, then stop."""

    __slots__ = ("_drains", "_loop", "task")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, drains: list[Callable[[], Awaitable[object]]]
    ) -> None:
        self._loop = loop
        self._drains = drains
        self.task: asyncio.Task[None] | None = None

    def begin(self, number: signal.Signals) -> None:
        if self.task is None:
            self.task = self._loop.create_task(self._run())
        elif number == signal.SIGINT:
            self._loop.stop()

    async def _run(self) -> None:
        drained = await asyncio.gather(
            *[drain() for drain in list(self._drains)], return_exceptions=True
        )
        for outcome in drained:
            if isinstance(outcome, BaseException):
                logger.error("drain failed", exc_info=outcome)
        self._loop.stop()


_this_thread = threading.local()


def _this_face() -> IOLoop | None:
    face: IOLoop | None = getattr(_this_thread, "face", None)
    return face


def _refuse_when_running(method: str) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError(f"IOLoop.{method}: an event loop runs in this thread already")


def _thread_loop() -> asyncio.AbstractEventLoop:
    """The loop set for this thread, or a new one that is set for it from now on."""
    with warnings.catch_warnings():
        # 3.12 and 3.13 warn when this makes the loop, 3.14 raises. Making one is what we are for.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            loop = asyncio.get_event_loop()
        except RuntimeError:
            loop = None
    if loop is None or loop.is_closed():
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
    return loop
