"""The corpus: what the fuzzer begins with, the test vectors and what it has learned in earlier runs."""

import gzip
import zlib
from base64 import b64decode
from base64 import b64encode
from collections.abc import Iterable
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from packages.http1.tests.vectors import REQUESTS

LEARNED: Final = Path(__file__).parent / "learned"

# Longer inputs say nothing that shorter ones do not: see the limits in targets.py.
MAX_SIZE: Final = 500

STATUS_LINES: Final = (
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.0 204 x\r\n",
    b"HTTP/1.1 100 \r\n\r\nHTTP/1.1 304 OK\r\n",
)


def load(target: str) -> list[bytes]:
    """All inputs for a target, none twice."""
    return list(dict.fromkeys([*_from_vectors(target), *_learned(target)]))


def keep(target: str, inputs: Iterable[bytes]) -> None:
    """Add what was learned to the file that is kept: a line of Base64 for each input, sorted."""
    known = {*_learned(target), *inputs}
    lines = sorted(b64encode(data).decode("ascii") for data in known)
    LEARNED.mkdir(exist_ok=True)
    (LEARNED / f"{target}.txt").write_text("".join([f"{line}\n" for line in lines]))


def _learned(target: str) -> list[bytes]:
    path = LEARNED / f"{target}.txt"
    return [b64decode(line) for line in path.read_text().splitlines()] if path.exists() else []


def _from_vectors(target: str) -> Iterator[bytes]:
    for number, vector in enumerate(REQUESTS):
        if len(vector.data) >= MAX_SIZE:
            continue
        # The first byte says how the rest is cut, and more: see targets.py.
        cut = bytes([number % 256])
        head, _, body = vector.data.partition(b"\r\n\r\n")
        _, _, fields = vector.data.partition(b"\r\n")
        if target == "requests":
            yield cut + vector.data
        elif target == "responses":
            yield cut + STATUS_LINES[number % 3] + fields
        elif target == "chunked" and b"chunked" in head:
            yield cut + body
        elif target == "codings":
            # Of each coding, see targets.py: the vectors themselves are not what is interesting.
            yield bytes([number % 8]) + gzip.compress(vector.data, mtime=0)
            yield bytes([8 + number % 8]) + zlib.compress(vector.data)
            yield bytes([32 + number % 8]) + gzip.compress(zlib.compress(vector.data), mtime=0)
        elif target == "headers":
            yield head.partition(b"\r\n")[2].replace(b"\r\n", b"\n")
