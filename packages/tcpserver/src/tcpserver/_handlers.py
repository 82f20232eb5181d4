"""What `handle_stream` returns and raises."""

import asyncio
import functools
import logging
from collections.abc import Awaitable

from iostream import IOStream
from iostream import StreamClosedError

from ._address import Address
from ._address import format_address
from ._counters import Counters

logger = logging.getLogger(__name__)


class Handlers:
    """The calls of ``handle_stream`` that still run.

    What one raises is logged with the peer's address and closes its own stream. A
    `StreamClosedError` of a stream that is closed is the end of a conversation, not an error.
    """

    __slots__ = ("_counters", "_running")

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._running: set[asyncio.Future[None]] = set()

    def run(self, awaitable: Awaitable[None], stream: IOStream, address: Address) -> None:
        """Run it to its end, as a task of its own when it is a coroutine."""
        # Nothing is wrapped around the coroutine: it would be passed through at every wake-up.
        future = asyncio.ensure_future(awaitable)
        self._running.add(future)
        future.add_done_callback(functools.partial(self._done, stream, address))

    def failed(self, error: BaseException, stream: IOStream, address: Address) -> None:
        """Log it and close the stream."""
        if isinstance(error, StreamClosedError) and stream.closed():
            return
        self._counters.handler_errors += 1
        logger.error("handle_stream failed for %s", format_address(address), exc_info=error)
        stream.close()

    async def cancel(self) -> None:
        """Cancel those that still run, and wait for them."""
        running = list(self._running)
        for future in running:
            future.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _done(self, stream: IOStream, address: Address, future: "asyncio.Future[None]") -> None:
        # Not always there: a future that somebody else made may be returned for many streams.
        self._running.discard(future)
        if not future.cancelled():
            error = future.exception()
            if error is not None:
                self.failed(error, stream, address)
