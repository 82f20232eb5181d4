"""`ChunkedDecoder`: the chunked transfer coding, RFC 9112 section 7.1."""

import re
from enum import Enum
from typing import Final

from ._errors import HTTPInputError
from ._errors import printable
from ._field_names import FORBIDDEN_TRAILERS
from ._grammar import BAD_LINE_BYTE
from ._grammar import CHUNK_EXTENSIONS
from ._grammar import CHUNK_SIZE
from ._grammar import CRLF
from ._head import split_field
from ._headers import HTTPHeaders
from ._limits import Limits

_CR: Final = 0x0D

_MAX_SIZE_DIGITS: Final = 16

# Sizes seen before, as they were spelled: bounded, never evicted.
_known_sizes: dict[bytes, int] = {}
_MAX_KNOWN_SIZES: Final = 4096

# Data pieces at least this long are handed on one by one; shorter ones that came in one read are
# joined, because calling a handler for each byte costs more than the copy.
_WORTH_A_CALL: Final = 4096


class _State(Enum):
    SIZE = "size"
    DATA = "data"
    DATA_END = "data end"
    TRAILER = "trailer"
    DONE = "done"


# Looked up once, not at every chunk.
_SIZE: Final = _State.SIZE
_DATA: Final = _State.DATA
_DATA_END: Final = _State.DATA_END
_TRAILER: Final = _State.TRAILER
_DONE: Final = _State.DONE


