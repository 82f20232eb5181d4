"""`Decompressor`: a message delegate that takes the content coding off before another one.

A body of a few kilobytes can stand for gigabytes. So it is decoded in small pieces, each counted
before it is handed on, and no further than somebody wants: what the wrapped delegate waits for
is waited for here, too. With two codings, what the first one gives counts just the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Iterator
from typing import TYPE_CHECKING
from typing import Final

from ._codings import ContentDecoder
from ._codings import decoder_of
from ._delegates import HTTPMessageDelegate
from ._delegates import HTTPServerConnectionDelegate
from ._errors import HTTPInputError
from ._grammar import OWS
from ._headers import HTTPHeaders
from ._holdup import is_over
from ._http_connection import HTTPConnection
from ._parameters import HTTP1ConnectionParameters
from ._start_line import RequestStartLine
from ._start_line import ResponseStartLine

if TYPE_CHECKING:
    from ._server import HTTP1ServerConnection

# More than two codings in a row are somebody's joke.
_MAX_CODINGS: Final = 2

# How much a decoder is given at a time. It copies what it leaves, and may leave it after every few
# bytes, in a row of tiny gzip members for one.
_SLICE: Final = 16 * 1024

# The size of the pieces that are handed on, unless chunk_size says otherwise.
_PIECE: Final = 64 * 1024

# After so much out of one piece of input the loop gets a chance to look after others.
_TURN: Final = 1024 * 1024

# The ratio of a short body says nothing: up to this size any is fine.
_RATIO_COUNTS_FROM: Final = 1024 * 1024


def _decoders(headers: HTTPHeaders) -> list[ContentDecoder]:
    """A decoder for each content coding of a body, the one that was applied last first.

    Empty if there is none, or not for all of them.
    """
    value = headers.get("Content-Encoding")
    if value is None:
        return []
    codings = [coding.strip(OWS).lower() for coding in value.split(",")]
    makers = [decoder_of(coding) for coding in reversed(codings) if coding not in {"", "identity"}]
    if len(makers) > _MAX_CODINGS or "Content-Range" in headers:
        # A range is cut out of the encoded form (RFC 9110 section 14.4).
        return []
    decoders = [make() for make in makers if make is not None]
    return decoders if len(decoders) == len(makers) else []


class Decompressor(HTTPMessageDelegate):
    """Hands a message on to `delegate`, decoded.

    The head then says `X-Consumed-Content-Encoding` instead of `Content-Encoding`, and nothing of
    the length, which was that of the encoded body. A body in a coding that is not known here, or
    in more than two, is handed on as it is.

    Raises `HTTPInputError` for a body that is malformed or cut short (400), or beyond
    `max_decompressed_size` or `max_decompression_ratio` (413). `body_limit` gives the limit of the
    body as it comes, which the delegate may still change; it counts when the first one is not set.
    """

    def __init__(
        self,
        delegate: HTTPMessageDelegate,
        params: HTTP1ConnectionParameters,
        body_limit: Callable[[], int],
    ) -> None:
        self._delegate = delegate
        self._body_limit = body_limit
        # Bytes that each decoder may give: if that is for others to say, -1 until the body begins.
        self._limit = -1 if params.max_decompressed_size is None else params.max_decompressed_size
        self._ratio = params.max_decompression_ratio
        self._piece_size = _PIECE if params.chunk_size is None else params.chunk_size
        self._decoders: list[ContentDecoder] = []
        self._consumed = 0  # bytes of the body as it came
        self._produced = [0] * _MAX_CODINGS  # bytes that each decoder gave
        self._closed = False

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        # Ours to say: a peer that says so itself wants to look like what it is not.
        headers.pop("X-Consumed-Content-Encoding", None)
        self._decoders = _decoders(headers)
        if self._decoders:
            headers["X-Consumed-Content-Encoding"] = headers.pop("Content-Encoding")
            headers.pop("Content-Length", None)
        return self._delegate.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        if not self._decoders:
            return self._delegate.data_received(chunk)
        pieces = self._decode(chunk)
        waiting = self._deliver(pieces)
        return None if waiting is None else self._deliver_rest(waiting, pieces)

    def finish(self) -> None:
        # No byte at all is an empty body, whatever its coding: the answer to HEAD, for one.
        if self._consumed and not all(decoder.complete for decoder in self._decoders):
            # Nobody else will tell the delegate: for the connection this message is through.
            self._delegate.on_connection_close()
            raise HTTPInputError("the encoded body is cut short")
        self._delegate.finish()

    def on_connection_close(self) -> None:
        self._closed = True
        self._delegate.on_connection_close()

    # --- the body

    def _deliver(self, pieces: Iterator[bytes]) -> Awaitable[None] | None:
        """Hand pieces on until there is something to be waited for."""
        size = 0
        for piece in pieces:
            if self._closed:
                break
            waiting = self._delegate.data_received(piece)
            if waiting is not None and not is_over(waiting):
                return waiting
            size += len(piece)
            if size > _TURN:
                return asyncio.sleep(0)
        return None

    async def _deliver_rest(self, waiting: Awaitable[None] | None, pieces: Iterator[bytes]) -> None:
        while waiting is not None:
            await waiting
            waiting = self._deliver(pieces)

    def _decode(self, data: bytes) -> Iterator[bytes]:
        if self._limit < 0:
            self._limit = self._body_limit()
        for start in range(0, len(data), _SLICE):
            part = data[start : start + _SLICE]
            self._consumed += len(part)
            yield from self._decode_from(0, part)

    def _decode_from(self, index: int, data: bytes) -> Iterator[bytes]:
        """What comes out at the end when decoder number `index` is given `data`."""
        decoder = self._decoders[index]
        last = index + 1 == len(self._decoders)
        size = self._piece_size if last else _SLICE
        while True:
            # One byte more than may come shows that more would come.
            left = self._limit - self._produced[index]
            piece = decoder.decode(data, min(size, left + 1))
            data = b""
            if piece:
                self._count(index, len(piece))
                if last:
                    yield piece
                else:
                    yield from self._decode_from(index + 1, piece)
            if decoder.hungry:
                break

    def _count(self, index: int, size: int) -> None:
        """Decoder number `index` has given `size` bytes more. Raises if that is too much."""
        produced = self._produced[index] = self._produced[index] + size
        if produced > self._limit:
            raise HTTPInputError(
                f"decoded body longer than {self._limit} bytes (max_decompressed_size)", 413
            )
        if produced > max(_RATIO_COUNTS_FROM, self._ratio * self._consumed):
            raise HTTPInputError(
                f"decoded body more than {self._ratio:g} times as long as it came"
                " (max_decompression_ratio)",
                413,
            )


class DecompressedRequests(HTTPServerConnectionDelegate):
    """Puts a `Decompressor` before every message delegate that `delegate` gives."""

    def __init__(
        self, delegate: HTTPServerConnectionDelegate, params: HTTP1ConnectionParameters
    ) -> None:
        self._delegate = delegate
        self._params = params

    def start_request(
        self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        message = self._delegate.start_request(server_conn, request_conn)
        return Decompressor(message, self._params, server_conn.body_size_limit)

    def on_close(self, server_conn: HTTP1ServerConnection) -> None:
        self._delegate.on_close(server_conn)
