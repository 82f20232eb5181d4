"""Decoders of content codings: compressed bytes in, no more than so many bytes out at a time.

A decoder is asked for at most `size` bytes with every call, however much its input would expand
to, and keeps the rest of the input. So what a body may become is limited by who asks, before it
has become that.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Final
from typing import Protocol

from ._errors import HTTPInputError

# RFC 9659 section 3: a decoder must support windows of 8 MB, and an encoder must not use larger
# ones; what goes beyond is there to make us allocate memory.
_ZSTD_WINDOW_LOG: Final = 23


class ContentDecoder(Protocol):
    """Decodes one body."""

    #: Whether it has to be given more before it has more to give.
    hungry: bool
    #: Whether the body may end here.
    complete: bool

    def decode(self, data: bytes, size: int) -> bytes:
        """At most `size` bytes of what `data` decodes to, and what was given before and is left.

        Give it `data` while it is hungry, and b"" while it is not. Raises `HTTPInputError` for
        what is not valid in the coding.
        """


class GzipDecoder:
    """`gzip` (RFC 1952): one or more members, one behind the other."""

    __slots__ = ("_member", "_rest", "complete", "hungry")

    def __init__(self) -> None:
        self._member = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._rest = b""  # of the input
        self.hungry = True
        self.complete = False

    def decode(self, data: bytes, size: int) -> bytes:
        data = data or self._rest
        if self.complete:
            self._member = zlib.decompressobj(16 + zlib.MAX_WBITS)
        member = self._member
        try:
            decoded = member.decompress(data, size)
        except zlib.error as error:
            raise _malformed("gzip", error) from None
        self.complete = member.eof
        self._rest = member.unused_data if member.eof else member.unconsumed_tail
        # A full measure can mean that more waits inside, even if all the input has gone in.
        self.hungry = not self._rest and (member.eof or len(decoded) < size)
        return decoded


class DeflateDecoder:
    """`deflate`: the zlib format (RFC 1950), or the bare data (RFC 1951) that some send instead.

    RFC 9110 section 8.4.1.2 says the former, and mentions the latter.
    """

    __slots__ = ("_rest", "_stream", "complete", "hungry")

    def __init__(self) -> None:
        self._stream: zlib._Decompress | None = None  # until two bytes tell which of them it is
        self._rest = b""
        self.hungry = True
        self.complete = False

    def decode(self, data: bytes, size: int) -> bytes:
        stream = self._stream
        if stream is None:
            data = self._rest = self._rest + data
            if len(data) < 2:
                return b""
            # RFC 1950 section 2.2: the method, and a check of the first two bytes. No stream of
            # bare data begins like that: its first block would be one that nobody writes.
            zlib_format = data[0] & 0x8F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
            wbits = zlib.MAX_WBITS if zlib_format else -zlib.MAX_WBITS
            stream = self._stream = zlib.decompressobj(wbits)
        else:
            data = data or self._rest
        if self.complete:
            raise HTTPInputError("bytes behind the end of a deflate body")
        try:
            decoded = stream.decompress(data, size)
        except zlib.error as error:
            raise _malformed("deflate", error) from None
        if stream.unused_data:
            raise HTTPInputError("bytes behind the end of a deflate body")
        self.complete = stream.eof
        self._rest = stream.unconsumed_tail
        self.hungry = not self._rest and (stream.eof or len(decoded) < size)
        return decoded


class _BrotliStream(Protocol):
    def process(self, data: bytes, output_buffer_limit: int) -> bytes: ...

    def can_accept_more_data(self) -> bool: ...

    def is_finished(self) -> bool: ...


class BrotliDecoder:
    """`br` (RFC 7932), by the library `brotli`."""

    __slots__ = ("_decoded", "_error", "_more", "_stream", "complete", "hungry")

    # The library fills whole blocks, the first of which has this size.
    _BLOCK: Final = 32752

    def __init__(self, stream: _BrotliStream, error: type[Exception]) -> None:
        self._stream = stream
        self._error = error
        self._decoded = b""  # more than was asked for
        self._more = False  # whether there is more inside
        self.hungry = True
        self.complete = False
        # A TypeError here tells that the library cannot be kept from giving all there is.
        stream.process(b"", output_buffer_limit=1)

    def decode(self, data: bytes, size: int) -> bytes:
        if not self._decoded and (data or self._more):
            self._process(data, min(size, self._BLOCK))
        decoded = self._decoded[:size]
        self._decoded = self._decoded[size:]
        self.hungry = not self._decoded and not self._more
        return decoded

    def _process(self, data: bytes, limit: int) -> None:
        stream = self._stream
        if self.complete:
            raise HTTPInputError("bytes behind the end of a br body")
        try:
            self._decoded = stream.process(data, output_buffer_limit=limit)
        except self._error as error:
            raise _malformed("br", error) from None
        self.complete = stream.is_finished()
        # It takes more input while it has more output: a full measure may not be all.
        full = len(self._decoded) >= limit or not stream.can_accept_more_data()
        self._more = full and not self.complete


class _ZstdFrame(Protocol):
    eof: bool
    needs_input: bool
    unused_data: bytes

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class ZstdDecoder:
    """`zstd` (RFC 8878): one or more frames, by the library of Python 3.14 or its backport."""

    __slots__ = ("_error", "_frame", "_new_frame", "_rest", "complete", "hungry")

    def __init__(self, new_frame: Callable[[], _ZstdFrame], error: type[Exception]) -> None:
        self._new_frame = new_frame
        self._error = error
        self._frame = new_frame()
        self._rest = b""  # of the input, behind a frame
        self.hungry = True
        self.complete = False

    def decode(self, data: bytes, size: int) -> bytes:
        data = data or self._rest
        if self.complete:
            self._frame = self._new_frame()
        frame = self._frame
        try:
            decoded = frame.decompress(data, size)
        except self._error as error:
            raise _malformed("zstd", error) from None
        self.complete = frame.eof
        self._rest = frame.unused_data if frame.eof else b""
        self.hungry = not self._rest and (frame.eof or frame.needs_input)
        return decoded


def _malformed(coding: str, error: Exception) -> HTTPInputError:
    return HTTPInputError(f"malformed {coding} body: {error}")


def _new_brotli() -> ContentDecoder:
    brotli = import_module("brotli")
    return BrotliDecoder(brotli.Decompressor(), brotli.error)


def _new_zstd() -> ContentDecoder:
    try:
        zstd = import_module("compression.zstd")
    except ImportError:
        zstd = import_module("backports.zstd")
    options = {zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG}
    return ZstdDecoder(lambda: zstd.ZstdDecompressor(options=options), zstd.ZstdError)


@cache
def decoder_of(coding: str) -> Callable[[], ContentDecoder] | None:
    """What makes a decoder of that content coding (RFC 9110 section 8.4.1), in lower case.

    None if there is none, or its library is not installed, or is so old that it cannot be kept
    from producing more than is asked for (brotli before 1.2).
    """
    if coding in {"gzip", "x-gzip"}:
        return GzipDecoder
    if coding == "deflate":
        return DeflateDecoder
    new = {"br": _new_brotli, "zstd": _new_zstd}.get(coding)
    if new is None:
        return None
    try:
        new()
    except (ImportError, TypeError):
        return None
    return new
