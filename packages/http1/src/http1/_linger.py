"""`Linger`: the last seconds of a connection whose peer may still be sending.

Closing a socket while bytes from the peer are unread, or still come, makes the kernel send a
reset, and the reset can destroy the answer before the peer has read it. So the sending side is
shut, what still comes is read and dropped until the peer is done, and then the socket is closed
(RFC 9112 section 9.6). Bounded in time and in bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from iostream import IOStream
from iostream import StreamClosedError

from ._deadlines import Deadlines
from ._parameters import HTTP1ConnectionParameters


class Linger:
    """Reads and drops what comes on `stream` until the peer is done, or a limit is reached.

    `heard` says that the peer is done already: the stream is closed as soon as all has been sent.
    `closed` is called once, when the stream is closed: with `"write_timeout"` if that was because
    the peer did not take what it asked for, or else with an empty string.
    """

    __slots__ = (
        "_all_sent",
        "_budget",
        "_closed",
        "_deadline",
        "_deadlines",
        "_heard",
        "_limit",
        "_params",
        "_sent",
        "_stream",
    )

    def __init__(
        self,
        stream: IOStream,
        deadlines: Deadlines,
        params: HTTP1ConnectionParameters,
        closed: Callable[[str], None],
        *,
        heard: bool = False,
    ) -> None:
        self._stream = stream
        self._deadlines = deadlines
        self._params = params
        self._closed = closed
        self._budget = params.max_discard_size
        self._heard = heard  # whether the peer has had its say
        self._all_sent = False
        self._limit = ""  # the one that was passed
        self._sent = -1
        self._deadline = 0.0

    def start(self) -> None:
        """Shut the sending side behind what is still to be sent, and take over the reading."""
        self._deadlines.add(self)
        self._postpone(self._deadlines.loop.time())
        end = self._stream.shutdown_write()
        self._all_sent = end.done()
        if not self._all_sent:
            end.add_done_callback(self._end_sent)
        try:
            self._stream.set_receiver(self)
            self._stream.resume_reading()
        except StreamClosedError:
            self.connection_lost(None)

    def data_received(self, data: bytes) -> None:
        self._budget -= len(data)
        self._close_if_over()

    def eof_received(self) -> None:
        self._heard = True
        self._close_if_over()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._deadlines.discard(self)
        self._closed(self._limit)

    def check_deadline(self, now: float) -> None:
        stream = self._stream
        if stream.bytes_sent != self._sent:
            self._postpone(now)
        elif now > self._deadline:
            if stream.writing():
                self._limit = "write_timeout"
            stream.close()

    def _end_sent(self, end: asyncio.Future[None]) -> None:
        self._all_sent = True
        self._close_if_over()

    def _close_if_over(self) -> None:
        if self._all_sent and (self._heard or self._budget < 0):
            self._stream.close()

    def _postpone(self, now: float) -> None:
        """Give the peer time: to take the next bytes, or to end what it sends."""
        self._sent = self._stream.bytes_sent
        self._deadline = now + (
            self._params.write_timeout if self._stream.writing() else self._params.linger_timeout
        )
