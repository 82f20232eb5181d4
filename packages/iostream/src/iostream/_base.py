"""`BaseIOStream`: what every stream does, whatever carries its bytes.

Theory of operation
-------------------
A stream is three small machines and a transport.

*Life* (`Life`): connecting, open, closed. ``close()`` and every failure end in `_shut`, which
takes the stream off the loop, closes the descriptor, and has the loop call `_announce`: that
is the one place from which futures fail, ``connection_lost`` and the close callback are called,
so nothing of it is ever re-entrant.

*Input* (`Input`): who gets what arrives. While it is ``FLOWING`` a readable event costs one
``recv`` and one call of the receiver with the very object that ``recv`` returned. Pull is a
receiver too (`PullReader`), which keeps what nobody asked for yet in the inbox.
The descriptor stays registered when input stops: only an event that finds it stopped takes the
descriptor off the loop. So a pause that ends before the peer sends more costs no system call,
and neither do the gaps between two reads.

*Output* (`Output`): whether the kernel may be given bytes now. ``write`` sends at once, or
behind what waits already, or at ``uncork``. The descriptor is watched for writing only while
the kernel is full.

Ownership: the loop refers to the stream while its descriptor is registered, and the stream to
its receiver. Both ends are cut by `_shut` and `_announce`, so a closed stream is freed without
the help of the garbage collector.
"""

from __future__ import annotations

import asyncio
import collections
import logging
import os
import re
import sys
from collections.abc import AsyncIterator
from collections.abc import Callable
from collections.abc import Iterable
from types import TracebackType
from typing import BinaryIO
from typing import Final
from typing import Self
from typing import TypeAlias

from ._completed import completed_future
from ._errors import StreamBufferFullError
from ._errors import StreamClosedError
from ._fail_quietly import fail_quietly
from ._file_segment import FileSegment
from ._pending_read import AtMost
from ._pending_read import Exactly
from ._pending_read import Until
from ._pending_read import UntilClose
from ._pending_read import UntilRegex
from ._pull_reader import PullReader
from ._receive_buffer import ReceiveBuffer
from ._receiver import Receiver
from ._send_queue import JOIN_LIMIT
from ._send_queue import Batch
from ._send_queue import Piece
from ._send_queue import SendQueue
from ._states import Input
from ._states import Life
from ._states import Output

logger = logging.getLogger(__name__)

Buffer: TypeAlias = bytes | bytearray | memoryview
ExcInfo: TypeAlias = (
    bool
    | BaseException
    | tuple[type[BaseException] | None, BaseException | None, TracebackType | None]
    | None
)

# The first receive of a connection asks for this much: enough for any usual request head, and
# from the allocator's point of view still a cheap block. It doubles whenever a receive filled it.
_FIRST_RECEIVE: Final = 8192

# How far it grows unless read_chunk_size says otherwise. Beyond it a receive no longer costs less
# per byte, because the block falls out of the processor's second-level cache.
_LARGEST_RECEIVE: Final = 262144

_MAX_BUFFER_SIZE: Final = 100 * 1024 * 1024


_FLOWING: Final = Input.FLOWING
_READY: Final = Output.READY


