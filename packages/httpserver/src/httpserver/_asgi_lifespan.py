"""`Lifespan`: start-up and shutdown of an ASGI application."""

import asyncio
import logging
from typing import Any
from typing import Literal

from ._asgi_types import ASGIApplication
from ._asgi_types import Message

logger = logging.getLogger(__name__)

LifespanMode = Literal["auto", "on", "off"]


class LifespanError(Exception):
    """An application could not start up, or not shut down: what it said about it."""


class Lifespan:
    """Tells `application` that serving begins and ends, in one task from the one to the other.

    `mode`: `"on"` for an application that has to take part; `"auto"` if it may decline, by raising
    before it has asked for the first event; `"off"` to leave it alone.
    """

    def __init__(
        self, application: ASGIApplication, state: dict[str, object], mode: LifespanMode
    ) -> None:
        self._application = application
        self._state = state
        self._mode = mode
        self._task: asyncio.Task[None] | None = None
        self._asked = False  # whether the application has called receive
        self._stage = "startup"
        self._given = False  # whether the event of this stage has been given out
        self._stopping = asyncio.Event()
        self._answer: asyncio.Future[None] | None = None

    async def startup(self) -> None:
        """Tell the application to start up, and wait until it has. Raises `LifespanError`."""
        if self._mode == "off":
            return
        if self._task is not None:
            raise RuntimeError("startup() was called before")
        self._task = asyncio.create_task(self._run())
        try:
            await self._answered()
        except LifespanError:
            await self._end()
            raise
        except Exception as error:
            if self._mode == "on" or self._asked:
                raise LifespanError(f"the application failed to start up: {error!r}") from error
            logger.info("The application does without lifespan events: %r", error)
            self._mode = "off"

    async def shutdown(self) -> None:
        """Tell the application to shut down, and wait until it has. Raises `LifespanError`."""
        task = self._task
        if self._mode == "off" or task is None:
            return
        self._mode = "off"
        self._stage = "shutdown"
        self._given = False
        self._stopping.set()
        try:
            await self._answered()
            await task
        except LifespanError:
            await self._end()
            raise
        except Exception as error:
            raise LifespanError(f"the application failed to shut down: {error!r}") from error

    async def _answered(self) -> None:
        """Wait for the answer to the present event, or for the end of the application."""
        task = self._task
        assert task is not None
        answer = self._answer = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait((task, answer), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if answer.done():
            answer.result()
        else:
            # It has raised, or it has returned without an answer and counts as through.
            task.result()
            if self._stage == "startup":
                self._mode = "off"

    async def _end(self) -> None:
        """Stop the application: it has said that it failed, and may have more to say."""
        task = self._task
        assert task is not None
        task.cancel()
        await asyncio.wait((task,))
        if not task.cancelled():
            task.exception()  # Retrieved: what it said before it raised is what counts.

    async def _run(self) -> None:
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self._state,
        }
        await self._application(scope, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        self._asked = True
        if self._given:
            await self._stopping.wait()
            self._stopping.clear()
        self._given = True
        return {"type": f"lifespan.{self._stage}"}

    async def _send(self, message: Message) -> None:
        answer = self._answer
        kind = message["type"]
        if answer is None or answer.done() or not self._asked:
            raise RuntimeError(f"{kind!r} is out of turn")
        if kind == f"lifespan.{self._stage}.complete":
            answer.set_result(None)
        elif kind == f"lifespan.{self._stage}.failed":
            text = message.get("message", "") or "no reason given"
            answer.set_exception(LifespanError(f"the application failed to {self._verb()}: {text}"))
        else:
            raise RuntimeError(f"{kind!r} is out of turn: this is {self._stage}")

    def _verb(self) -> str:
        return "start up" if self._stage == "startup" else "shut down"
