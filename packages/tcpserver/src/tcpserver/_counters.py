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
    """Plain numbers that only grow; read them at any time, from any thread."""

    __slots__ = _NAMES

    def __init__(self) -> None:
        #: Connections that were accepted, whatever became of them.
        self.accepted = 0
        #: Those closed because of their PROXY header, or for want of one.
        self.refused = 0
        #: Those whose PROXY header did not come in time.
        self.proxy_timeouts = 0
        #: TLS handshakes that failed: plain text, an unwanted version, a bad certificate, ...
        self.tls_failures = 0
        #: TLS handshakes that did not end in time; not among the failures.
        self.handshake_timeouts = 0
        #: Times that ``handle_stream`` raised.
        self.handler_errors = 0
        #: Bytes received by streams that have closed since (of the application's data under TLS).
        self.bytes_received = 0
        #: Bytes sent by streams that have closed since.
        self.bytes_sent = 0

    def __repr__(self) -> str:
        numbers = " ".join(f"{name}={getattr(self, name)}" for name in _NAMES)
        return f"<Counters {numbers}>"
