"""curl against a running server."""

from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SITE = Path(__file__).with_name("website.py")
MIB = 2**20


Curl = Callable[..., bytes]


@pytest.fixture(scope="module")
def site(start: Any) -> Iterator[Any]:
    with start(SITE) as program:
        yield program
        assert program.stop() == 0
        assert program.output == ""


class TestMethods:
    def test_get(self, site: Any, curl: Curl) -> None:
        assert curl(f"{site.url}/a?b=c") == b"GET /a?b=c HTTP/1.1 http\n"

    def test_head(self, site: Any, curl: Curl) -> None:
        head = curl("--head", f"{site.url}/").decode()
        assert head.startswith("HTTP/1.1 200 OK\r\n")
        assert "\r\nContent-Length: 21\r\n" in head
        assert "\r\nDate: " in head

    def test_post_with_content_length(self, site: Any, curl: Curl) -> None:
        assert curl("--data", "a=b", f"{site.url}/") == b"POST / HTTP/1.1 http\na=b"

    def test_post_in_chunks(self, site: Any, curl: Curl) -> None:
        body = b"0123456789" * 100_000
        answer = curl("-X", "POST", "-T", "-", f"{site.url}/", stdin=body)
        assert answer == b"POST / HTTP/1.1 http\n" + body

    def test_post_after_100_continue(self, site: Any, curl: Curl) -> None:
        body = b"x" * 2 * MIB
        answer = curl(
            "-H", "Expect: 100-continue", "--data-binary", "@-", f"{site.url}/", stdin=body
        )
        assert answer.endswith(body)


class TestConnections:
    def reused(self, curl: Curl, *arguments: str) -> list[int]:
        """How many connections curl had to make for each of its requests."""
        return [
            int(n) for n in curl("-w", "%{num_connects}\n", "-o", "/dev/null", *arguments).split()
        ]

    def test_1_1_is_kept_alive(self, site: Any, curl: Curl) -> None:
        assert self.reused(curl, f"{site.url}/", "-o", "/dev/null", f"{site.url}/") == [1, 0]

    def test_1_0_is_closed(self, site: Any, curl: Curl) -> None:
        answer = curl("--http1.0", "-i", f"{site.url}/").decode()
        assert answer.endswith("GET / HTTP/1.0 http\n")
        assert "Connection: keep-alive" not in answer

    def test_1_0_is_kept_alive_if_it_asks(self, site: Any, curl: Curl) -> None:
        arguments = ["--http1.0", "-H", "Connection: keep-alive", f"{site.url}/"]
        assert "Connection: keep-alive" in curl("-i", *arguments).decode()
        assert self.reused(curl, *arguments, "-o", "/dev/null", f"{site.url}/") == [1, 0]


class TestSize:
    def test_100_mb_down_in_flat_memory(self, site: Any, curl: Curl) -> None:
        before = site.memory()
        size = curl("-o", "/dev/null", "-w", "%{size_download}", f"{site.url}/big")
        assert int(size) == 100 * MIB
        assert site.memory() - before < 16 * MIB

    @pytest.mark.parametrize("chunked", [False, True])
    def test_100_mb_up_in_flat_memory(
        self, site: Any, curl: Curl, tmp_path: Path, chunked: bool
    ) -> None:
        path = tmp_path / "big"
        with path.open("wb") as file:
            file.truncate(100 * MIB)
        before = site.memory()
        headers = ["-H", "Transfer-Encoding: chunked"] if chunked else []
        assert curl(*headers, "-T", str(path), f"{site.url}/") == b"%d" % (100 * MIB)
        assert site.memory() - before < 16 * MIB


@pytest.mark.parametrize("kind", ["context", "dict"])
def test_tls(kind: str, start: Any, curl: Curl, certificate: Any) -> None:
    with start(SITE, *certificate, kind) as program:
        url = f"https://127.0.0.1:{program.port}"
        options = ["--cacert", certificate.certfile]
        assert curl(*options, f"{url}/") == b"GET / HTTP/1.1 https\n"
        body = b"x" * MIB
        assert curl(*options, "--data-binary", "@-", f"{url}/", stdin=body).endswith(body)
        size = curl(*options, "-o", "/dev/null", "-w", "%{size_download}", f"{url}/big")
        assert int(size) == 100 * MIB
        assert program.stop() == 0
        assert "Traceback" not in program.output
