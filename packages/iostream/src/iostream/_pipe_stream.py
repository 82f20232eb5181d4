"""`PipeIOStream`: a stream over one end of a pipe."""

from __future__ import annotations

import os
import sys

from ._base import BaseIOStream
from ._mypyc import mypyc_attr
from ._send_queue import Batch


@mypyc_attr(allow_interpreted_subclasses=True)
class PipeIOStream(BaseIOStream):
    """A stream over the pipe, FIFO or character device ``fd``, which it owns from now on.

    A pipe has one direction: read from its reading end, write to its writing end. (What the loop
    can watch depends on the platform: not regular files, and nothing but sockets on Windows.)
    The other arguments are `BaseIOStream`'s.
    """

    __slots__ = ("_fd",)

    def __init__(
        self,
        fd: int,
        max_buffer_size: int | None = None,
        read_chunk_size: int | None = None,
        max_write_buffer_size: int | None = None,
    ) -> None:
        if sys.platform == "win32":
            raise NotImplementedError(
                "no loop can watch a pipe on Windows: use threads, or sockets"
            )
        super().__init__(max_buffer_size, read_chunk_size, max_write_buffer_size)
        self._fd = fd
        os.set_blocking(fd, False)

    def fileno(self) -> int:
        """The descriptor."""
        return self._fd

    def close_fd(self) -> None:
        """Close the descriptor."""
        os.close(self._fd)

    def write_to_fd(self, data: memoryview) -> int:
        """Write what fits into the pipe."""
        return os.write(self._fd, data)

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        """Read into ``buf``."""
        try:
            return os.readv(self._fd, (buf,))
        except BlockingIOError:
            return None

    def shutdown_fd(self) -> None:
        """Close the stream: a writing end that writes no more has no further use."""
        self.close()

    def _receive(self, size: int) -> bytes | None:
        return os.read(self._fd, size)

    def _transmit_batch(self, batch: Batch) -> int:
        if isinstance(batch, list):
            return os.writev(self._fd, batch)
        return super()._transmit_batch(batch)
