"""Bytes that arrived and that nobody has taken yet."""

from __future__ import annotations

import re


class ReceiveBuffer:
    """A queue of bytes that can be searched.

    A piece that comes into an empty buffer is kept as it is, and handed out again as it is
    when all of it is asked for: the common case copies nothing. Only when a second piece
    arrives on top of an unfinished first one are the bytes moved into a `bytearray`.

    Attributes:
        data: the bytes, behind others that have been taken already.
        start: where they begin.
        size: how many there are.
    """

    __slots__ = ("data", "size", "start")

    def __init__(self) -> None:
        self.data: bytes | bytearray = b""
        self.start = 0
        self.size = 0

    def append(self, piece: bytes) -> None:
        """Put ``piece`` behind the other bytes."""
        if self.size:
            data = self._trimmed()
            data += piece
            self.size += len(piece)
        else:
            self.data = piece
            self.start = 0
            self.size = len(piece)

    def prepend(self, piece: bytes) -> None:
        """Give back ``piece``: it will be the first to be taken again."""
        rest = self.take(self.size)
        self.data = piece + rest if rest else piece
        self.start = 0
        self.size = len(self.data)

    def take(self, size: int) -> bytes:
        """Remove the first ``size`` bytes and return them."""
        data = self.data
        start = self.start
        if size == self.size:
            self.data = b""
            self.start = 0
            self.size = 0
            if not start and isinstance(data, bytes):
                return data
        else:
            self.start = start + size
            self.size -= size
        if isinstance(data, bytes):
            return data[start : start + size]
        with memoryview(data) as view, view[start : start + size] as part:
            return part.tobytes()

    def take_into(self, target: memoryview) -> int:
        """Move as many bytes as fit into ``target``; return how many those were."""
        size = min(self.size, len(target))
        target[:size] = self.take(size)
        return size

    def search(self, pattern: re.Pattern[bytes], start: int) -> int:
        """The offset at which the first match of ``pattern`` ends; -1 when there is none.

        ``start`` is the first offset at which the match may begin. What comes before it is
        still seen by look-behind assertions.
        """
        # Trimmed, so that ^ and look-behind see the beginning of what is unread, not the past.
        match = pattern.search(self._trimmed() if self.start else self.data, start)
        return -1 if match is None else match.end()

    def _trimmed(self) -> bytearray:
        """The bytes as a `bytearray` that holds nothing before them."""
        data = self.data
        if isinstance(data, bytearray):
            # Deleting at the front of a bytearray moves a pointer, not the bytes.
            del data[: self.start]
        else:
            with memoryview(data) as view, view[self.start :] as rest:
                self.data = data = bytearray(rest)
        self.start = 0
        return data
