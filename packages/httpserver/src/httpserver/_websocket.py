"""`WebSocket`: messages over a stream that HTTP has let go of (RFC 6455). wsproto does the frames.

Imported for the first WebSocket that comes, if wsproto is installed.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Final

from wsproto.connection import Connection
from wsproto.connection import ConnectionState
from wsproto.connection import ConnectionType
from wsproto.events import BytesMessage
from wsproto.events import CloseConnection
from wsproto.events import Event
from wsproto.events import Ping
from wsproto.events import TextMessage
from wsproto.extensions import Extension

from iostream import IOStream
from iostream import StreamClosedError

# RFC 6455 section 7.4.1
NORMAL: Final = 1000
GOING_AWAY: Final = 1001
ABNORMAL: Final = 1006
TOO_BIG: Final = 1009
INTERNAL_ERROR: Final = 1011

# How much is kept for an application that does not receive it, before no more is read.
_MAX_KEPT: Final = 64 * 1024
_MAX_KEPT_MESSAGES: Final = 64

# Compressed data is decoded in pieces of this size: what comes out of one is a thousand times that
# at most, and the limit on messages is looked at behind each.
_PIECE: Final = 4 * 1024

# How long the peer may take to answer a close frame.
_CLOSE_TIMEOUT: Final = 10.0


class Life(Enum):
    """Where a WebSocket is in its life."""

    #: Messages go both ways.
    OPEN = "open"
    #: We have sent a close frame, and wait for the peer's.
    CLOSING = "closing"
    #: Nothing more is sent.
    CLOSED = "closed"


class WebSocket:
    """The server's end of a WebSocket, from the moment when the handshake is through.

    `max_size`: the most bytes of a message, decompressed; a larger one closes with 1009.
    `ping_interval`: seconds between two pings; a peer that sends nothing from one to the next is
    gone. None: no pings.
    """

    def __init__(
        self,
        stream: IOStream,
        extensions: list[Extension],
        max_size: int,
        ping_interval: float | None,
    ) -> None:
        self._stream = stream
        self._frames = Connection(ConnectionType.SERVER, extensions)
        self._compressed = bool(extensions)
        self._max_size = max_size
        self._ping_interval = ping_interval
        self._loop = asyncio.get_running_loop()
        self._life = Life.OPEN
        #: Why it was closed: by whom first says so.
        self.close_code = ABNORMAL
        self.close_reason = ""
        self._parts: list[str | bytes] = []  # of the message that is coming in
        self._parts_size = 0
        self._messages: deque[str | bytes] = deque()
        self._messages_size = 0
        self._paused = False
        self._heard = True  # whether something has come since the last ping
        self._arrived = asyncio.Event()  # a message, or the end
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to receive."""
        try:
            self._stream.set_receiver(self)
        except StreamClosedError:
            self.connection_lost(None)
        else:
            self._ping_later()

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._life is not Life.OPEN

    async def receive(self) -> str | bytes | None:
        """The next message; None when there are no more, and `close_code` tells why."""
        while not self._messages:
            if self._life is not Life.OPEN:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        message = self._messages.popleft()
        self._messages_size -= len(message)
        if (
            self._paused
            and self._messages_size <= _MAX_KEPT // 2
            and len(self._messages) <= _MAX_KEPT_MESSAGES // 2
        ):
            self._paused = False
            self._stream.resume_reading()
        return message

    def send(self, message: str | bytes) -> asyncio.Future[None]:
        """Send a message. The Future is done when more may be sent.

        Raises `iostream.StreamClosedError` when the WebSocket is closed, or is about to be.
        """
        if self._life is not Life.OPEN:
            raise StreamClosedError
        if isinstance(message, str):
            return self._stream.write(self._frames.send(TextMessage(message)))
        return self._stream.write(self._frames.send(BytesMessage(message)))

    def close(self, code: int, reason: str = "") -> None:
        """Close it in good order: say why, and wait a while for the peer to agree."""
        if self._life is not Life.OPEN:
            return
        self._life = Life.CLOSING
        self.close_code = code
        self.close_reason = reason
        self._messages.clear()
        self._arrived.set()
        self._set_timer(_CLOSE_TIMEOUT, self._stream.close)
        self._write(CloseConnection(code, reason or None))
        self._stream.resume_reading()

    # --- What the stream calls

    def data_received(self, data: bytes) -> None:
        self._heard = True
        step = _PIECE if self._compressed else len(data)
        for start in range(0, len(data), step):
            if self._life is Life.CLOSED:
                return
            self._frames.receive_data(data[start : start + step])
            for event in self._frames.events():
                self._take(event)

    def eof_received(self) -> None:
        self._stream.close()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._life = Life.CLOSED
        self._arrived.set()
        if self._timer is not None:
            self._timer.cancel()

    # --- Inside

    def _take(self, event: Event) -> None:
        if isinstance(event, CloseConnection):
            self._take_close(event)
        elif self._life is not Life.OPEN:
            # Whatever the peer has sent before it has seen our close frame.
            pass
        elif isinstance(event, (TextMessage, BytesMessage)):
            data = event.data if isinstance(event, TextMessage) else bytes(event.data)
            self._take_data(data, event.message_finished)
        elif isinstance(event, Ping):
            self._write(event.response())

    def _take_data(self, data: str | bytes, complete: bool) -> None:
        self._parts_size += len(data)
        if self._parts_size > self._max_size:
            self._parts.clear()
            self.close(TOO_BIG, f"a message has at most {self._max_size} bytes")
            return
        self._parts.append(data)
        if not complete:
            return
        parts = self._parts
        message: str | bytes
        if len(parts) == 1:
            message = parts[0]
        elif isinstance(data, str):
            message = "".join([part for part in parts if isinstance(part, str)])
        else:
            message = b"".join([part for part in parts if isinstance(part, bytes)])
        parts.clear()
        self._parts_size = 0
        self._messages.append(message)
        self._messages_size += len(message)
        self._arrived.set()
        if self._messages_size > _MAX_KEPT or len(self._messages) > _MAX_KEPT_MESSAGES:
            self._paused = True
            self._stream.pause_reading()

    def _take_close(self, event: CloseConnection) -> None:
        """The peer closes, or agrees to our closing, or has sent what is no WebSocket."""
        if self._life is Life.OPEN:
            self.close_code = event.code
            self.close_reason = event.reason or ""
            self._write(event.response())
        self._life = Life.CLOSED
        self._arrived.set()
        # RFC 6455 section 7.1.1: it is the server that closes the connection first.
        self._stream.shutdown_write()
        self._set_timer(_CLOSE_TIMEOUT, self._stream.close)
        if not self._stream.writing():
            self._stream.close()

    def _write(self, event: Event) -> None:
        try:
            self._stream.write(self._frames.send(event))
        except StreamClosedError:
            pass

    def _ping_later(self) -> None:
        if self._ping_interval is not None:
            self._set_timer(self._ping_interval, self._ping)

    def _ping(self) -> None:
        if not self._heard and not self._paused:
            self._stream.close()
            return
        self._heard = False
        if self._frames.state is ConnectionState.OPEN:
            self._write(Ping())
            self._ping_later()

    def _set_timer(self, delay: float, callback: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(delay, callback)