class ChunkedDecoder:
    """Decodes one chunked body, in whatever pieces it comes, each byte looked at once.

    `decode` returns what it decoded; who calls hands it on. `done` tells that the body, its
    trailer section included, is complete.
    """

    __slots__ = (
        "_extensions",
        "_limits",
        "_line",
        "_remaining",
        "_state",
        "_trailer_count",
        "_trailer_lines",
        "_trailer_size",
        "max_body_size",
        "received",
    )

    def __init__(self, limits: Limits, max_body_size: int) -> None:
        self._limits = limits
        #: Bytes of data that the body may have.
        self.max_body_size = max_body_size
        #: Bytes of data announced so far.
        self.received = 0
        self._state = _SIZE
        self._remaining = 0  # of the data of the current chunk
        self._line = bytearray()  # a line whose end has not come yet
        self._extensions = 0  # bytes of extensions so far
        self._trailer_lines: list[tuple[str, str]] = []
        self._trailer_size = 0
        self._trailer_count = 0  # the forbidden ones too

    @property
    def done(self) -> bool:
        return self._state is _DONE

    @property
    def trailers(self) -> HTTPHeaders:
        """The fields of the trailer section, but for those that may not stand there."""
        return HTTPHeaders(self._trailer_lines)

    def decode(self, data: bytes, start: int, pieces: list[bytes]) -> int:
        """Decode `data` from `start` on, add what is data to `pieces`; where the body stopped.

        That is the length of `data` unless the body ended within it. Raises `HTTPInputError`, with
        what was decoded before in `pieces`.
        """
        line = self._line
        if not line:
            return self._decode(data, start, pieces)
        if line[-1] != _CR and data.find(b"\n", start) < 0:
            # Still not the end of it: only what is new is looked at.
            self._keep_line(data[start:])
            return len(data)
        moved = len(line) - start
        line += data[start:]
        self._line = bytearray()
        return self._decode(bytes(line), 0, pieces) - moved

    def _decode(self, data: bytes, position: int, pieces: list[bytes]) -> int:
        size = len(data)
        small: list[bytes] = []
        try:
            while position < size:
                state = self._state
                if state is _SIZE:
                    end = data.find(CRLF, position)
                    if end < 0:
                        self._keep_line(data[position:])
                        return size
                    token = data[position:end]
                    length = _known_sizes.get(token, -1)
                    if length < 0:
                        length = self._read_size(token)
                    position = end + 2
                    if length == 0:
                        self._state = _TRAILER
                        continue
                    self.received += length
                    if self.received > self.max_body_size:
                        raise HTTPInputError(
                            f"body longer than {self.max_body_size} bytes (max_body_size)", 413
                        )
                    # The whole chunk and its CRLF are here: the common case.
                    end = position + length
                    if data.startswith(CRLF, end):
                        if length < _WORTH_A_CALL:
                            small.append(data[position:end])
                        else:
                            _flush(small, pieces)
                            pieces.append(data[position:end])
                        position = end + 2
                        continue
                    self._remaining = length
                    self._state = _DATA
                elif state is _DATA:
                    end = min(size, position + self._remaining)
                    self._remaining -= end - position
                    _flush(small, pieces)
                    pieces.append(data if end - position == size else data[position:end])
                    position = end
                    if not self._remaining:
                        self._state = _DATA_END
                elif state is _DATA_END:
                    if not CRLF.startswith(data[position : position + 2]):
                        raise HTTPInputError("chunk data without CRLF behind it")
                    if size - position < 2:
                        self._line += data[position:]
                        return size
                    position += 2
                    self._state = _SIZE
                elif state is _TRAILER:
                    end = data.find(CRLF, position)
                    if end < 0:
                        self._keep_line(data[position:])
                        return size
                    if end == position:
                        self._state = _DONE
                    else:
                        self._read_trailer(data[position:end])
                    position = end + 2
                else:
                    return position
            return position
        finally:
            _flush(small, pieces)

    def _keep_line(self, more: bytes) -> None:
        """Keep more of a line that is not complete, unless it can no longer become a good one."""
        # The CR may be the first half of a CRLF.
        stretch = more.removesuffix(b"\r")
        before = len(self._line)
        if self._state is _TRAILER:
            self._check_trailer(stretch, before)
        elif BAD_LINE_BYTE.search(stretch):
            raise HTTPInputError("control character in the framing of a chunked body")
        elif before + len(stretch) > self._limits.max_chunk_extensions_size + _MAX_SIZE_DIGITS:
            raise HTTPInputError("endless line in the framing of a chunked body")
        self._line += more

    def _check_trailer(self, stretch: bytes, before: int) -> None:
        """Raise what is wrong first in a stretch of a trailer field, behind so many bytes of it."""
        limit = self._limits.max_field_size
        bad = BAD_LINE_BYTE.search(stretch)
        if before + len(stretch) > limit and (bad is None or before + bad.start() >= limit):
            raise HTTPInputError(f"trailer field longer than {limit} bytes (max_field_size)", 431)
        if bad:
            raise HTTPInputError("control character in the trailer section")

    def _read_size(self, line: bytes) -> int:
        """The number that a chunk size line holds, extensions checked and counted."""
        token, semicolon, _ = line.partition(b";")
        if CHUNK_SIZE.fullmatch(token) is None:
            raise HTTPInputError(f"malformed chunk size: {printable(token)}")
        size = int(token, 16)
        if semicolon:
            extensions = line[len(token) :]
            self._extensions += len(extensions)
            if self._extensions > self._limits.max_chunk_extensions_size:
                raise HTTPInputError(
                    f"more than {self._limits.max_chunk_extensions_size} bytes of chunk extensions"
                    " (max_chunk_extensions_size)"
                )
            if re.fullmatch(CHUNK_EXTENSIONS, extensions) is None:
                raise HTTPInputError(f"malformed chunk extension: {printable(extensions)}")
        elif len(_known_sizes) < _MAX_KNOWN_SIZES:
            _known_sizes[line] = size
        return size

    def _read_trailer(self, line: bytes) -> None:
        limits = self._limits
        self._check_trailer(line, 0)
        self._trailer_size += len(line)
        if self._trailer_size > limits.max_header_size:
            raise HTTPInputError(
                f"trailer section longer than {limits.max_header_size} bytes (max_header_size)", 431
            )
        if self._trailer_count >= limits.max_header_count:
            raise HTTPInputError("too many fields in the trailer section (max_header_count)", 431)
        self._trailer_count += 1
        name, value = split_field(line.decode("latin-1"))
        if name.lower() not in FORBIDDEN_TRAILERS:
            self._trailer_lines.append((name, value))


def _flush(small: list[bytes], pieces: list[bytes]) -> None:
    """Move the small pieces, joined, behind the others."""
    if small:
        pieces.append(small[0] if len(small) == 1 else b"".join(small))
        small.clear()
