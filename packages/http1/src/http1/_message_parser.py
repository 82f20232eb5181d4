"""`MessageParser`: what the two parsers share, which is all but the meaning of a head.

Theory of operation
-------------------
A parser reads one message after the other. `feed` takes what came from the peer, of any length,
and calls the handler: `head_received` once for a message, `body_received` for each piece of its
body, `message_complete` at its end. Between two calls the handler (or whoever owns the parser) can `pause`;
what is left is kept and read on `resume`.

Where the parser is in a message is one of the states of `State`:

    HEAD --a head--> END --no body--> HEAD
    END --a body--> SIZED_BODY | CHUNKED_BODY | UNTIL_CLOSE, or BODY if it was paused meanwhile
    BODY --resumed--> END, and on from there
    SIZED_BODY | CHUNKED_BODY --its last byte--> END --the handler was told--> HEAD
    any --taken over, the peer's last byte--> CLOSED --which cuts a message short--> FAILED
    any --an error--> FAILED

A head that is in one piece is read at a glance: by one expression, if it is a request of a known
shape (`_head_shape`), else by a few passes of C over all of it. Both can only accept. What they do
not accept, and a head that comes in pieces, goes to `HeadScanner`, which raises what is wrong first.
The framing of the body is decided by `_framing`, and the body read by length here, or by
`ChunkedDecoder`.

After an error a parser is done: where the next message would start is anybody's guess.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from ._chunked import ChunkedDecoder
from ._errors import HTTPInputError
from ._framing import CHUNKED
from ._grammar import CRLF
from ._grammar import CRLF_CRLF
from ._grammar import LINE_BYTES
from ._grammar import OWS
from ._head import HeadScanner
from ._headers import HTTPHeaders
from ._limits import Limits
from ._mypyc import mypyc_attr


class State(Enum):
    """Where a parser is."""

    #: Between two messages, or in the middle of a head.
    HEAD = "head"
    #: Past a head, of which the handler was told; it paused the parser, and may set limits still.
    BODY = "body"
    #: In a body whose length is known.
    SIZED_BODY = "sized body"
    #: In a body that comes in chunks, or in its trailer section.
    CHUNKED_BODY = "chunked body"
    #: In a body that ends when the peer closes the connection.
    UNTIL_CLOSE = "body until close"
    #: Past the last byte of a message, before the handler is told.
    END = "end"
    #: A handler took the connection over, or the peer has sent its last byte.
    CLOSED = "closed"
    #: After an error.
    FAILED = "failed"


# Looked up once, not with every message.
_HEAD: Final = State.HEAD
_BODY: Final = State.BODY
_SIZED_BODY: Final = State.SIZED_BODY
_CHUNKED_BODY: Final = State.CHUNKED_BODY
_UNTIL_CLOSE: Final = State.UNTIL_CLOSE
_END: Final = State.END
_CLOSED: Final = State.CLOSED
_FAILED: Final = State.FAILED

# What is left of a valid head of n + 1 lines when every byte is deleted that may stand in a line.
_CRLFS: Final = tuple([CRLF * n for n in range(257)])
_MOST_QUICK_LINES: Final = len(_CRLFS) - 1

_UNLIMITED: Final = 1 << 62

_SPACE: Final = 0x20

# Of `_behind_head`, when nothing came.
NOTHING_BEHIND: Final = (b"", 0)


@mypyc_attr(allow_interpreted_subclasses=True)
class MessageParser:
    """What the two parsers share: all but the meaning of a head. Use one of those."""

    __slots__ = (
        "_behind_head",
        "_chunked",
        "_eof",
        "_error",
        "_limits",
        "_pieces",
        "_quick_head_size",
        "_quick_header_count",
        "_remaining",
        "_running",
        "_scanner",
        "_state",
        "body_length",
        "body_received",
        "chunk_size",
        "held",
        "keep_alive",
        "max_body_size",
        "paused",
        "upgrade",
    )

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        # Not by `min`, which would take as long as all the other attributes together.
        size = limits.max_header_size
        if limits.max_field_size < size:
            size = limits.max_field_size
        if limits.max_start_line_size < size:
            size = limits.max_start_line_size
        self._quick_head_size = size
        count = limits.max_header_count
        self._quick_header_count = count if count < _MOST_QUICK_LINES else _MOST_QUICK_LINES
        self._state = _HEAD
        self._scanner: HeadScanner | None = None
        self._chunked: ChunkedDecoder | None = None
        self._remaining = 0
        # While the handler is told of a head or an end: what came behind, from a position on.
        self._behind_head = NOTHING_BEHIND
        self._pieces: list[bytes] = []  # decoded and not delivered yet, the last one first
        self._error: HTTPInputError | None = None  # to be raised behind the pieces
        #: Bytes that are kept unread, because of a pause.
        self.held = b""
        #: Whether the handler is not to be called for the time being. Changed by the methods.
        self.paused = False
        self._running = False
        self._eof = False
        #: Length of the current body in bytes, or `CHUNKED` or `UNTIL_CLOSE`.
        self.body_length = 0
        #: Bytes of the current body that came so far.
        self.body_received = 0
        #: The most bytes that one `body_received` hands over.
        self.chunk_size = _UNLIMITED
        #: Whether the peer's message lets the connection stay open (RFC 9112 section 9.3).
        self.keep_alive = True
        #: The protocols that the peer's `Upgrade` names, "" if it does not ask for any.
        self.upgrade = ""
        #: Limit of the current body in bytes. A handler can set it in `head_received`.
        self.max_body_size = limits.max_body_size

    @property
    def state(self) -> State:
        return self._state

    @property
    def in_message(self) -> bool:
        """Whether some bytes of a message came and its end has not been told to the handler."""
        if self._state is not _HEAD:
            return True
        return self._scanner is not None and self._scanner.begun

    @property
    def has_more(self) -> bool:
        """Whether there is more to tell the handler, as soon as it can be called again."""
        return self._state is not _HEAD or len(self.held) > 0 or self._eof

    @property
    def trailers(self) -> HTTPHeaders:
        """The trailer fields of the current message (RFC 9110 section 6.5), empty if none came.

        Those that could change what the message is or who sent it are left out, as section
        6.5.1 asks.
        """
        return HTTPHeaders() if self._chunked is None else self._chunked.trailers

    # --- what the owner calls

    def feed(self, data: bytes) -> None:
        """Read on with `data`, which may be of any length and hold several messages.

        Raises `HTTPInputError` after the calls for all that was good before. While paused, data
        is kept: who pauses a parser stops feeding it soon.
        """
        if self.held:
            data = self.held + data
            self.held = b""
        if self.paused:
            self.held = data
            return
        self._running = True
        try:
            self._read(data)
        except BaseException:
            self._state = _FAILED
            self._running = False
            raise
        self._running = False

    def feed_eof(self) -> None:
        """The peer has sent its last byte. Raises `HTTPInputError` if that cuts a message short."""
        self._eof = True
        if not self.paused:
            self._at_eof()

    def pause(self) -> None:
        """Call the handler no more until `resume`. May be called from within the handler."""
        self.paused = True

    def resume(self) -> None:
        """Read on with what was kept. Raises as `feed` does; does nothing if not paused."""
        if not self.paused:
            return
        self.paused = False
        if self._running:
            return
        # Whatever is to be told, there may be nothing to be read.
        self.feed(b"")
        if self._eof and not self.paused:
            self._at_eof()

    def take_rest(self) -> bytes:
        """Close the parser, and hand out the bytes that it was given and has not read.

        To be called while paused, or in `head_received` or `message_complete`. This is how a
        connection changes to another protocol.
        """
        data, position = self._behind_head
        rest = self.held + data[position:]
        self.held = b""
        self._state = _CLOSED
        return rest

    @property
    def at_eof(self) -> bool:
        """Whether the peer has sent its last byte."""
        return self._eof

    # --- the machine

    def _read(self, data: bytes) -> None:
        """Read `data` until it ends or the parser is paused, and keep what is left."""
        position = 0
        size = len(data)
        if self._state is _SIZED_BODY and 0 < size < self._remaining and size <= self.chunk_size:
            # A piece out of the middle of a large body: the shortest way for it.
            self._remaining -= size
            self.body_received += size
            self._data(data)
            return
        while not self.paused:
            state = self._state
            if state is _HEAD:
                if position == size:
                    break
                if self._scanner is None:
                    end = self._take_head(data, position)
                    if end:
                        if end == size and self._state is _HEAD:
                            # One request, without a body, and all of it: the usual case.
                            return
                        position = end
                        continue
                data = self._scan(data, position)
                position = 0
                size = len(data)
            elif state is _END:
                self._behind_head = (data, position)
                self._end_message()
                self._behind_head = NOTHING_BEHIND
            elif self._pieces:
                self._deliver_piece()
            elif self._error is not None:
                raise self._error
            elif state is _BODY:
                self._state = _END
                self._begin_body()
            elif position == size:
                break
            elif state is _SIZED_BODY:
                length = size - position
                if length > self._remaining:
                    length = self._remaining
                if length > self.chunk_size:
                    length = self.chunk_size
                self._remaining -= length
                self.body_received += length
                if not self._remaining:
                    self._state = _END
                chunk = data if length == size else data[position : position + length]
                position += length
                self._data(chunk)
            elif state is _CHUNKED_BODY:
                position = self._read_chunked(data, position)
            elif state is _UNTIL_CLOSE:
                room = self.max_body_size - self.body_received
                if not room:
                    raise HTTPInputError(
                        f"body longer than {self.max_body_size} bytes (max_body_size)", 413
                    )
                end = min(size, position + self.chunk_size, position + room)
                self.body_received += end - position
                chunk = data[position:end]
                position = end
                self._data(chunk)
            elif state is _FAILED:
                raise HTTPInputError("nothing is read after an error")
            else:
                break
        if position < size and self._state is not _CLOSED:
            self.held = data[position:]

    def _take_head(self, data: bytes, position: int) -> int:
        """Read a head that is there in full; return where it ends, 0 if it is not."""
        end = data.find(CRLF_CRLF, position)
        if end < 0:
            return 0
        head = data[position:end]
        end += len(CRLF_CRLF)
        more = end < len(data)
        if more:
            self._behind_head = (data, end)
        self._read_head(head, more)
        if more:
            self._behind_head = NOTHING_BEHIND
        return end

    def _scan(self, data: bytes, position: int) -> bytes:
        """Take a head, or a part of one, the careful way; return what came behind it."""
        scanner = self._scanner
        if scanner is None:
            scanner = self._scanner = HeadScanner(self._limits, self._check_start_line)
        if not scanner.feed(data[position:]):
            return b""
        self._scanner = None
        rest = scanner.rest()
        self._behind_head = (rest, 0)
        self._read_head(scanner.head(), len(rest) > 0)
        self._behind_head = NOTHING_BEHIND
        return rest

    def _diagnose(self, head: bytes) -> bytes:
        """Raise what is wrong with a head that could not be taken at a glance.

        If nothing is, return it from its start line on.
        """
        scanner = HeadScanner(self._limits, self._check_start_line)
        if not scanner.feed(head + CRLF_CRLF):
            # A leading empty line is all there was before CRLF CRLF.
            raise HTTPInputError("empty lines where a start line should be")
        return scanner.head()

    def _split_head(self, head: bytes) -> list[bytes]:
        """The lines of a head, valid but for their syntax. Raises `HTTPInputError`."""
        # A line that ends in CR or LF alone is split here too, and found out below: each of those
        # is one byte where the count of lines wants two. But for the last, which ends no line.
        lines = head.splitlines()
        count = len(lines) - 1
        if (
            len(head) > self._quick_head_size
            or count > self._quick_header_count
            or head.translate(None, LINE_BYTES) != _CRLFS[count]
            or head[-1] < _SPACE
            or not lines[0]
        ):
            lines = self._diagnose(head).split(CRLF)
        return lines

    def _begin_message(self, length: int) -> None:
        """A head has been read; `length` is that of its body, as in `body_length`."""
        self.body_length = length
        self.body_received = 0
        self.max_body_size = self._limits.max_body_size
        self._chunked = None
        self._state = _END

    def _begin_body(self) -> None:
        """Enter the state in which the body is read. Raises if it is too long.

        Not before the handler lets the parser go on, if it has paused it, and not at all if it has
        taken the connection over meanwhile.
        """
        if self._state is not _END:
            return
        if self.paused:
            self._state = _BODY
            return
        length = self.body_length
        if length > 0:
            if length > self.max_body_size:
                raise HTTPInputError(
                    f"body longer than {self.max_body_size} bytes (max_body_size)", 413
                )
            self._remaining = length
            self._state = _SIZED_BODY
        elif length == CHUNKED:
            self._chunked = ChunkedDecoder(self._limits, self.max_body_size)
            self._state = _CHUNKED_BODY
        else:
            self._state = _UNTIL_CLOSE

    def _end_message(self) -> None:
        self._state = _HEAD
        self._finish()

    def _read_chunked(self, data: bytes, position: int) -> int:
        """Decode what `data` holds of a chunked body; the main loop delivers the pieces."""
        decoder = self._chunked
        assert decoder is not None
        pieces: list[bytes] = []
        try:
            position = decoder.decode(data, position, pieces)
        except HTTPInputError as error:
            self._error = error
            position = len(data)
        limit = self.chunk_size
        for piece in reversed(pieces):
            for start in range((len(piece) - 1) // limit * limit, -1, -limit):
                self._pieces.append(piece[start : start + limit])
        if not pieces:
            self._after_pieces()
        return position

    def _deliver_piece(self) -> None:
        """Deliver the next piece of a chunked body."""
        piece = self._pieces.pop()
        self.body_received += len(piece)
        self._data(piece)
        if not self._pieces:
            self._after_pieces()

    def _after_pieces(self) -> None:
        """Everything that was decoded has been delivered: was that all of the body?"""
        if self._state is _CHUNKED_BODY and self._chunked is not None and self._chunked.done:
            self._state = _END

    def _at_eof(self) -> None:
        state = self._state
        cut_short = self.in_message
        self._state = _CLOSED
        if state is _UNTIL_CLOSE:
            self._finish()
        elif cut_short and state is not _CLOSED:
            self._state = _FAILED
            where = "head" if state is _HEAD else "body"
            raise HTTPInputError(f"connection closed in the middle of a {where}")

    # --- what the two kinds of message differ in

    def _check_start_line(self, line: str) -> object:
        raise NotImplementedError

    def _read_head(self, head: bytes, more: bool) -> None:
        """Take a complete head; `more` says that bytes behind it are here already."""
        raise NotImplementedError

    def _data(self, chunk: bytes) -> None:
        raise NotImplementedError

    def _finish(self) -> None:
        raise NotImplementedError


def connection_options(values: list[str]) -> list[str]:
    """The options in the values of all Connection fields, in lower case."""
    return [option.strip(OWS).lower() for option in ",".join(values).split(",")]
