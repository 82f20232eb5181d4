"""The push interface: who is called when bytes arrive."""

from __future__ import annotations

from typing import Protocol


class Receiver(Protocol):
    """What `BaseIOStream.set_receiver` takes; the words are those of `asyncio.Protocol`.

    The methods are called from the event loop, one at a time. What the stream is told to
    write during ``data_received`` and ``eof_received`` leaves in one piece when the method
    returns. An exception that a method raises is logged and closes the stream.
    """

    def data_received(self, data: bytes) -> None:
        """Take ``data``, which is never empty. It is not referred to by the stream any more."""

    def eof_received(self) -> None:
        """The peer will send nothing more. The stream can be written to until it is closed.

        It is the receiver that closes it. Called at most once, after the last ``data_received``.
        """

    def connection_lost(self, exc: BaseException | None) -> None:
        """The stream is closed: because of ``exc``, or in good order when that is ``None``.

        Called exactly once, as the last one, and never from inside ``close()``.
        """
