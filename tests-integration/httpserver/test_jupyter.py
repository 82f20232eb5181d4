"""Jupyter Server on our `HTTPServer`: its REST API, and a kernel over its websocket."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tornado.httpclient import AsyncHTTPClient
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

pytestmark = pytest.mark.slow

TOKEN = "only-for-this-test"  # it guards nothing
HEADERS = {"Authorization": f"token {TOKEN}"}
# A kernel is a process of its own, and takes its time to start.
PATIENCE = 60


@pytest.fixture(scope="module")
def jupyter(start: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
            patch.setitem(os.environ, name, str(folder))
        script = Path(__file__).with_name("notebook_site.py")
        with start(script, str(folder), TOKEN) as program:
            yield program


class Kernel:
    """A kernel, and the websocket to it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = AsyncHTTPClient(force_instance=True)

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        request = HTTPRequest(
            self.url + path,
            method,
            HEADERS,
            None if body is None else json.dumps(body),
            request_timeout=PATIENCE,
        )
        answer = await self.client.fetch(request)
        return json.loads(answer.body) if answer.body else None

    async def run(self, code: str) -> str:
        """What `code` prints in a new kernel."""
        kernel = await self.ask("POST", "/api/kernels", {"name": "python3"})
        path = f"/api/kernels/{kernel['id']}/channels"
        socket = await websocket_connect(
            HTTPRequest("ws" + self.url.removeprefix("http") + path, headers=HEADERS)
        )
        await socket.write_message(
            json.dumps(
                {
                    "channel": "shell",
                    "header": {
                        "msg_id": uuid4().hex,
                        "msg_type": "execute_request",
                        "session": uuid4().hex,
                        "username": "",
                        "version": "5.3",
                    },
                    "parent_header": {},
                    "metadata": {},
                    "content": {"code": code, "silent": False},
                    "buffers": [],
                }
            )
        )
        printed = ""
        while True:
            message = await socket.read_message()
            assert message is not None
            content = json.loads(message)
            if content["msg_type"] == "stream":
                printed += content["content"]["text"]
            if content["msg_type"] == "execute_reply":
                assert content["content"]["status"] == "ok"
            if content["msg_type"] == "status" and printed.endswith("done\n"):
                break
        socket.close()
        await self.ask("DELETE", f"/api/kernels/{kernel['id']}")
        return printed


def test_rest_api(jupyter: Any) -> None:
    async def main() -> None:
        kernel = Kernel(jupyter.url)
        assert (await kernel.ask("GET", "/api/status"))["kernels"] == 0
        text = "text \u00fc\n" * 100_000
        file = {"type": "file", "format": "text", "content": text}
        await kernel.ask("PUT", "/api/contents/notes.txt", file)
        assert (await kernel.ask("GET", "/api/contents/notes.txt"))["content"] == text
        kernel.client.close()

    asyncio.run(asyncio.wait_for(main(), PATIENCE))


def test_kernel_over_its_websocket(jupyter: Any) -> None:
    async def main() -> None:
        kernel = Kernel(jupyter.url)
        printed = await kernel.run("print(6 * 7)\nprint('x' * 500_000)\nprint('done')")
        assert printed == "42\n" + "x" * 500_000 + "\ndone\n"
        kernel.client.close()

    asyncio.run(asyncio.wait_for(main(), PATIENCE))
