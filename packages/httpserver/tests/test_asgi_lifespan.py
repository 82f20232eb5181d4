"""Start-up and shutdown of ASGI applications."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from httpserver import ASGIDelegate
from httpserver import HTTPServer
from httpserver import LifespanError

Serving = Callable[[HTTPServer], AbstractAsyncContextManager[Any]]
Run = Callable[[Any], None]


def test_start_up_and_shutdown_and_what_is_kept_in_between(run: Run, serving: Serving) -> None:
    told: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            tasks.append(asyncio.current_task())
            assert scope["asgi"] == {"version": "3.0", "spec_version": "2.0"}
            told.append((await receive())["type"])
            scope["state"]["pool"] = "a pool"
            await send({"type": "lifespan.startup.complete"})
            told.append((await receive())["type"])
            tasks.append(asyncio.current_task())
            await send({"type": "lifespan.shutdown.complete"})
            return
        body = scope["state"]["pool"].encode()
        scope["state"]["pool"] = "of this request"
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": body})

    tasks: list[object] = []

    async def main() -> None:
        async with ASGIDelegate(app) as delegate, serving(HTTPServer(delegate)) as site:
            assert told == ["lifespan.startup"]
            for _ in range(2):
                assert (await site.ask("GET", "/")).body == b"a pool"
        assert told == ["lifespan.startup", "lifespan.shutdown"]
        assert tasks[0] is tasks[1]

    run(main())


async def declines(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http"


async def returns(scope: Any, receive: Any, send: Any) -> None:
    pass


async def returns_after_start_up(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})


@pytest.mark.parametrize("app", [declines, returns, returns_after_start_up])
def test_an_application_may_do_without(run: Run, app: Any) -> None:
    async def main() -> None:
        async with ASGIDelegate(app):
            pass

    run(main())


def test_one_that_must_not(run: Run) -> None:
    async def main() -> None:
        with pytest.raises(LifespanError):
            await ASGIDelegate(declines, lifespan="on").startup()

    run(main())


def test_off(run: Run) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("called")

    async def main() -> None:
        async with ASGIDelegate(app, lifespan="off"):
            pass

    run(main())


def failing(at: str, how: str) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        for stage in ("startup", "shutdown"):
            assert (await receive())["type"] == f"lifespan.{stage}"
            if stage != at:
                await send({"type": f"lifespan.{stage}.complete"})
            elif how == "raises":
                raise ValueError("no database")
            elif how == "says":
                await send({"type": f"lifespan.{stage}.failed", "message": "no database"})
                raise ValueError("which nobody sees")
            else:
                await send({"type": "lifespan.nonsense"})

    return app


@pytest.mark.parametrize("how", ["raises", "says", "nonsense"])
@pytest.mark.parametrize("mode", ["auto", "on"])
def test_failing_to_start_up(run: Run, how: str, mode: Any) -> None:
    async def main() -> None:
        delegate = ASGIDelegate(failing("startup", how), lifespan=mode)
        with pytest.raises(LifespanError, match="nonsense" if how == "nonsense" else "no database"):
            await delegate.startup()

    run(main())


@pytest.mark.parametrize("how", ["raises", "says", "nonsense"])
def test_failing_to_shut_down(run: Run, how: str) -> None:
    async def main() -> None:
        delegate = ASGIDelegate(failing("shutdown", how))
        await delegate.startup()
        with pytest.raises(LifespanError, match="nonsense" if how == "nonsense" else "no database"):
            await delegate.shutdown()

    run(main())


def test_start_up_is_once(run: Run) -> None:
    async def main() -> None:
        async with ASGIDelegate(returns_after_start_up) as delegate:
            with pytest.raises(RuntimeError):
                await delegate.startup()

    run(main())


def test_giving_up_start_up_ends_the_application(run: Run) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        starting = asyncio.create_task(ASGIDelegate(app).startup())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        await asyncio.sleep(0)

    run(main())