class BaseIOStream:
    """A stream of bytes in both directions; a subclass says what carries them.

    The subclass defines `fileno`, `close_fd`, `write_to_fd`, `read_from_fd` and, if it can tell,
    `get_fd_error`. Descriptors must be non-blocking and of a kind that the loop can watch.

    Args:
        max_buffer_size: the most bytes that a pending read may pile up; more closes the stream
            with `StreamBufferFullError`. 100 MiB by default.
        read_chunk_size: the most bytes that are received at a time. By default 256 KiB, reached
            step by step from 8 KiB by a peer that fills them.
        max_write_buffer_size: the most bytes that ``write`` lets wait for the kernel before it
            raises `StreamBufferFullError`. Unlimited by default.

    Attributes:
        error: what closed the stream; None while it is open, and when it was closed in good order.
        bytes_received: the bytes that have arrived so far.
        bytes_sent: the bytes that the kernel has taken so far.
    """

    __slots__ = (
        "__weakref__",
        "_close_callback",
        "_completed",
        "_corks",
        "_inbox",
        "_input",
        "_life",
        "_loop",
        "_output",
        "_pull",
        "_queue",
        "_receive_ceiling",
        "_receive_floor",
        "_receive_size",
        "_receiver",
        "_watching_read",
        "_watching_write",
        "_write_waiters",
        "bytes_received",
        "bytes_sent",
        "error",
        "max_buffer_size",
        "max_write_buffer_size",
        "read_chunk_size",
    )

    def __init__(
        self,
        max_buffer_size: int | None = None,
        read_chunk_size: int | None = None,
        max_write_buffer_size: int | None = None,
    ) -> None:
        self._loop = asyncio.get_event_loop()
        self._completed = completed_future(self._loop)
        self.max_buffer_size = max_buffer_size or _MAX_BUFFER_SIZE
        # Never more at once than a reader may keep, so that the limit holds within one chunk.
        self.read_chunk_size = min(read_chunk_size or _LARGEST_RECEIVE, self.max_buffer_size)
        self.max_write_buffer_size = max_write_buffer_size
        self.error: BaseException | None = None
        self.bytes_received = 0
        self.bytes_sent = 0
        self._life = Life.OPEN
        self._input = Input.IDLE
        self._output = Output.READY
        self._receiver: Receiver | None = None
        self._pull: PullReader | None = None
        self._inbox = ReceiveBuffer()
        self._queue = SendQueue()
        self._corks = 0
        self._receive_size = min(_FIRST_RECEIVE, self.read_chunk_size)
        # A receive of this many bytes or fewer, or of that many or more, changes the size (or is
        # the end of the stream): one comparison in the readable event covers all three.
        self._receive_floor = 0
        self._receive_ceiling = self._receive_size
        self._watching_read = False
        self._watching_write = False
        self._write_waiters: collections.deque[tuple[int, asyncio.Future[None]]] | None = None
        self._close_callback: Callable[[], None] | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._life.name.lower()}>"

    # ---- What a subclass defines ----

    def fileno(self) -> int:
        """The file descriptor that the loop watches."""
        raise NotImplementedError

    def close_fd(self) -> None:
        """Close the descriptor. Called once, by the stream; others call `close`."""
        raise NotImplementedError

    def write_to_fd(self, data: memoryview) -> int:
        """Write what can be written of ``data`` without waiting; return how many bytes that was."""
        raise NotImplementedError

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        """Read into ``buf``; return how many bytes came, 0 at the end, None if there is nothing now."""
        raise NotImplementedError

    def get_fd_error(self) -> Exception | None:
        """The error that is pending on the descriptor, None if there is none or it can't be told."""
        return None

    # A transport that can do better than those hooks overrides the next four as well.

    def _receive(self, size: int) -> bytes | None:
        """Up to ``size`` bytes, b"" at the end, None if there is nothing now."""
        buffer = bytearray(size)
        received = self.read_from_fd(buffer)
        if received is None:
            return None
        del buffer[received:]
        return bytes(buffer)

    def _transmit(self, batch: Batch) -> int:
        """Give ``batch`` to the kernel; return how many of its bytes were taken."""
        try:
            if isinstance(batch, FileSegment):
                return self.write_to_fd(memoryview(batch.peek(JOIN_LIMIT)))
            if isinstance(batch, list):
                batch = batch[0]
            return self.write_to_fd(memoryview(batch))
        except (BlockingIOError, InterruptedError):
            return 0

    def _end_output(self) -> None:
        """Tell the peer that nothing more will be written."""

    def _before_close(self) -> None:
        """The stream is about to be closed in good order: a last chance to say good-bye."""

    # ---- State ----

    def closed(self) -> bool:
        """Whether the stream has been closed, by either side."""
        return self._life is Life.CLOSED

    def reading(self) -> bool:
        """Whether a read is pending."""
        return self._pull is not None and self._pull.busy()

    def writing(self) -> bool:
        """Whether bytes are waiting for the kernel to take them."""
        return self._queue.size > 0

    # ---- Pull ----

    def read_bytes(self, num_bytes: int, partial: bool = False) -> asyncio.Future[bytes]:
        """Read ``num_bytes`` bytes; with ``partial``, at least one and at most that many."""
        if num_bytes < 0:
            raise ValueError("num_bytes must not be negative")
        if not num_bytes:
            return self._reader().start_empty()
        return self._reader().start(AtMost(num_bytes) if partial else Exactly(num_bytes))

    def read_until(self, delimiter: bytes, max_bytes: int | None = None) -> asyncio.Future[bytes]:
        """Read up to and including ``delimiter``.

        When that would be more than ``max_bytes`` the stream is closed with
        `UnsatisfiableReadError`, and the read fails with `StreamClosedError`.
        """
        if not delimiter:
            raise ValueError("delimiter must not be empty")
        return self._reader().start(Until(delimiter, max_bytes))

    def read_until_regex(
        self, regex: bytes | re.Pattern[bytes], max_bytes: int | None = None
    ) -> asyncio.Future[bytes]:
        """Read up to and including the first match of ``regex``.

        ``max_bytes`` is that of `read_until`. A pattern whose matches are bounded in width
        (``\\r?\\n``) is searched in linear time; one that is not (``x.*y``), or that looks ahead,
        is searched from the start whenever bytes arrive, so give ``max_bytes`` with it.
        """
        return self._reader().start(UntilRegex(re.compile(regex), max_bytes))

    def read_until_close(self) -> asyncio.Future[bytes]:
        """Read everything up to the end of the stream, and close it."""
        return self._reader().start(UntilClose())

    def read_into(self, buf: bytearray | memoryview, partial: bool = False) -> asyncio.Future[int]:
        """Read into ``buf`` until it is full; with ``partial``, until at least one byte is there.

        The result is how many bytes it holds. The bytes go from the kernel straight into ``buf``,
        which can't be resized before the read is done.
        """
        return self._reader().start_into(memoryview(buf).cast("B"), partial)

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

    def _reader(self) -> PullReader:
        """The reader behind the five methods, made at the first of them."""
        if self._pull is None:
            if self._receiver is not None:
                raise RuntimeError("The stream has a receiver: set_receiver(None) before reading")
            self._pull = PullReader(self, self._inbox)
            if self._life is Life.CLOSED:
                self._pull.connection_lost(self.error)
            else:
                self._receiver = self._pull
        return self._pull

    # ---- Push ----

    def set_receiver(self, receiver: Receiver | None) -> None:
        """Have ``receiver`` called with everything that arrives, from now on.

        Bytes that are buffered already are delivered at once, before this method returns, unless
        reading is paused. None detaches the receiver; it is not told, and the ``read_*`` methods
        work again. Replacing one receiver by another is fine at any moment, from inside
        ``data_received`` too.

        Raises `StreamClosedError`, and `RuntimeError` while a read is pending.
        """
        if receiver is not None:
            self._check_open()
        if self.reading():
            raise RuntimeError("A read is pending")
        if self._pull is not None:
            self._pull.leave()
            self._pull = None
        self._receiver = receiver
        if self._input is Input.ENDED:
            self._deliver_rest()
        elif self._input is not Input.PAUSED:
            self._input = Input.IDLE
            if receiver is not None and self._inbox.size:
                self._deliver(self._inbox.take(self._inbox.size))
            if self._receiver is receiver and self._input is Input.IDLE:
                self._flow()

    def unread(self, data: bytes) -> None:
        """Give back ``data``, the end of what was received and was not used.

        Whoever reads next gets it first: a pull method, the next receiver, or the present one in
        the loop's next round. ``start_tls`` refuses to begin while such bytes are there.
        """
        if data:
            self._inbox.prepend(data)
            if self._input is Input.FLOWING and self._pull is None:
                self._hold()

    def pause_reading(self) -> None:
        """Deliver nothing until `resume_reading`. Does nothing when reading is paused already."""
        if self._input is not Input.ENDED:
            self._input = Input.PAUSED

    def resume_reading(self) -> None:
        """Deliver again: first, in the loop's next round, what is buffered."""
        if self._input is Input.PAUSED:
            self._input = Input.IDLE
            self._flow()

    def _flow(self) -> None:
        """Leave `Input.IDLE` for the state in which whoever reads gets what it wants."""
        if self._life is Life.CLOSED:
            return
        if self._pull is not None:
            self._pull.flow()
        elif self._receiver is not None:
            if self._inbox.size:
                self._hold()
            else:
                self._start_input(Input.FLOWING)

    def _hold(self) -> None:
        self._input = Input.HELD
        self._loop.call_soon(self._release_inbox)

    def _release_inbox(self) -> None:
        if self._input is Input.HELD and self._life is not Life.CLOSED:
            self._input = Input.FLOWING
            if self._inbox.size:
                self._deliver(self._inbox.take(self._inbox.size))
            if self._input is Input.FLOWING:
                self._start_input(Input.FLOWING)

    def _start_input(self, state: Input) -> None:
        """Let input flow, or fill the buffer of ``read_into``."""
        self._input = state
        if not self._watching_read and self._life is Life.OPEN:
            self._watching_read = True
            self._watch_read()

    # ---- What arrives ----

    def _on_readable(self) -> None:
        """The hot path. See performance.md before adding anything to it."""
        if self._input is not _FLOWING:
            self._on_readable_aside()
            return
        try:
            data = self._receive(self._receive_size)
        except OSError as exc:
            self._fail(exc)
            return
        if data is None:
            return
        size = len(data)
        if not self._receive_floor < size < self._receive_ceiling:
            if not size:
                self._on_end()
                return
            self._adapt_receive_size(size)
        self.bytes_received += size
        receiver = self._receiver
        assert receiver is not None
        self._corks += 1
        try:
            receiver.data_received(data)
        except Exception as exc:
            self._receiver_failed(exc)
        self._corks -= 1
        if self._queue.size and not self._corks:
            self._flush()

    def _on_readable_aside(self) -> None:
        """The descriptor is readable and input does not flow."""
        if self._input is Input.FILLING:
            assert self._pull is not None
            try:
                received = self.read_from_fd(self._pull.vacancy())
            except OSError as exc:
                self._fail(exc)
                return
            if received is None:
                return
            if received:
                self.bytes_received += received
                self._pull.filled(received)
            else:
                self._on_end()
        else:
            self._stop_watching_read()

    def _adapt_receive_size(self, size: int) -> None:
        """A receive was full, or used a small part of what it asked for: ask for more, or less.

        Less matters because ``recv`` allocates all that it asks for before it knows what it gets.
        """
        wanted = self._receive_size
        wanted = wanted * 2 if size >= wanted else wanted // 2
        first = min(_FIRST_RECEIVE, self.read_chunk_size)
        self._receive_size = max(first, min(wanted, self.read_chunk_size))
        # Shrink when less than an eighth comes; at the smallest size only the end stands out.
        self._receive_floor = 0 if self._receive_size == first else self._receive_size // 8
        self._receive_ceiling = self._receive_size

    def _deliver(self, data: bytes) -> None:
        """Hand ``data`` to the receiver as the readable event does."""
        if self._receiver is not None:
            self._corks += 1
            try:
                self._receiver.data_received(data)
            except Exception as exc:
                self._receiver_failed(exc)
            self.uncork()

    def _deliver_rest(self) -> None:
        """Hand the receiver what is left of an input that has ended."""
        if self._receiver is not None:
            if self._inbox.size:
                self._deliver(self._inbox.take(self._inbox.size))
            self._deliver_end()

    def _on_end(self) -> None:
        """The peer will send nothing more."""
        self._input = Input.ENDED
        self._stop_watching_read()
        self._deliver_end()

    def _deliver_end(self) -> None:
        if self._receiver is not None and self._life is not Life.CLOSED:
            self._corks += 1
            try:
                self._receiver.eof_received()
            except Exception as exc:
                self._receiver_failed(exc)
            self.uncork()

    def _receiver_failed(self, exc: Exception) -> None:
        logger.error("Receiver %r raised: closing %r", self._receiver, self, exc_info=exc)
        self._fail(exc)

    # ---- Writing ----

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
            return self._write_pieces(data)
        if self._output is not _READY or self.max_write_buffer_size is not None:
            return self._write_queued(data)
        if self._corks:
            queue = self._queue
            if data:
                queue.append(data)
            return self._completed if queue.size <= JOIN_LIMIT else self._written()
        # Not corked, and the kernel not full: so nothing is waiting before this.
        try:
            sent = self._transmit(data) if data else 0
        except OSError as exc:
            self._fail(exc)
            return self._failed_write()
        self.bytes_sent += sent
        if sent == len(data):
            return self._completed
        self._queue.append(memoryview(data)[sent:] if sent else data)
        self._block()
        return self._write_waiter()

    def _write_queued(self, data: bytes) -> asyncio.Future[None]:
        """``write`` of `bytes` that must wait, or that may not be written at all."""
        self._check_writable(len(data))
        if data:
            self._queue.append(data)
        return self._written()

    def _write_pieces(self, data: Buffer | Iterable[Buffer]) -> asyncio.Future[None]:
        """``write`` of anything but `bytes`."""
        buffers = [data] if isinstance(data, (bytes, bytearray, memoryview)) else list(data)
        pieces: list[Piece] = []
        for buffer in buffers:
            if isinstance(buffer, memoryview):
                view = buffer.cast("B") if buffer.nbytes else buffer
                pieces.append(view if view.nbytes > JOIN_LIMIT else view.tobytes())
            else:
                pieces.append(bytes(buffer))
        self._check_writable(sum(map(len, pieces)))
        for piece in pieces:
            if len(piece):
                self._queue.append(piece)
        return self._written()

    def _written(self) -> asyncio.Future[None]:
        """Bytes were queued: send them if it is time to, and return what ``write`` returns."""
        queue = self._queue
        if self._output is Output.READY:
            if self._corks and queue.size <= JOIN_LIMIT:
                return self._completed
            if queue.size:
                self._flush()
        if not queue.size:
            return (
                self._failed_write() if self._life is Life.CLOSED else self._completed
            )
        return self._write_waiter()

    def sendfile(
        self, file: BinaryIO, offset: int = 0, count: int | None = None
    ) -> asyncio.Future[None]:
        """Send ``count`` bytes of ``file`` from ``offset`` on; None: all up to its present end.

        A plain socket has the kernel copy them; TLS and other streams read and write. The file
        must be a regular one, opened in binary mode, and stay open until the Future is done. When
        it turns out shorter than announced the stream is closed with `EOFError`. Otherwise like
        `write`, in one order with it.
        """
        size = max(0, os.fstat(file.fileno()).st_size - offset)
        if count is None:
            count = size
        elif count > size:
            raise ValueError(f"the file has {size} bytes from offset {offset} on, not {count}")
        self._check_writable(0)
        if count:
            self._queue.append(FileSegment(file, offset, count))
            if self._output is Output.READY:
                self._flush()
        return self._written()

    def cork(self) -> None:
        """Hold writes back until `uncork`, so that they leave in one piece. Nests."""
        self._corks += 1

    def uncork(self) -> None:
        """Undo one `cork`; the last one sends what was held back."""
        self._corks -= 1
        if self._queue.size and not self._corks:
            self._flush()

    def shutdown_write(self) -> None:
        """Tell the peer that nothing more comes, once everything written so far has been sent.

        Reading goes on. Does nothing on a stream that is closed, or when called again.
        """
        if self._life is not Life.CLOSED and self._output is not Output.ENDED:
            if self._queue.size and self._output is Output.READY:
                self._flush()
            blocked = self._queue.size > 0 or self._life is Life.CONNECTING
            self._output = Output.ENDED
            if not blocked:
                self._finish_output()

    def _check_open(self) -> None:
        if self._life is Life.CLOSED:
            raise StreamClosedError(real_error=self.error)

    def _check_writable(self, size: int) -> None:
        self._check_open()
        if self._output is Output.ENDED:
            raise StreamClosedError
        limit = self.max_write_buffer_size
        if limit is not None and self._queue.size + size > limit:
            raise StreamBufferFullError(
                f"more than {limit} bytes (max_write_buffer_size) would wait"
            )

    def _flush(self) -> None:
        """Send the next batch of the queue, unless the kernel is full. A failure closes the stream."""
        if self._output is Output.BLOCKED:
            return
        queue = self._queue
        try:
            sent = self._transmit(queue.batch())
        except (OSError, EOFError) as exc:
            self._fail(exc)
            return
        self.bytes_sent += sent
        if sent == queue.size:
            queue.clear()
        else:
            queue.advance(sent)
            self._block()
        if self._write_waiters:
            self._resolve_writes()

    def _block(self) -> None:
        """Bytes are left over: go on when the kernel has room."""
        if self._output is Output.READY:
            self._output = Output.BLOCKED
        if not self._watching_write:
            self._watching_write = True
            self._watch_write()

    def _on_writable(self) -> None:
        """The kernel has room again."""
        if self._output is Output.BLOCKED:
            self._output = Output.READY
        if self._queue.size:
            self._flush()
        if not self._queue.size and self._life is Life.OPEN:
            self._stop_watching_write()
            if self._output is Output.ENDED:
                self._finish_output()

    def _connecting(self) -> None:
        """Have everything wait until `_open`."""
        self._life = Life.CONNECTING
        self._output = Output.BLOCKED

    def _open(self) -> None:
        """The connection stands: let go what waited for it."""
        self._life = Life.OPEN
        if self._input is Input.FLOWING or self._input is Input.FILLING:
            self._start_input(self._input)
        self._on_writable()

    def _finish_output(self) -> None:
        try:
            self._end_output()
        except OSError as exc:
            self._fail(exc)

    def _write_waiter(self) -> asyncio.Future[None]:
        """A Future that is done when all that is queued now has been sent."""
        if self._write_waiters is None:
            self._write_waiters = collections.deque()
        future: asyncio.Future[None] = asyncio.Future(loop=self._loop)
        self._write_waiters.append((self.bytes_sent + self._queue.size, future))
        return future

    def _failed_write(self) -> asyncio.Future[None]:
        future: asyncio.Future[None] = asyncio.Future(loop=self._loop)
        fail_quietly(future, StreamClosedError(real_error=self.error))
        return future

    def _resolve_writes(self) -> None:
        waiters = self._write_waiters
        assert waiters is not None
        while waiters and waiters[0][0] <= self.bytes_sent:
            future = waiters.popleft()[1]
            if not future.done():
                future.set_result(None)

    # ---- The end ----

    def set_close_callback(self, callback: Callable[[], None] | None) -> None:
        """Have ``callback`` called once, from the loop, when the stream has been closed.

        While it is set, a peer that goes away is noticed when no read is pending too. When the
        stream is closed already it is called in the loop's next round.
        """
        self._close_callback = callback
        if callback is None:
            return
        if self._life is Life.CLOSED:
            self._loop.call_soon(self._run_close_callback)
        elif self._receiver is None:
            self._reader().flow()
        elif self._pull is not None:
            self._pull.flow()

    def close(self, exc_info: ExcInfo = False) -> None:
        """Close the stream at once. Does nothing when it is closed already.

        What was written while corked is sent if the kernel takes it; what the kernel had no room
        for is dropped: await the Future of the last ``write`` first. Pending operations fail with
        `StreamClosedError`. ``exc_info`` is kept as ``error``: an exception, the tuple of
        `sys.exc_info`, or True for the exception being handled.
        """
        if self.closed():
            return
        error: BaseException | None = None
        if isinstance(exc_info, tuple):
            error = exc_info[1]
        elif isinstance(exc_info, BaseException):
            error = exc_info
        elif exc_info:
            error = sys.exc_info()[1]
        if self._life is Life.OPEN:
            if self._queue.size and self._output is Output.READY:
                self._flush()
                if self.closed():  # because the flush failed
                    return
            if error is None:
                self._before_close()
        self._shut(error)

    def _fail(self, exc: BaseException) -> None:
        """An operation on the descriptor failed with ``exc``: that is the end of the stream."""
        if self._life is not Life.CLOSED:
            # Without its traceback, whose frames refer to this stream, there is no cycle.
            self._shut(exc.with_traceback(None))

    def _shut(self, error: BaseException | None) -> None:
        self._forget_fd()
        self.error = error
        self.close_fd()
        self._loop.call_soon(self._announce)

    def _forget_fd(self) -> None:
        """Take the descriptor off the loop; the stream has no further use for it."""
        self._stop_watching_read()
        self._stop_watching_write()
        self._life = Life.CLOSED
        self._input = Input.ENDED
        self._output = Output.ENDED
        self._queue.clear()

    def _announce(self) -> None:
        """Tell everybody who waits that the stream is closed."""
        if self._write_waiters:
            for _, future in self._write_waiters:
                fail_quietly(future, StreamClosedError(real_error=self.error))
            self._write_waiters = None
        receiver = self._receiver
        self._receiver = None
        if receiver is not None:
            try:
                receiver.connection_lost(self.error)
            except Exception:
                logger.exception("Receiver %r raised in connection_lost", receiver)
        self._run_close_callback()

    def _run_close_callback(self) -> None:
        callback = self._close_callback
        self._close_callback = None
        if callback is not None:
            callback()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # ---- The loop ----

    def _watch_read(self) -> None:
        self._loop.add_reader(self.fileno(), self._on_readable)

    def _unwatch_read(self) -> None:
        self._loop.remove_reader(self.fileno())

    def _watch_write(self) -> None:
        self._loop.add_writer(self.fileno(), self._on_writable)

    def _unwatch_write(self) -> None:
        self._loop.remove_writer(self.fileno())

    def _stop_watching_read(self) -> None:
        if self._watching_read:
            self._watching_read = False
            self._unwatch_read()

    def _stop_watching_write(self) -> None:
        if self._watching_write:
            self._watching_write = False
            self._unwatch_write()
