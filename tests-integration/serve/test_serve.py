"""`hatch run serve`, without hatch: the page, the echo, the upload, and the end."""

import hashlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from .browser import Browser

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def process() -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tools.serve", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


@pytest.fixture(scope="module")
def port(process: "subprocess.Popen[str]") -> int:
    assert process.stdout is not None
    said = re.fullmatch(r"Serving on http://127\.0\.0\.1:(\d+)/\n", process.stdout.readline())
    assert said
    return int(said[1])


@pytest.fixture
def client(port: int) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    yield connection
    connection.close()


class Cells(HTMLParser):
    """The text of a page's table cells."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.inside = tag in ("th", "td")
        if self.inside:
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in ("th", "td")

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.texts[-1] += data


def test_the_page_says_what_runs(client: http.client.HTTPConnection) -> None:
    client.request("GET", "/")
    answer = client.getresponse()
    cells = Cells()
    cells.feed(answer.read().decode())

    assert answer.status == 200
    said = dict(zip(cells.texts[::2], cells.texts[1::2], strict=True))
    for package in ("netsock", "iostream", "tcpserver", "http1", "httpserver"):
        assert re.fullmatch(r"1!0\.1\.0, (compiled|pure Python)", said[package])
    assert said["event loop"].startswith("asyncio ")
    assert said["Python"].split()[1] == ".".join(map(str, sys.version_info[:3]))


def test_head_has_no_body(client: http.client.HTTPConnection) -> None:
    client.request("HEAD", "/")
    answer = client.getresponse()

    assert answer.status == 200
    assert int(answer.headers["Content-Length"]) > 1000
    assert answer.read() == b""


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_the_echo(client: http.client.HTTPConnection, method: str) -> None:
    client.request(method, "/echo?tea=green", body="Grüße".encode(), headers={"X-Cup": "blue"})
    answer = json.loads(client.getresponse().read())

    assert answer["method"] == method
    assert answer["target"] == "/echo?tea=green"
    assert "X-Cup: blue" in answer["headers"]
    assert answer["body"] == "Grüße"


def test_the_upload(client: http.client.HTTPConnection) -> None:
    pieces = [os.urandom(1 << 20) for _ in range(8)]
    client.request("POST", "/upload", body=iter(pieces), encode_chunked=True)
    receipt = json.loads(client.getresponse().read())

    assert receipt["bytes"] == 8 << 20
    assert receipt["sha256"] == hashlib.sha256(b"".join(pieces)).hexdigest()


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [("POST", "/", 405), ("GET", "/upload", 405), ("GET", "/tea", 404)],
)
def test_nothing_else(
    client: http.client.HTTPConnection, method: str, target: str, status: int
) -> None:
    client.request(method, target)
    assert client.getresponse().status == status


PRESS = """
new Promise(resolve => {
  const box = document.querySelector(%s);
  new MutationObserver(() => { if (box.textContent) resolve(box.textContent); }).observe(box, {childList: true});
  document.querySelector(%s).click();
})
"""


def press(browser: Browser, button: str, box: str) -> str:
    """Press a button of the page, and return what appears in a box for it."""
    return str(browser.run(PRESS % (json.dumps(box), json.dumps(button))))


@pytest.mark.slow
def test_a_browser_tries_both(port: int, tmp_path: Path) -> None:
    with Browser(tmp_path) as browser:
        browser.open(f"http://127.0.0.1:{port}/")
        echoed = press(browser, "#echo button", "#echoed")
        uploaded = press(browser, "#random", "#uploaded")

    assert echoed.startswith("200 OK")
    assert "Grüße from a browser." in echoed
    assert uploaded.startswith("33,554,432 bytes")
    assert uploaded.endswith("the same here and there")


def test_sigterm_ends_it(process: "subprocess.Popen[str]", port: int) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection("127.0.0.1", port).connect()
