"""The head of a message, line by line: what a parser does when it cannot take a head at a glance.

`HeadScanner` is the definition of a valid head. It reads a head in whatever pieces it comes,
looks at each byte once, and raises the first error in the order of the bytes, so that the answer
does not depend on how the network cut the message. The parsers take a head that came whole by a
shorter way, which accepts nothing that the scanner refuses, and ask the scanner for everything
else.
"""

from collections.abc import Callable
from typing import Final

from ._errors import HTTPInputError
from ._errors import printable
from ._field_names import is_token
from ._grammar import BAD_LINE_BYTE
from ._grammar import CRLF
from ._grammar import OWS
from ._limits import Limits

_CR: Final = 0x0D
_NOT_SIZED: Final = 1 << 62


def split_field(line: str) -> tuple[str, str]:
    """Name and value of a field line that comes without its CRLF (RFC 9112 section 5).

    The line holds no control characters: who calls has seen to that. Raises `HTTPInputError`.
    """
    name, colon, value = line.partition(":")
    if line.startswith((" ", "\t")):
        raise HTTPInputError("white space before a header field (folded lines are obsolete)")
    if not colon:
        raise HTTPInputError(f"header field without a colon: {printable(line)}")
    if not is_token(name):
        raise HTTPInputError(f"malformed header field name: {printable(name)}")
    return name, value.strip(OWS)


class HeadScanner:
    """Collects a head that comes in pieces, and checks it as it grows.

    `check_start_line` is called with the first line, without its CRLF, as soon as it is there.
    A scanner reads one head and is done.
    """

    __slots__ = (
        "_check_start_line",
        "_fields",
        "_limits",
        "_line",
        "_searched",
        "_start",
        "buffer",
        "end",
    )

    def __init__(self, limits: Limits, check_start_line: Callable[[str], object]) -> None:
        self._limits = limits
        self._check_start_line = check_start_line
        #: All that came so far, what follows the head included.
        self.buffer = bytearray()
        #: Where the head ends in `buffer` (its last CRLF not counted), -1 until that is known.
        self.end = -1
        self._start = -1  # of the start line; -1 until there is one
        self._line = 0  # start of the line that is being read
        self._searched = 0  # no LF before this
        self._fields = 0

    def feed(self, data: bytes) -> bool:
        """Take more of the head; True when it is complete. Raises `HTTPInputError`."""
        self.buffer += data
        while True:
            lf = self.buffer.find(b"\n", self._searched)
            if lf < 0:
                self._check_bytes(self._searched, len(self.buffer), complete=False)
                self._searched = len(self.buffer)
                # The last byte is looked at again if it is a CR: what follows it decides.
                if self.buffer and self.buffer[-1] == _CR:
                    self._searched -= 1
                return False
            end = lf - 1 if lf > self._line and self.buffer[lf - 1] == _CR else lf
            self._check_bytes(self._searched, end, complete=True)
            if end == lf:
                raise HTTPInputError("line ends with LF alone, not with CRLF")
            if self._take_line(end):
                return True
            self._line = self._searched = lf + 1

    @property
    def begun(self) -> bool:
        """Whether more came than the empty line that may stand before a start line."""
        return self._start >= 0 or not CRLF.startswith(self.buffer)

    def head(self) -> bytes:
        """The complete head, from its start line to its last field, without the CRLF there."""
        return bytes(self.buffer[max(self._start, 0) : self.end])

    def rest(self) -> bytes:
        """What came after the complete head."""
        return bytes(self.buffer[self.end + 2 * len(CRLF) :])

    def _take_line(self, end: int) -> bool:
        """Check the complete line that stops at `end`; True if it is the empty one at the end."""
        if end == self._line:
            if self._start >= 0:
                self.end = end - len(CRLF)
                return True
            # RFC 9112 section 2.2: an empty line before the request line is to be ignored. One.
            if end > 0:
                raise HTTPInputError("empty lines where a start line should be")
            return False
        line = self.buffer[self._line : end].decode("latin-1")
        if self._start < 0:
            self._start = self._line
            self._check_start_line(line)
        else:
            self._fields += 1
            if self._fields > self._limits.max_header_count:
                raise HTTPInputError(
                    f"more than {self._limits.max_header_count} header fields (max_header_count)",
                    431,
                )
            split_field(line)
        return False

    def _check_bytes(self, start: int, end: int, *, complete: bool) -> None:
        """Raise what is wrong first in a stretch of one line: a byte, or a limit passed.

        The CR that may be the first half of a CRLF is the last byte of an incomplete stretch.
        """
        if not complete and end > start and self.buffer[end - 1] == _CR:
            end -= 1
        bad = BAD_LINE_BYTE.search(self.buffer, start, end)
        bad_at = bad.start() if bad else _NOT_SIZED
        limits = self._limits
        head_start = self._start if self._start >= 0 else self._line
        head_limit = head_start + limits.max_header_size
        if self._start < 0:
            line_limit = self._line + min(limits.max_start_line_size, limits.max_header_size)
            if end > line_limit and line_limit <= bad_at:
                raise HTTPInputError(
                    f"start line longer than {line_limit - self._line} bytes (max_start_line_size)",
                    414,
                )
        else:
            line_limit = self._line + limits.max_field_size
            # The empty line at the end is none of the head's size, nor is the CRLF before it.
            if end > max(head_limit, self._line) and head_limit <= min(bad_at, line_limit):
                raise HTTPInputError(
                    f"head longer than {limits.max_header_size} bytes (max_header_size)", 431
                )
            if end > line_limit and line_limit <= bad_at:
                raise HTTPInputError(
                    f"header field longer than {limits.max_field_size} bytes (max_field_size)",
                    431,
                )
        if bad:
            byte = bad.group()
            if byte == b"\r":
                raise HTTPInputError("CR without LF")
            raise HTTPInputError(f"control character {printable(byte)} in the head")
