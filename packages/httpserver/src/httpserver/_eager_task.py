"""`start_eagerly`: eager tasks for Python 3.11, where asyncio has none.

Theory of operation
-------------------
What makes a task expensive is the loop: it is registered, and its first step waits for the next
turn. Most applications answer in that step and are through. So the task is only allocated here, and
made the current one by the calls that asyncio documents for those who write tasks of their own
("Extending asyncio"), while the coroutine takes its first step. Then

- the coroutine is through: the loop has never heard of the task, which is dropped;
- it waits for something: the task is initialised, and carries on with what is left, `_Rest`;
- somebody looks at the task during the first step, `asyncio.timeout` or anyio for instance: it is
  initialised at once. From then on it is a task like any other. What the first step comes to, the
  task is told in the loop's next turn. Only `asyncio.all_tasks` does not look: until somebody else
  does, it leaves the task out.

The last is noticed by `_FirstStep`, whose every attribute initialises it; the task changes its
class then.
"""

import asyncio
import contextvars
from asyncio.tasks import _enter_task  # noqa: PLC2701  # documented, see above
from asyncio.tasks import _leave_task  # noqa: PLC2701
from collections.abc import Coroutine
from typing import Any
from typing import Never


class _Rest(Coroutine[object, object, None]):
    """What a coroutine has still to do when its first step is over."""

    __slots__ = ("coroutine", "error", "fresh", "waits_for")

    def __init__(self, coroutine: Coroutine[object, object, None]) -> None:
        self.coroutine = coroutine
        self.fresh = True  # whether the task has not been told of the first step
        self.waits_for: object = None
        self.error: BaseException | None = None

    def send(self, value: object) -> object:
        """Tell what the first step came to, or take another one."""
        if not self.fresh:
            return self.coroutine.send(value)
        self.fresh = False
        if self.error is not None:
            raise self.error
        return self.waits_for

    def throw(self, *error: Any) -> object:
        """Raise an error where the coroutine waits: it has been cancelled."""
        if self.fresh:
            self.fresh = False
            if self.error is not None:
                raise self.error
            if isinstance(self.waits_for, asyncio.Future):
                self.waits_for.cancel()
        return self.coroutine.throw(*error)

    def close(self) -> None:
        """Give the coroutine up."""
        self.coroutine.close()

    def __await__(self) -> Never:
        raise TypeError("a task runs this, and nobody else")


class _EagerTask(asyncio.Task[None]):
    """A task that has been initialised, late."""

    __slots__ = ("context", "coroutine", "rest")

    context: contextvars.Context
    coroutine: Coroutine[object, object, None]
    rest: _Rest  # there when it is initialised

    def get_coro(self) -> Coroutine[object, object, None]:
        """The coroutine as it was given."""
        return self.coroutine


class _FirstStep(_EagerTask):
    """A task that has not been initialised: whoever looks at it finds that it has."""

    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        _initialise(self)
        return getattr(self, name)

    def __repr__(self) -> str:
        _initialise(self)
        return repr(self)


def _initialise(task: _EagerTask) -> None:
    task.__class__ = _EagerTask
    task.rest = _Rest(task.coroutine)
    asyncio.Task.__init__(task, task.rest, loop=asyncio.get_running_loop(), context=task.context)


def start_eagerly(
    coroutine: Coroutine[object, object, None], loop: asyncio.AbstractEventLoop
) -> asyncio.Task[None] | None:
    """Run `coroutine` in a task, up to where it first waits for something.

    To be called from a callback of `loop`, not from a task. None if the coroutine is through.
    """
    task = _FirstStep.__new__(_FirstStep)
    task.coroutine = coroutine
    context = task.context = contextvars.copy_context()
    waits_for: object = None
    _enter_task(loop, task)
    try:
        waits_for = context.run(coroutine.send, None)
    except (StopIteration, asyncio.CancelledError) as error:
        if type(task) is _FirstStep:
            return None
        # Not kept for a task that nobody looks at: with its traceback it would be a cycle.
        task.rest.error = error
    finally:
        _leave_task(loop, task)
    if type(task) is _FirstStep:
        _initialise(task)
    task.rest.waits_for = waits_for
    return task
