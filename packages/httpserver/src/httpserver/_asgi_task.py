"""`start`: a task whose first step is taken at once."""

import asyncio
import sys
from collections.abc import Coroutine

if sys.version_info < (3, 12):
    from ._eager_task import start_eagerly


def start(coroutine: Coroutine[object, object, None]) -> asyncio.Task[None] | None:
    """Run `coroutine` in a task of its own, up to where it first waits for something.

    Most applications answer without having waited, and then the loop never hears of the task. It is
    a task like any other, seen by `asyncio.current_task` from the first step on: what drives a
    coroutine by hand breaks `asyncio.timeout` and everything built on anyio.

    A loop with a task factory is asked for the task. So is one where a task is running, which is to
    go on first. None if there is no need of a task any more.
    """
    loop = asyncio.get_running_loop()
    if loop.get_task_factory() is not None or asyncio.current_task(loop) is not None:
        return loop.create_task(coroutine)
    if sys.version_info >= (3, 12):
        return asyncio.Task(coroutine, loop=loop, eager_start=True)
    else:  # noqa: RET505  # mypy on 3.12 must not come here, where the name is not known
        return start_eagerly(coroutine, loop)
