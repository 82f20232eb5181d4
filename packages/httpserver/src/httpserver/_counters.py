"""`HTTPCounters`: what a server of HTTP has counted."""

from tcpserver import Counters

# By the limit that was passed: what `HTTP1ServerConnection.timed_out` may say.
_TIMEOUTS = {
    "body_idle_timeout": "body_timeouts",
    "body_timeout": "body_timeouts",
    "header_timeout": "header_timeouts",
    "idle_timeout": "idle_timeouts",
    "min_body_rate": "body_timeouts",
    "write_timeout": "write_timeouts",
}


class HTTPCounters(Counters):
    """What `tcpserver.Counters` has, and connections that were ended because time was up.

    Attributes:
        idle_timeouts: those on which no request came for `idle_timeout`; there is nothing wrong
            with them.
        header_timeouts: those on which a head took longer than `header_timeout` (408).
        body_timeouts: those on which a body took longer than `body_timeout`, stopped for
            `body_idle_timeout` or came in slower than `min_body_rate` (408).
        write_timeouts: those whose client took nothing of an answer for `write_timeout`.
    """

    __slots__ = ("body_timeouts", "header_timeouts", "idle_timeouts", "write_timeouts")

    def __init__(self) -> None:
        super().__init__()
        self.body_timeouts = 0
        self.header_timeouts = 0
        self.idle_timeouts = 0
        self.write_timeouts = 0

    def count_timeout(self, limit: str) -> None:
        """Count a connection that was ended because of that limit, a parameter's name."""
        name = _TIMEOUTS[limit]
        setattr(self, name, getattr(self, name) + 1)
