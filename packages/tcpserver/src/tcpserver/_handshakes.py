"""TLS handshakes under way: each with a deadline, each failure one line in the log."""

import asyncio
import logging
import ssl
from collections.abc import Callable

from iostream import SSLIOStream
from iostream import StreamClosedError

from ._address import Address
from ._address import format_address
from ._counters import Counters
from ._deadlines import Deadlines
from ._flood_log import FloodLog

logger = logging.getLogger(__name__)


class Handshakes:
    """Calls ``done(stream, address)`` for the streams whose handshake succeeds."""

    __slots__ = ("_addresses", "_counters", "_deadlines", "_done", "_log")

    def __init__(
        self,
        timeout: float,
        counters: Counters,
        done: Callable[[SSLIOStream, Address], object],
    ) -> None:
        self._counters = counters
        self._done = done
        self._deadlines: Deadlines[SSLIOStream] = Deadlines(timeout, self._expired)
        self._addresses: dict[SSLIOStream, Address] = {}
        self._log = FloodLog(logger)

    def start(self, stream: SSLIOStream, address: Address) -> None:
        """Wait for the handshake that the stream has begun."""
        self._addresses[stream] = address
        self._deadlines.add(stream)

        def ended(future: asyncio.Future[SSLIOStream]) -> None:
            self._ended(stream, future)

        stream.wait_for_handshake().add_done_callback(ended)

    def close(self) -> None:
        """Close all who are not done."""
        streams = list(self._addresses)
        self._addresses.clear()
        for stream in streams:
            self._deadlines.discard(stream)
            stream.close()

    def _ended(self, stream: SSLIOStream, future: "asyncio.Future[SSLIOStream]") -> None:
        error = None if future.cancelled() else future.exception()
        address = self._addresses.pop(stream, None)
        if address is None:  # expired, or closed by us
            return
        self._deadlines.discard(stream)
        if error is None and not stream.closed():
            self._done(stream, address)
            return
        self._counters.tls_failures += 1
        stream.close()
        reason = _reason(error or stream.error)
        if reason:
            self._log.warning("TLS handshake with %s failed: %s", format_address(address), reason)

    def _expired(self, stream: SSLIOStream) -> None:
        address = self._addresses.pop(stream)
        self._counters.handshake_timeouts += 1
        self._log.warning("TLS handshake with %s took too long", format_address(address))
        stream.close()


def _reason(error: BaseException | None) -> str:
    """Why it failed, in a few words; nothing when the peer merely went away."""
    if isinstance(error, StreamClosedError):
        error = error.real_error
    if error is None or isinstance(error, (ConnectionError, ssl.SSLEOFError)):
        return ""
    if isinstance(error, ssl.SSLError):
        # "HTTP_REQUEST", "UNSUPPORTED_PROTOCOL", "PEER_DID_NOT_RETURN_A_CERTIFICATE"
        return (error.reason or str(error)).lower().replace("_", " ")
    return str(error)
