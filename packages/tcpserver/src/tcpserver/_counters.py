"""What a server has counted."""

_NAMES = (
    "accepted",
    "bytes_received",
    "bytes_sent",
    "handler_errors",
    "handshake_timeouts",
    "proxy_timeouts",
    "refused",
    "tls_failures",
)


class Counters:
    """Plain numbers that only grow; read them at any time, from any thread.

    A subclass counts more: what it names in its ``__slots__``.

    Attributes:
        accepted: connections that were accepted, whatever became of them.
        refused: those closed because of their PROXY header, or for want of one.
        proxy_timeouts: those whose PROXY header did not come in time; not among the refused.
        tls_failures: handshakes that failed: plain text, an unwanted version, a bad certificate, ...
        handshake_timeouts: handshakes that did not end in time; not among the failures.
        handler_errors: times that ``handle_stream`` raised.
        bytes_received: of streams that have closed since; of the application's data under TLS.
        bytes_sent: the same in the other direction.
    """

    __slots__ = _NAMES

    def __init__(self) -> None:
        self.accepted = 0
        self.refused = 0
        self.proxy_timeouts = 0
        self.tls_failures = 0
        self.handshake_timeouts = 0
        self.handler_errors = 0
        self.bytes_received = 0
        self.bytes_sent = 0

    def __repr__(self) -> str:
        bases = reversed(type(self).__mro__)
        names = [name for base in bases for name in vars(base).get("__slots__", ())]
        numbers = " ".join(f"{name}={getattr(self, name)}" for name in names)
        return f"<{type(self).__name__} {numbers}>"
