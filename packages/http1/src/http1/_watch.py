"""`Watch`: when a connection has taken too long, from what can be seen of it once a tick.

The hot path notes nothing for the sake of timeouts. Once a tick the connection tells the phase it
is in, how many messages have begun, and how many bytes have come and gone; from one tick to the
next the watch sees what moved, and says what to do. So a timeout is kept to within a tick or two,
always on the late side.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from ._parameters import HTTP1ConnectionParameters


class Phase(Enum):
    """What a connection waits for."""

    #: The first byte of a message.
    IDLE = "idle"
    #: The rest of a head.
    HEAD = "head"
    #: The rest of a request's body.
    BODY = "body"
    #: The rest of a response's body: a server may take its time, as an event stream does.
    RESPONSE_BODY = "response body"
    #: The application, which holds back a message or is busy with its answer.
    APPLICATION = "application"


class Verdict(Enum):
    """What to do about a connection."""

    FINE = "fine"
    #: Close it without a word: nothing was asked.
    CLOSE = "close"
    #: Tell the peer that the rest of its message is late, and close.
    TIMED_OUT = "timed out"


# Looked up once, not for each connection once a tick.
_IDLE: Final = Phase.IDLE
_HEAD: Final = Phase.HEAD
_BODY: Final = Phase.BODY
_RESPONSE_BODY: Final = Phase.RESPONSE_BODY
_FINE: Final = Verdict.FINE

# Which limit was passed, in words.
_REASONS: Final = {
    "": "",
    "body_idle_timeout": "nothing of the body for body_idle_timeout",
    "body_timeout": "body not complete within body_timeout",
    "header_timeout": "head not complete within header_timeout",
    "idle_timeout": "no message within idle_timeout",
    "min_body_rate": "body slower than min_body_rate",
    "write_timeout": "nothing of the answer taken for write_timeout",
}

# How long a body may come in slowly before its average rate counts: a slow start is no attack.
_RATE_GRACE: Final = 5.0


class Watch:
    """Watches one connection, tick by tick."""

    __slots__ = (
        "_message",
        "_params",
        "_phase",
        "_received",
        "_received_at",
        "_sent",
        "_sent_at",
        "_since",
        "_since_received",
        "body_timeout",
        "limit",
    )

    def __init__(self, params: HTTP1ConnectionParameters, now: float) -> None:
        self._params = params
        self._phase = _IDLE
        self._message = -1  # how many had begun at the last tick
        self._since = now  # when the phase was first seen
        self._since_received = 0  # bytes that had come by then
        self._received = 0
        self._received_at = now
        self._sent = 0
        self._sent_at = now
        #: Seconds that the present body may take.
        self.body_timeout = params.body_timeout
        #: The parameter whose limit was passed, once the verdict is not FINE; empty before.
        self.limit = ""

    @property
    def reason(self) -> str:
        """Which limit was passed, in words."""
        return _REASONS[self.limit]

    def observe(
        self,
        now: float,
        phase: Phase,
        message: int,
        received: int,
        sent: int,
        unsent: bool,
    ) -> Verdict:
        """What is to be done, given the phase, the messages begun and the bytes come and gone.

        `unsent` says that bytes wait which the peer does not take.
        """
        if phase is not self._phase or message != self._message:
            self._phase = phase
            self._message = message
            self._since = self._received_at = now
            # Some of it may have come before the last tick; that is not counted against it.
            self._since_received = self._received
        if received != self._received:
            self._received = received
            self._received_at = now
        if sent != self._sent or not unsent:
            self._sent = sent
            self._sent_at = now
        elif now - self._sent_at > self._params.write_timeout:
            self.limit = "write_timeout"
            return Verdict.CLOSE
        return self._judge(now)

    def _judge(self, now: float) -> Verdict:
        params = self._params
        elapsed = now - self._since
        if self._phase is _IDLE:
            # Bytes that are not the start of a message, an empty line, do not buy time.
            if elapsed > params.idle_timeout:
                self.limit = "idle_timeout"
                return Verdict.CLOSE
        elif self._phase is _HEAD:
            if elapsed > params.header_timeout:
                self.limit = "header_timeout"
                return Verdict.TIMED_OUT
        elif self._phase is _BODY or self._phase is _RESPONSE_BODY:
            if elapsed > self.body_timeout:
                self.limit = "body_timeout"
                return Verdict.TIMED_OUT
            if self._phase is _BODY:
                return self._judge_pace(now, elapsed)
        return _FINE

    def _judge_pace(self, now: float, elapsed: float) -> Verdict:
        """Whether the body of a request comes fast enough."""
        params = self._params
        if now - self._received_at > params.body_idle_timeout:
            self.limit = "body_idle_timeout"
            return Verdict.TIMED_OUT
        late = elapsed - _RATE_GRACE
        if late > 0 and self._received - self._since_received < late * params.min_body_rate:
            self.limit = "min_body_rate"
            return Verdict.TIMED_OUT
        return _FINE
