"""What may go wrong with a stream, in the words that callers catch."""

from __future__ import annotations


class StreamClosedError(OSError):
    """The stream is closed, so the operation can't be done or can't be completed.

    ``real_error`` is the exception that closed the stream: an `OSError` from the
    system, `UnsatisfiableReadError`, `StreamBufferFullError`, or what was given to
    ``close()``. It is ``None`` when the peer or this side closed it in good order.
    """

    def __init__(self, real_error: BaseException | None = None) -> None:
        super().__init__(
            "Stream is closed" if real_error is None else f"Stream is closed: {real_error}"
        )
        self.real_error = real_error


class UnsatisfiableReadError(Exception):
    """A ``read_until`` or ``read_until_regex`` went past its ``max_bytes``.

    It closes the stream and is the ``real_error`` of the `StreamClosedError` that the
    read fails with.
    """


class StreamBufferFullError(Exception):
    """A buffer limit was reached: ``max_buffer_size`` while reading (closes the stream),
    or ``max_write_buffer_size`` while writing (raised by ``write()``, the stream stays open).
    """
