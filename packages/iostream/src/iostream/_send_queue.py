"""Bytes that were accepted and that the kernel has not taken yet.

Theory of operation: pieces wait in order. `batch` says what to hand to the kernel next, in the
shape that costs least: one piece as it is; several small ones joined, because one ``send`` of
a copy is cheaper than a ``sendmsg``; larger ones as a list for ``sendmsg``, not copied. Then
`advance` is told how much of it was taken. A piece that was taken in part is replaced by a view
of its rest: no byte is moved, however large the piece and however little goes at a time.
"""

from __future__ import annotations

from typing import Final
from typing import TypeAlias

from ._file_segment import FileSegment

Piece: TypeAlias = bytes | memoryview | FileSegment
Batch: TypeAlias = bytes | memoryview | FileSegment | list[bytes | memoryview]

# Up to this many bytes are joined into one piece. Copying them takes a few microseconds, about
# what the kernel needs to walk a vector of as many small pieces.
JOIN_LIMIT: Final = 65536

# The most pieces in one batch: IOV_MAX of Linux and macOS, more than which sendmsg refuses.
_MOST_PIECES: Final = 1024


class SendQueue:
    """Pieces in the order in which they go out.

    ``size`` is the number of bytes waiting; it is zero exactly when there is nothing to send.
    """

    __slots__ = ("_first", "_pieces", "size")

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._first = 0  # the pieces before it are sent; a list has no cheap way to drop them
        self.size = 0

    def append(self, piece: Piece) -> None:
        """Put ``piece``, which is not empty, behind the others."""
        self._pieces.append(piece)
        self.size += len(piece)

    def clear(self) -> None:
        """Forget everything: it was taken, or never will be."""
        self._pieces.clear()
        self._first = 0
        self.size = 0

    def batch(self) -> Batch:
        """What to hand to the kernel next. The queue must not be empty."""
        pieces = self._pieces
        first = self._first
        if len(pieces) - first == 1:
            return pieces[first]
        batch: list[bytes | memoryview] = []
        size = 0
        for index in range(first, len(pieces)):
            piece = pieces[index]
            if isinstance(piece, FileSegment):
                if not batch:
                    return piece
                break
            if len(batch) >= _MOST_PIECES and size + len(piece) > JOIN_LIMIT:
                break
            batch.append(piece)
            size += len(piece)
        if size > JOIN_LIMIT:
            return batch
        joined = b"".join(batch)
        # The joined piece takes the place of the last; the others are gone, as if sent.
        self._first = first + len(batch) - 1
        pieces[first : self._first] = [b""] * (self._first - first)
        pieces[self._first] = joined
        return joined

    def advance(self, size: int) -> None:
        """The first ``size`` bytes, but not all, were taken."""
        self.size -= size
        pieces = self._pieces
        first = self._first
        while size:
            piece = pieces[first]
            if size < len(piece):
                if isinstance(piece, FileSegment):
                    piece.advance(size)
                else:
                    pieces[first] = memoryview(piece)[size:]
                break
            size -= len(piece)
            pieces[first] = b""  # not kept alive until the list is cut
            first += 1
        if first * 2 > len(pieces):
            del pieces[:first]
            first = 0
        self._first = first
