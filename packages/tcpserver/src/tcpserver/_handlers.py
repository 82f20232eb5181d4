"""What `handle_stream` returns and raises."""

import asyncio
import logging
from collections.abc import Awaitable

from iostream import IOStream
from iostream import StreamClosedError

from ._address import Address
from ._address import format_address
from ._counters import Counters

logger = logging.getLogger(__name__)


class Handlers:
    """The calls of ``handle_stream`` that still run, one task for each.

    What one raises is logged with the peer's address and closes its own stream. A
    `StreamClosedError` of a stream that is closed is the end of a conversation, not an error.
    """

    __slots__ = ("_counters", "_tasks")

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, awaitable: Awaitable[None], stream: IOStream, address: Address) -> None:
        """Await it in a task of its own."""
        task = asyncio.get_running_loop().create_task(self._await(awaitable, stream, address))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def failed(self, error: Exception, stream: IOStream, address: Address) -> None:
        """Log it and close the stream."""
        if isinstance(error, StreamClosedError) and stream.closed():
            return
        self._counters.handler_errors += 1
        logger.error("handle_stream failed for %s", format_address(address), exc_info=error)
        stream.close()

    async def cancel(self) -> None:
        """Cancel those that still run, and wait for them."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _await(self, awaitable: Awaitable[None], stream: IOStream, address: Address) -> None:
        try:
            await awaitable
        except Exception as error:
            self.failed(error, stream, address)
