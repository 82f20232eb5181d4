"""`start`: a task whose first step is taken at once where Python can do that."""

import asyncio
import sys
from collections.abc import Coroutine

if sys.version_info >= (3, 12):

    def start(coroutine: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Run `coroutine` in a task of its own, up to where it first waits for something.

        Most applications answer without having waited, and then the loop never hears of the task.
        It is a task like any other, seen by `asyncio.current_task` from the first step on: what
        drives a coroutine by hand breaks `asyncio.timeout` and everything built on anyio.

        A loop with a task factory is asked for the task.
        """
        loop = asyncio.get_running_loop()
        if loop.get_task_factory() is not None:
            return loop.create_task(coroutine)
        return asyncio.Task(coroutine, loop=loop, eager_start=True)

else:

    def start(coroutine: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Run `coroutine` in a task of its own, which takes its first step in the loop's next turn.

        From Python 3.12 on it is taken at once.
        """
        return asyncio.get_running_loop().create_task(coroutine)
