"""Failing a Future that perhaps nobody awaits."""

from __future__ import annotations

import asyncio
from typing import TypeVar

_T = TypeVar("_T")


def fail_quietly(future: asyncio.Future[_T], exc: BaseException) -> None:
    """Fail ``future``, if it is still pending, without a log line should nobody look at it."""
    if not future.done():
        future.set_exception(exc)
        future.exception()  # asyncio logs an exception that was never retrieved
