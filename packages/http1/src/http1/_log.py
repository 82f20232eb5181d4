"""The log line of a message that was refused, at most a few a second."""

import logging
import time
from typing import Final

from ._errors import HTTPInputError

logger = logging.getLogger(__name__)

# A flood of malformed messages must not become a flood of log lines: in one second so many are
# written, and the next line says how many were not.
_MAX_PER_SECOND: Final = 5


class _Rate:
    __slots__ = ("dropped", "second", "written")

    def __init__(self) -> None:
        self.second = 0
        self.written = 0
        self.dropped = 0


_rate: Final = _Rate()


def log_refused(context: object, error: HTTPInputError) -> None:
    """Log that a message from a peer was refused, and why; `context` tells which peer."""
    if not logger.isEnabledFor(logging.INFO):
        return
    second = int(time.monotonic())
    if second != _rate.second:
        _rate.second = second
        _rate.written = 0
    if _rate.written >= _MAX_PER_SECOND:
        _rate.dropped += 1
        return
    _rate.written += 1
    more = f" ({_rate.dropped} like this not logged)" if _rate.dropped else ""
    _rate.dropped = 0
    peer = getattr(context, "remote_ip", None)
    logger.info("Refused %s from %s: %s%s", error.status_code, peer or "a peer", error, more)
