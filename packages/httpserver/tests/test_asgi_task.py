"""A task of which the first step is taken at once is a task like any other."""

import asyncio
import contextvars
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Coroutine
from typing import Any

import pytest

from httpserver._asgi_task import start

Run = Callable[[Any], None]

variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable", default=0)


def eagerly(body: Callable[[], Coroutine[object, object, None]]) -> None:
    """Start a coroutine from a callback, and wait until it is through."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        over: asyncio.Future[None] = loop.create_future()
        tasks: list[asyncio.Task[None] | None] = []

        async def observed() -> None:
            try:
                await body()
            except BaseException as error:
                over.set_exception(error)
            else:
                over.set_result(None)

        loop.call_soon(lambda: tasks.append(start(observed())))
        try:
            async with asyncio.timeout(10):
                await over
        finally:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            if tasks[0] is not None:
                assert tasks[0].done()

    asyncio.run(main())


def test_the_first_step_is_taken_at_once() -> None:
    async def main() -> None:
        steps = []

        async def body() -> None:
            steps.append(asyncio.current_task() is not None)
            await asyncio.sleep(0)
            steps.append(True)

        loop = asyncio.get_running_loop()
        at_once: list[int] = []
        loop.call_soon(lambda: start(body()))
        loop.call_soon(lambda: at_once.append(len(steps)))
        for _ in range(3):
            await asyncio.sleep(0)
        assert at_once == [1]
        assert steps == [True, True]

    asyncio.run(main())


async def waits(for_what: Awaitable[object]) -> None:
    before = asyncio.current_task()
    await for_what
    assert asyncio.current_task() is before
    await asyncio.sleep(0)
    assert asyncio.current_task() is before


async def nothing() -> None:
    assert asyncio.current_task() is not None


async def a_task() -> None:
    await waits(asyncio.create_task(asyncio.sleep(0)))


async def a_timeout() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await asyncio.Event().wait()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), 0.001)


async def a_timeout_that_is_not_needed() -> None:
    async with asyncio.timeout(10):
        await nothing()


async def a_group() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.sleep(0))
    with pytest.raises(ExceptionGroup):
        await a_group_that_fails()


async def a_group_that_fails() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(fails())
        await asyncio.Event().wait()


async def fails() -> None:
    raise ValueError


async def cancels_itself() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    assert task.cancelling() == 1
    with pytest.raises(asyncio.CancelledError):
        await asyncio.Event().wait()
    assert task.uncancel() == 0
    await asyncio.sleep(0)


async def is_cancelled_before_its_second_step() -> None:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().call_soon(task.cancel)
    future = asyncio.get_running_loop().create_future()
    with pytest.raises(asyncio.CancelledError):
        await future
    assert future.cancelled()


async def looks_at_itself() -> None:
    task = asyncio.current_task()
    assert task is not None
    assert task.get_name()
    assert task in asyncio.all_tasks()
    assert not task.done()
    assert "Task" in repr(task)
    assert asyncio.iscoroutine(task.get_coro())
    called: list[object] = []
    task.add_done_callback(called.append)
    task.remove_done_callback(called.append)
    await asyncio.sleep(0)
    assert asyncio.current_task() is task


async def sets_a_variable() -> None:
    variable.set(1)
    await asyncio.sleep(0)
    assert variable.get() == 1


@pytest.mark.parametrize(
    "body",
    [
        nothing,
        a_task,
        a_timeout,
        a_timeout_that_is_not_needed,
        a_group,
        cancels_itself,
        is_cancelled_before_its_second_step,
        looks_at_itself,
        sets_a_variable,
    ],
)
def test_it_is_a_task(body: Callable[[], Coroutine[object, object, None]]) -> None:
    eagerly(body)
    assert variable.get() == 0


def test_what_waits_for_it_is_told() -> None:
    async def main() -> None:
        tasks: list[asyncio.Task[None]] = []

        async def body() -> None:
            task = asyncio.current_task()
            assert task is not None
            task.add_done_callback(tasks.append)

        asyncio.get_running_loop().call_soon(lambda: start(body()))
        for _ in range(4):
            await asyncio.sleep(0)
        assert tasks[0].result() is None

    asyncio.run(main())


def test_a_task_factory_is_asked() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        made: list[object] = []

        def factory(loop: Any, coroutine: Any, **options: Any) -> asyncio.Task[None]:
            made.append(coroutine)
            return asyncio.Task(coroutine, loop=loop, **options)

        loop.set_task_factory(factory)  # type: ignore[arg-type]
        loop.call_soon(lambda: start(nothing()))
        for _ in range(3):
            await asyncio.sleep(0)
        assert len(made) == 1

    asyncio.run(main())
