"""Reads as values: the answer is the same however the bytes come, and searching is linear."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iostream._errors import UnsatisfiableReadError
from iostream._pattern_width import widest_match
from iostream._pending_read import Until
from iostream._pending_read import UntilRegex
from iostream._read_future import NOT_YET
from iostream._receive_buffer import ReceiveBuffer

alphabet = st.sampled_from([b"a", b"b", b"\r", b"\n"])
pieces = st.lists(st.lists(alphabet, min_size=1, max_size=8).map(b"".join), max_size=12)


def until(delimiter: bytes, max_bytes: int | None) -> Until:
    read = Until()
    read.delimiter = delimiter
    read.max_bytes = max_bytes
    read.searched = 0
    return read


@given(pieces, st.lists(alphabet, min_size=1, max_size=3).map(b"".join))
def test_until(pieces: list[bytes], delimiter: bytes) -> None:
    inbox = ReceiveBuffer()
    read = until(delimiter, None)
    whole = b""
    for piece in pieces:
        inbox.append(piece)
        whole += piece
        index = whole.find(delimiter)
        assert read.ready(inbox) == (index + len(delimiter) if index >= 0 else NOT_YET)
        if index >= 0:
            break


PATTERNS = [
    rb"\r?\n",
    rb"\r?\n\r?\n",
    rb"a{2,3}b",
    rb"a+b",
    rb"a(?=bb)",
    rb"a(?!b)",
    rb"\ba\b",
    rb"b$",
]


@given(pieces, st.sampled_from(PATTERNS))
def test_until_regex(pieces: list[bytes], pattern: bytes) -> None:
    inbox = ReceiveBuffer()
    compiled = re.compile(pattern)
    read = UntilRegex(compiled, None)
    whole = b""
    for piece in pieces:
        inbox.append(piece)
        whole += piece
        match = compiled.search(whole)
        assert read.ready(inbox) == (match.end() if match else NOT_YET)
        if match:
            break


def test_max_bytes() -> None:
    for read in (until(b"\n", 3), UntilRegex(re.compile(rb"\n"), 3)):
        inbox = ReceiveBuffer()
        inbox.append(b"abc")
        assert read.ready(inbox) == NOT_YET
        inbox.append(b"d")
        with pytest.raises(UnsatisfiableReadError, match="within 3 bytes"):
            read.ready(inbox)


def test_width() -> None:
    assert widest_match(re.compile(rb"\r?\n\r?\n")) == 4
    assert widest_match(re.compile(rb"(?i)x{3,9}")) == 9
    assert widest_match(re.compile(rb"a.*b")) is None
    assert widest_match(re.compile(rb"a(?=b)")) is None


class CountingPattern:
    """A compiled pattern that counts the bytes it has to look at."""

    def __init__(self, pattern: bytes) -> None:
        self._compiled = re.compile(pattern)
        self.pattern = pattern
        self.flags = self._compiled.flags
        self.looked_at = 0

    def search(self, data: bytes | bytearray, start: int) -> re.Match[bytes] | None:
        self.looked_at += len(data) - start
        return self._compiled.search(data, start)


def test_a_long_line_in_small_pieces_is_searched_once() -> None:
    pattern = CountingPattern(rb"\r?\n")
    read = UntilRegex(pattern, None)  # type: ignore[arg-type]  # it is close enough
    inbox = ReceiveBuffer()
    for _ in range(1024):
        inbox.append(b"x" * 1024)
        assert read.ready(inbox) == NOT_YET
    inbox.append(b"\r\n")
    assert read.ready(inbox) == 1024 * 1024 + 2
    assert pattern.looked_at < 1.01 * inbox.size
