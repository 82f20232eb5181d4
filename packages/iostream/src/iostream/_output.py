"""The output of a stream: `write` and what becomes of it."""

from __future__ import annotations

import asyncio
import collections
import os
from collections.abc import Iterable
from typing import BinaryIO
from typing import Final
from typing import TypeAlias

from ._completed import completed_future
from ._descriptor import Descriptor
from ._errors import StreamBufferFullError
from ._errors import StreamClosedError
from ._fail_quietly import fail_quietly
from ._file_segment import FileSegment
from ._mypyc import mypyc_attr
from ._send_queue import JOIN_LIMIT
from ._send_queue import Piece
from ._send_queue import SendQueue
from ._states import BLOCKED
from ._states import CLOSED
from ._states import CONNECTING
from ._states import OPEN
from ._states import OUTPUT_ENDED
from ._states import READY
from ._turn import turn_of

Buffer: TypeAlias = bytes | bytearray | memoryview

# The queue of every stream until the kernel leaves something over, which it never does for most.
_NEVER_FILLED: Final = SendQueue()


@mypyc_attr(allow_interpreted_subclasses=True)
class OutputHalf(Descriptor):
    """A descriptor that can be written to.

    Bytes are in one of three places. What the kernel takes at once is nowhere. What is written
    while corked is in ``_corked``, and leaves in one piece. What the kernel did not take is in
    ``_queue``. The last two are never in use together: ``_queue`` is empty while output is
    ``READY``, and ``_corked`` otherwise.
    """

    __slots__ = (
        "_completed",
        "_corked",
        "_corked_size",
        "_corks",
        "_queue",
        "_turn",
        "_write_waiters",
        "bytes_sent",
        "max_write_buffer_size",
    )

    def __init__(self, max_write_buffer_size: int | None) -> None:
        Descriptor.__init__(self)
        self.max_write_buffer_size = max_write_buffer_size
        self.bytes_sent = 0
        self._completed = completed_future(self._loop)
        self._turn = turn_of(self._loop)
        self._corks = 0
        self._corked: list[bytes] = []
        self._corked_size = 0
        self._queue = _NEVER_FILLED
        # For each pending write the value of bytes_sent at which it is done. Nothing is sent behind
        # the end, so that it can count as one byte more.
        self._write_waiters: collections.deque[tuple[int, asyncio.Future[None]]] | None = None

    def writing(self) -> bool:
        """Whether bytes are waiting to be sent."""
        return self._queue.size > 0 or self._corked_size > 0

    def write(self, data: Buffer | Iterable[Buffer]) -> asyncio.Future[None]:
        """Send ``data``: one buffer, or several that are to go out together.

        The Future is done when the kernel has taken all of it, or, while the stream is corked,
        when the bytes are accepted. Waiting for it is how a fast writer is slowed down to the pace
        of its reader. Writes go out in the order in which they were made.

        What waits is not copied if it is `bytes`. A `bytearray`, and a small `memoryview`, is
        copied and may be changed as soon as ``write`` returns; a `memoryview` of more than 64 KiB
        is kept as it is and must not change until the Future is done.

        Raises `StreamClosedError`, also after `shutdown_write`, and `StreamBufferFullError` when
        more than ``max_write_buffer_size`` would wait. Should the stream be closed later, the
        Future fails with `StreamClosedError`; nobody needs to look at it.
        """
        if type(data) is not bytes:
            return self._write_buffers(data)
        if self._output is not READY or self.max_write_buffer_size is not None:
            return self._write_checked([data])
        if self._corks:
            self._corked.append(data)
            self._corked_size += len(data)
            return self._completed if self._corked_size <= JOIN_LIMIT else self._move_on()
        size = len(data)
        if size > JOIN_LIMIT:
            return self._write_checked([data])
        try:
            sent = self._send_some(data) if size else 0
        except BlockingIOError:
            sent = 0
        except OSError as exc:
            self._fail(exc)
            return self._unsent()
        self.bytes_sent += sent
        if sent == size:
            return self._completed
        self._queue_rest(data, sent)
        return self._unsent()

    def _write_buffers(self, data: Buffer | Iterable[Buffer]) -> asyncio.Future[None]:
        """``write`` of anything but `bytes`."""
        pieces: list[bytes | memoryview] = []
        for buffer in (data,) if isinstance(data, (bytearray, memoryview)) else data:
            if isinstance(buffer, memoryview) and buffer.nbytes > JOIN_LIMIT:
                pieces.append(buffer.cast("B"))
            else:
                pieces.append(bytes(buffer))
        return self._write_checked(pieces)

    def _write_checked(self, pieces: list[bytes | memoryview]) -> asyncio.Future[None]:
        """``write`` of pieces that may have to be refused, or to wait."""
        size = sum(map(len, pieces))
        self._check_writable(size)
        if self._corks and self._output is READY and self._corked_size + size <= JOIN_LIMIT:
            self._corked.extend(map(bytes, pieces))
            self._corked_size += size
            return self._completed
        self._queue_corked()
        for piece in pieces:
            if len(piece):
                self._enqueue(piece)
        return self._move_on()

    def sendfile(
        self, file: BinaryIO, offset: int = 0, count: int | None = None
    ) -> asyncio.Future[None]:
        """Send ``count`` bytes of ``file`` from ``offset`` on; None: all up to its present end.

        A plain socket has the kernel copy them; TLS and other streams read and write. The file
        must be a regular one, opened in binary mode, and stay open until the Future is done. When
        it turns out shorter than announced the stream is closed with `EOFError`, and when it is
        not open any more with `ValueError`. Otherwise like
        `write`, in one order with it. Raises `ValueError` if the file does not have that much.
        """
        size = os.fstat(file.fileno()).st_size
        if count is None:
            count = max(0, size - offset)
        if offset < 0 or count < 0 or (count and offset + count > size):
            raise ValueError(f"the file has {size} bytes, not {count} from offset {offset} on")
        # The limit is about memory, which a file takes none of.
        self._check_writable(0)
        self._queue_corked()
        if count:
            self._enqueue(FileSegment(file, offset, count))
        return self._move_on()

    def cork(self) -> None:
        """Hold writes back until `uncork`, so that they leave in one piece. Nests."""
        self._corks += 1

    def uncork(self) -> None:
        """Undo one `cork`; the last one sends what was held back."""
        self._corks -= 1
        if self._corked and not self._corks:
            self._flush_corked()

    def shutdown_write(self) -> asyncio.Future[None]:
        """Tell the peer that nothing more comes, once everything written so far has been sent.

        Reading goes on. The Future is done when the kernel has taken all of it, and the end. It
        fails with `StreamClosedError` when the stream is closed, now or before it came to that;
        nobody needs to look at it. Called again, this does nothing but return such a Future.
        """
        if self._life is CLOSED:
            return self._unsent()
        if self._output is not OUTPUT_ENDED:
            self._before_end()
            self._flush_corked()
            waits = self._output is BLOCKED
            self._output = OUTPUT_ENDED
            if not waits:
                self._finish_output()
        if self.error is not None:  # that failed
            return self._unsent()
        if self._watching_write or self._life is CONNECTING:
            return self._wait_until(self.bytes_sent + self._queue.size + 1)
        return self._completed

    # ---- Inside ----

    def _check_writable(self, size: int) -> None:
        self._check_open()
        if self._output is OUTPUT_ENDED:
            raise StreamClosedError
        limit = self.max_write_buffer_size
        if limit is not None and self._queue.size + self._corked_size + size > limit:
            raise StreamBufferFullError(
                f"more than {limit} bytes (max_write_buffer_size) would wait"
            )

    def _flush_corked(self) -> None:
        """Send what was written while corked, as one piece."""
        corked = self._corked
        if corked:
            data = b"".join(corked)  # which is the piece itself when there is only one
            corked.clear()
            self._corked_size = 0
            try:
                sent = self._send_some(data) if data else 0
            except BlockingIOError:
                sent = 0
            except OSError as exc:
                self._fail(exc)
                return
            self.bytes_sent += sent
            if sent < len(data):
                self._queue_rest(data, sent)

    def _queue_rest(self, data: bytes, sent: int) -> None:
        """The kernel took only ``sent`` bytes of ``data``: the others wait."""
        self._enqueue(memoryview(data)[sent:] if sent else data)
        self._block()

    def _enqueue(self, piece: Piece) -> None:
        if self._queue is _NEVER_FILLED:
            self._queue = SendQueue()
            self._before_queueing()
        self._queue.append(piece)

    def _queue_corked(self) -> None:
        """Put what was written while corked where something that is not corked goes."""
        for piece in self._corked:
            if piece:
                self._enqueue(piece)
        self._corked.clear()
        self._corked_size = 0

    def _move_on(self) -> asyncio.Future[None]:
        """Send of all that waits what the kernel takes; return what ``write`` returns."""
        self._queue_corked()
        if self._queue.size and self._output is READY:
            self._flush()
        return self._unsent() if self._queue.size or self.closed() else self._completed

    def _flush(self) -> None:
        """Send the next batch of the queue. A failure closes the stream."""
        queue = self._queue
        try:
            sent = self._transmit_batch(queue.batch())
        except BlockingIOError:
            sent = 0
        except (OSError, EOFError, ValueError) as exc:  # the last two are about a file
            self._fail(exc)
            return
        self.bytes_sent += sent
        if sent == queue.size:
            queue.clear()
        else:
            queue.advance(sent)
            self._block()
        if self._write_waiters:
            self._resolve_writes(self.bytes_sent)

    def _block(self) -> None:
        """Bytes are left over: go on when the kernel has room."""
        if self._output is READY:
            self._output = BLOCKED
        self._start_watching_write()

    def _on_writable(self) -> None:
        """The kernel has room again."""
        if self._queue.size:
            self._flush()
        if not self._queue.size and self._life is OPEN:
            self._stop_watching_write()
            if self._output is OUTPUT_ENDED:
                self._finish_output()
            else:
                self._output = READY

    def _finish_output(self) -> None:
        """Send the end: a TLS stream may have to wait for the kernel once more, and come back."""
        try:
            self.shutdown_fd()
        except OSError as exc:
            self._fail(exc)
            return
        if self._write_waiters and not self._watching_write:
            self._resolve_writes(self.bytes_sent + 1)

    def _unsent(self) -> asyncio.Future[None]:
        """A Future that is done when all that waits now has been sent; it fails if that is off."""
        if self._life is CLOSED:
            future: asyncio.Future[None] = asyncio.Future(loop=self._loop)
            fail_quietly(future, StreamClosedError(real_error=self.error))
            return future
        return self._wait_until(self.bytes_sent + self._queue.size)

    def _wait_until(self, sent: int) -> asyncio.Future[None]:
        """A Future that is done when so many bytes have been sent; the end counts as one more."""
        future: asyncio.Future[None] = asyncio.Future(loop=self._loop)
        if self._write_waiters is None:
            self._write_waiters = collections.deque()
        self._write_waiters.append((sent, future))
        return future

    def _resolve_writes(self, sent: int) -> None:
        waiters = self._write_waiters
        while waiters and waiters[0][0] <= sent:
            future = waiters.popleft()[1]
            if not future.done():
                future.set_result(None)

    def _leave_loop(self) -> None:
        Descriptor._leave_loop(self)
        if self._queue.size:
            self._queue.clear()
        if self._corked:
            self._corked.clear()
            self._corked_size = 0

    def _announce(self) -> None:
        if self._write_waiters is not None:
            for _, future in self._write_waiters:
                fail_quietly(future, StreamClosedError(real_error=self.error))
            self._write_waiters = None
        Descriptor._announce(self)
