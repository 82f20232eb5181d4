"""A loop whose clock is in the test's hand."""

import asyncio
import functools
from collections.abc import Callable
from collections.abc import Coroutine
from typing import ParamSpec

from . import exchanges

P = ParamSpec("P")


class ShiftedLoop(asyncio.SelectorEventLoop):
    """Its time goes on by itself, and by what `shift` is told."""

    def __init__(self) -> None:
        super().__init__()
        self.shifted = 0.0

    def time(self) -> float:
        return super().time() + self.shifted


async def shift(seconds: float, step: float = 1.0) -> None:
    """Let so many seconds pass, step by step, with time for what becomes due."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, ShiftedLoop)
    while seconds > 0:
        loop.shifted += min(step, seconds)
        seconds -= step
        for _ in range(4):
            await asyncio.sleep(0)


def shifted(test: Callable[P, Coroutine[None, None, None]]) -> Callable[P, None]:
    """Run a test that is a coroutine on a loop whose clock `shift` moves, and close its peers."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def closing() -> None:
            try:
                await test(*args, **kwargs)
            finally:
                exchanges.close_peers()

        with asyncio.Runner(loop_factory=ShiftedLoop) as runner:
            runner.run(closing())

    return run
