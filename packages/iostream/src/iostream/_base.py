"""`BaseIOStream`: what every stream does, whatever carries its bytes.

Theory of operation
-------------------
A stream is three small machines and a transport.

*Life* (`Life`): connecting, open, closed. ``close()`` and every failure end in `_shut`, which
takes the stream off the loop, closes the descriptor, and has `_announce` called, by the loop or
at the end of ``receive_now``: that is the one place from which futures fail, ``connection_lost``
and the close callback are called, so nothing of it is ever re-entrant.

*Input* (`Input`): who gets what arrives. While it is ``FLOWING`` a readable event costs one
``recv`` and one call of the receiver with the very object that ``recv`` returned. Pull is a
receiver too (`PullReader`), which keeps what nobody asked for yet in the inbox.
The descriptor stays registered when input stops: only an event that finds it stopped takes the
descriptor off the loop. So a pause that ends before the peer sends more costs no system call,
and neither do the gaps between two reads.
A read that finds the descriptor not registered, as the first one does, receives first: the loop
is asked only if what is wanted has not come yet.

*Output* (`Output`): whether the kernel may be given bytes now. ``write`` sends at once, or
behind what waits already, or at ``uncork``. The descriptor is watched for writing only while
the kernel is full.

Ownership: the loop refers to the stream while its descriptor is registered, and the stream to
its receiver. Both ends are cut by `_shut` and `_announce`, so a closed stream is freed without
the help of the garbage collector.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from ._errors import StreamClosedError
from ._input import InputHalf
from ._into_buffer import IntoBuffer
from ._mypyc import mypyc_attr
from ._pending_read import AtMost
from ._pending_read import Exactly
from ._pending_read import Until
from ._pending_read import UntilClose
from ._pending_read import UntilRegex
from ._read_future import ReadFuture


@mypyc_attr(allow_interpreted_subclasses=True)
class BaseIOStream(InputHalf):
    """A stream of bytes in both directions; a subclass says what carries them.

    The subclass defines `fileno`, `close_fd`, `write_to_fd`, `read_from_fd` and, if it can tell,
    `get_fd_error`. Descriptors must be non-blocking and of a kind that the loop can watch.

    Args:
        max_buffer_size: the most bytes that a pending read may pile up; more closes the stream
            with `StreamBufferFullError`. 100 MiB by default.
        read_chunk_size: the most bytes that are received at a time. By default 64 KiB, reached
            step by step from 8 KiB by a peer that fills them.
        max_write_buffer_size: the most bytes that ``write`` lets wait for the kernel before it
            raises `StreamBufferFullError`. Unlimited by default.

    Attributes:
        error: what closed the stream; None while it is open, and when it was closed in good order.
        watch_later: whether nothing is received before `receive_now` is called; set it to True
            before the first read, and not on a TLS stream, whose handshake has begun. A peer that
            speaks first may have spoken by then, and be answered and done with before the loop has
            heard of the descriptor.
        bytes_received: the bytes that have arrived so far.
        bytes_sent: the bytes that the kernel has taken so far.
    """

    __slots__ = ()

    def read_bytes(self, num_bytes: int, partial: bool = False) -> ReadFuture[bytes]:
        """Read ``num_bytes`` bytes; with ``partial``, at least one and at most that many."""
        if num_bytes < 0:
            raise ValueError("num_bytes must not be negative")
        read = AtMost(num_bytes) if partial else Exactly(num_bytes)
        return self._reader().start(read) if num_bytes else self._reader().start_empty(read)

    def read_until(self, delimiter: bytes, max_bytes: int | None = None) -> ReadFuture[bytes]:
        """Read up to and including ``delimiter``.

        When that would be more than ``max_bytes`` the stream is closed with
        `UnsatisfiableReadError`, and the read fails with `StreamClosedError`.
        """
        if not delimiter:
            raise ValueError("delimiter must not be empty")
        pull = self._pull or self._reader()
        read = Until()
        read.delimiter = delimiter
        read.max_bytes = max_bytes
        read.searched = 0
        return pull.start(read)

    def read_until_regex(
        self, regex: bytes | re.Pattern[bytes], max_bytes: int | None = None
    ) -> ReadFuture[bytes]:
        """Read up to and including the first match of ``regex``.

        ``max_bytes`` is that of `read_until`. A pattern whose matches are bounded in width
        (``\\r?\\n``) is searched in linear time; one that is not (``x.*y``), or that looks ahead,
        is searched from the start whenever bytes arrive, so give ``max_bytes`` with it.
        """
        return self._reader().start(UntilRegex(re.compile(regex), max_bytes))

    def read_until_close(self) -> ReadFuture[bytes]:
        """Read everything up to the end of the stream, and close it."""
        return self._reader().start(UntilClose())

    def read_into(self, buf: bytearray | memoryview, partial: bool = False) -> ReadFuture[int]:
        """Read into ``buf`` until it is full; with ``partial``, until at least one byte is there.

        The result is how many bytes it holds. The bytes go from the kernel straight into ``buf``,
        which can't be resized before the read is done.
        """
        read = IntoBuffer(buf, partial)
        return self._reader().start(read) if read.capacity else self._reader().start_empty(read)

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Whatever arrives, piece by piece, until the peer closes the stream."""
        return self

    async def __anext__(self) -> bytes:
        try:
            return await self.read_bytes(self.read_chunk_size, partial=True)
        except StreamClosedError as exc:
            if exc.real_error is None:
                raise StopAsyncIteration from None
            raise

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
