"""Flask, served to httpx over sockets."""

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from flask import Flask
from flask import Response
from flask import request
from flask import send_file
from flask import session

from httpserver import HTTPServer
from httpserver import WSGIApplication
from httpserver import WSGIDelegate

PATIENCE = 30
OWN_SOURCE = Path(__file__).read_bytes()


@contextlib.asynccontextmanager
async def serving(app: WSGIApplication) -> AsyncIterator[str]:
    """Serve `app`; give its URL."""
    with WSGIDelegate(app, threads=4) as delegate:
        async with asyncio.timeout(PATIENCE):
            server = HTTPServer(delegate)
            server.listen(0, "127.0.0.1")
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            await server.drain()


def flask() -> Flask:
    app = Flask(__name__)
    app.secret_key = "a secret"
    app.config["PROPAGATE_EXCEPTIONS"] = True

    @app.get("/count")
    def count() -> str:
        session["n"] = session.get("n", 0) + 1
        return str(session["n"])

    @app.post("/form")
    def form() -> dict[str, object]:
        upload = request.files["file"]
        return {"text": request.form["text"], "size": len(upload.read()), "name": upload.filename}

    @app.post("/raw")
    def raw() -> str:
        return str(len(request.get_data()))

    @app.get("/stream")
    def stream() -> Response:
        def chunks() -> Iterator[bytes]:
            for n in range(100):
                yield b"%02d\n" % n

        return Response(chunks())

    @app.get("/file")
    def file() -> Response:
        return send_file(Path(__file__))

    @app.get("/failing")
    def failing() -> str:
        raise ValueError("on purpose")

    return app


def test_flask() -> None:
    async def main() -> None:
        async with serving(flask()) as url, httpx.AsyncClient(base_url=url) as client:
            for n in range(1, 4):
                assert (await client.get("/count")).text == str(n)
            answer = await client.post(
                "/form",
                data={"text": "café"},
                files={"file": ("a.bin", io.BytesIO(bytes(2_000_000)))},
            )
            assert answer.json() == {"text": "café", "size": 2_000_000, "name": "a.bin"}

            async def chunks() -> AsyncIterator[bytes]:
                for _ in range(10):
                    yield bytes(100_000)

            assert (await client.post("/raw", content=chunks())).text == "1000000"
            answer = await client.get("/stream")
            assert answer.content == b"".join([b"%02d\n" % n for n in range(100)])
            answer = await client.get("/file")
            assert answer.content == OWN_SOURCE
            answer = await client.get("/file", headers={"Range": "bytes=0-9"})
            assert (answer.status_code, len(answer.content)) == (206, 10)
            assert (await client.head("/file")).content == b""
            assert (await client.get("/nothing")).status_code == 404

    asyncio.run(main())


def test_flask_failing(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with serving(flask()) as url, httpx.AsyncClient(base_url=url) as client:
            assert (await client.get("/failing")).status_code == 500
            assert (await client.get("/count")).text == "1"

    asyncio.run(main())
    assert "on purpose" in caplog.text
