"""A stretch of an open file, waiting to be sent."""

from __future__ import annotations

from typing import BinaryIO


class FileSegment:
    """``size`` bytes of ``file`` from ``offset`` on.

    It knows where it stands, not how it is sent: a plain socket gives it to ``sendfile(2)``,
    everything else reads it piece by piece.
    """

    __slots__ = ("_size", "file", "offset")

    def __init__(self, file: BinaryIO, offset: int, size: int) -> None:
        self.file = file
        self.offset = offset
        self._size = size

    def __len__(self) -> int:
        return self._size

    def advance(self, size: int) -> None:
        """The first ``size`` bytes were sent."""
        self.offset += size
        self._size -= size

    def peek(self, size: int) -> bytes:
        """Up to ``size`` of the next bytes; they stay in the segment.

        Raises `EOFError` when the file has become shorter than it was.
        """
        self.file.seek(self.offset)
        data = self.file.read(min(size, self._size))
        if not data:
            raise EOFError(f"file ended {self._size} bytes early")
        return data
