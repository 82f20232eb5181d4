"""Starlette, FastAPI and asgiref's own adapter, served to httpx and websockets, over sockets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from collections.abc import Awaitable
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from asgiref.wsgi import WsgiToAsgi
from fastapi import Depends
from fastapi import FastAPI
from fastapi import File
from fastapi import UploadFile
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.responses import JSONResponse
from starlette.responses import PlainTextResponse
from starlette.responses import Response
from starlette.responses import StreamingResponse
from starlette.routing import Route
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from starlette.websockets import WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError
from websockets.exceptions import InvalidStatus

from httpserver import ASGIApplication
from httpserver import ASGIDelegate
from httpserver import HTTPServer

PATIENCE = 30
OWN_SOURCE = Path(__file__).read_bytes()


@contextlib.asynccontextmanager
async def serving(app: ASGIApplication) -> AsyncIterator[str]:
    """Serve `app`; give where, without the scheme."""
    async with asyncio.timeout(PATIENCE), ASGIDelegate(app) as delegate:
        server = HTTPServer(delegate)
        server.listen(0, "127.0.0.1")
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await server.drain()


async def whole(request: Request) -> Response:
    body = await request.body()
    task = BackgroundTask(request.app.state.done.append, len(body))
    return JSONResponse({"size": len(body), "pool": request.state.pool}, background=task)


async def streamed(request: Request) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
        for _ in range(10):
            yield b"%09d\n" % size

    return StreamingResponse(chunks())


async def a_file(request: Request) -> Response:
    return FileResponse(Path(__file__))


async def failing(request: Request) -> Response:
    raise ValueError("on purpose")


async def talk(websocket: WebSocket) -> None:
    await websocket.accept(subprotocol="chat")
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await websocket.send_text((await websocket.receive_text()).upper())


async def deny(websocket: WebSocket) -> None:
    await websocket.send_denial_response(PlainTextResponse("not you", 401))


async def fail(websocket: WebSocket) -> None:
    await websocket.accept()
    raise ValueError("on purpose")


class Stamp(BaseHTTPMiddleware):
    """The middleware that runs the application in an anyio task group."""

    async def dispatch(
        self, request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        response = await call_next(request)
        response.headers["X-Stamp"] = "yes"
        return response


def starlette(*middleware: Middleware) -> Starlette:
    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, str]]:
        app.state.done = []
        yield {"pool": "a pool"}
        app.state.done.append("down")

    return Starlette(
        routes=[
            Route("/whole", whole, methods=["GET", "POST"]),
            Route("/streamed", streamed, methods=["GET", "POST"]),
            Route("/file", a_file),
            Route("/failing", failing),
            WebSocketRoute("/talk", talk),
            WebSocketRoute("/deny", deny),
            WebSocketRoute("/fail", fail),
        ],
        middleware=middleware,
        lifespan=lifespan,
    )


@pytest.mark.parametrize("wrapped", [False, True])
def test_starlette(wrapped: bool) -> None:
    app = starlette(*([Middleware(Stamp), Middleware(GZipMiddleware)] if wrapped else []))

    async def main() -> None:
        async with serving(app) as where, httpx.AsyncClient(base_url=f"http://{where}") as client:
            for _ in range(2):
                answer = await client.get("/whole")
                assert answer.json() == {"size": 0, "pool": "a pool"}
                assert ("X-Stamp" in answer.headers) is wrapped
                answer = await client.post("/whole", content=bytes(3_000_000))
                assert answer.json()["size"] == 3_000_000
                answer = await client.post("/streamed", content=bytes(1_000_000))
                assert answer.content == b"001000000\n" * 10
                answer = await client.get("/file")
                assert answer.content == OWN_SOURCE
                answer = await client.get("/file", headers={"Range": "bytes=0-9"})
                assert (answer.status_code, len(answer.content)) == (206, 10)
                assert (await client.head("/file")).content == b""
                assert (await client.get("/nothing")).status_code == 404
        assert app.state.done == [0, 3_000_000] * 2 + ["down"]

    asyncio.run(main())


def test_starlette_failing(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with (
            serving(starlette()) as where,
            httpx.AsyncClient(base_url=f"http://{where}") as client,
        ):
            assert (await client.get("/failing")).status_code == 500
            assert (await client.get("/whole")).status_code == 200
        assert "GET /failing from 127.0.0.1" in caplog.text

    asyncio.run(main())


def test_websockets(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with serving(starlette()) as where:
            url = f"ws://{where}"
            async with connect(url + "/talk", subprotocols=["chat"]) as websocket:  # type: ignore[list-item]
                assert websocket.subprotocol == "chat"
                for size in (0, 1, 1000, 1_000_000):
                    await websocket.send("a" * size)
                    assert await websocket.recv() == "A" * size
                await (await websocket.ping())
            assert websocket.close_code == 1000
            with pytest.raises(InvalidStatus) as denied:
                await connect(url + "/deny")
            assert denied.value.response.status_code == 401
            assert denied.value.response.body == b"not you"
            async with connect(url + "/fail", compression=None) as websocket:
                with pytest.raises(ConnectionClosedError):
                    await websocket.recv()
                assert websocket.close_code == 1011

    asyncio.run(main())
    assert "on purpose" in caplog.text


def test_fastapi() -> None:
    app = FastAPI()
    left = []

    async def resource() -> AsyncIterator[str]:
        yield "a resource"
        left.append(1)

    @app.get("/async/{number}")
    async def asynchronous(number: int, what: str = Depends(resource)) -> dict[str, object]:
        return {"number": number, "what": what}

    @app.get("/thread")
    def in_a_thread() -> dict[str, int]:
        return {"number": 1}

    @app.post("/upload")
    async def upload(file: UploadFile = File()) -> int:  # noqa: B008  # FastAPI's way
        return len(await file.read())

    async def main() -> None:
        async with serving(app) as where, httpx.AsyncClient(base_url=f"http://{where}") as client:
            assert (await client.get("/async/5")).json() == {"number": 5, "what": "a resource"}
            assert (await client.get("/async/five")).status_code == 422
            assert (await client.get("/thread")).json() == {"number": 1}
            assert (await client.get("/openapi.json")).status_code == 200
        assert left

    asyncio.run(main())


def test_asgiref() -> None:
    from wsgiref.simple_server import demo_app

    async def main() -> None:
        async with (
            serving(WsgiToAsgi(demo_app)) as where,  # type: ignore[no-untyped-call]
            httpx.AsyncClient(base_url=f"http://{where}") as client,
        ):
            answer = await client.get("/here?a=b")
            assert answer.text.startswith("Hello world!")
            assert "QUERY_STRING = 'a=b'" in answer.text

    asyncio.run(main())
