"""Accept connections from a listening socket, on the loop that runs."""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from typing import Any
from typing import Final

from ._loop import IOLoop
from ._worker import announce_ready
from ._worker import task_id

logger = logging.getLogger(__name__)

# What `accept` gives for an address: a tuple for IPv4 and IPv6, a str for Unix sockets. It is
# `Any` because `socket.accept` says so, and because callers know their own family.
Address = Any

# How many connections one readable event may take. The rest stay in the kernel's queue until the
# loop has looked at everybody else: one batch costs a few milliseconds at most, even if the callback
# receives a short request and answers it.
_BATCH: Final = 64

# Workers that share the socket wake up together. With few at a time the connections of a burst
# are divided among them; with many, most go to whoever was first.
_BATCH_AMONG_WORKERS: Final = 4

# The process, or the machine, has no room for another descriptor. The connection stays in the
# queue and the socket stays readable, so an immediate retry would spin.
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

# Four retries a second cost nothing, and serve the queue well within a second once there is room.
_EXHAUSTED_PAUSE: Final = 0.25

# Exhaustion comes and goes while a full server closes one connection and accepts the next.
_EXHAUSTED_LOG_INTERVAL: Final = 10.0

# The peer went away before it was accepted; Linux also reports pending network errors of the new
# connection here (accept(2), "Error handling"). They concern that connection only.
_PEER_GONE: Final = frozenset(
    {
        errno.ECONNABORTED,
        errno.ECONNRESET,
        errno.EPROTO,
        errno.EPERM,
        errno.ENETDOWN,
        errno.ENOPROTOOPT,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.EOPNOTSUPP,
        errno.ENETUNREACH,
        errno.ETIMEDOUT,
    }
)


def add_accept_handler(
    sock: socket.socket, callback: Callable[[socket.socket, Address], object]
) -> Callable[[], None]:
    """Call ``callback(connection, address)`` for each connection that comes in on ``sock``.

    The connection is non-blocking, and the callback owns it. A callback that raises is logged and
    its connection closed; accepting goes on. When the process runs out of descriptors accepting
    pauses for a moment, again and again, until there are some.

    When no loop runs in this thread yet, accepting starts with the first that does.

    Args:
        sock: a non-blocking listening socket; it stays the caller's, who closes it after calling
            the remover.

    Returns:
        The remover: it stops accepting, leaves the socket open, may be called from the callback,
        and does nothing the second time.

    Raises:
        NotImplementedError: the loop cannot watch sockets (Windows' proactor loop).
    """
    acceptor = _Acceptor(sock, callback, IOLoop.current())
    return acceptor.remove


class _Acceptor:
    """One listening socket: waiting for its loop to run, accepting, pausing, or removed."""

    __slots__ = (
        "_accept",
        "_batch",
        "_callback",
        "_family",
        "_io_loop",
        "_log_not_before",
        "_pause",
        "_proto",
        "_removed",
        "_sock",
        "_type",
    )

    def __init__(
        self,
        sock: socket.socket,
        callback: Callable[[socket.socket, Address], object],
        io_loop: IOLoop,
    ) -> None:
        self._sock = sock
        # The system call alone. `socket.accept` adds two enumerations that are looked up with each
        # connection, for what a listening socket knows of all of them; that is a quarter of it.
        self._accept: Callable[[], tuple[int, Address]] = sock._accept  # type: ignore[attr-defined]  # typeshed leaves it out
        self._family = int(sock.family)
        self._type = int(sock.type)
        self._proto = sock.proto
        self._callback = callback
        self._io_loop = io_loop
        self._batch = _BATCH
        self._pause: asyncio.TimerHandle | None = None
        self._removed = False
        self._log_not_before = 0.0
        if io_loop.is_running():
            self._start()
        else:
            io_loop.add_callback(self._start)

    def remove(self) -> None:
        if self._removed:
            return
        self._removed = True
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        elif self._io_loop.is_made():
            # Nothing happens when it has not been added yet.
            self._io_loop.asyncio_loop.remove_reader(self._sock.fileno())

    def _start(self) -> None:
        if not self._removed:
            if task_id() is not None:
                self._batch = _BATCH_AMONG_WORKERS
            self._watch()
            announce_ready()

    def _watch(self) -> None:
        self._pause = None
        loop = self._io_loop.asyncio_loop
        try:
            loop.add_reader(self._sock.fileno(), self._accept_batch)
        except NotImplementedError:
            raise NotImplementedError(
                f"{type(loop).__name__} cannot watch sockets; run a selector loop"
            ) from None

    def _accept_batch(self) -> None:
        for _ in range(self._batch):
            try:
                descriptor, address = self._accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _PEER_GONE:
                    continue
                if error.errno in _EXHAUSTED:
                    self._pause_accepting(error)
                else:
                    # The socket itself is broken, so asking again would fail again, forever.
                    logger.error("accepting stopped on %r: %s", self._sock, error)
                    self.remove()
                return
            connection = socket.socket(self._family, self._type, self._proto, descriptor)
            try:
                connection.setblocking(False)
                self._callback(connection, address)
            except Exception:
                logger.exception("accept handler failed for the connection from %r", address)
                connection.close()
            if self._removed:
                return

    def _pause_accepting(self, error: OSError) -> None:
        loop = self._io_loop.asyncio_loop
        now = loop.time()
        if now >= self._log_not_before:
            self._log_not_before = now + _EXHAUSTED_LOG_INTERVAL
            logger.error("accepting pauses until there is room: %s", error)
        loop.remove_reader(self._sock.fileno())
        self._pause = loop.call_later(_EXHAUSTED_PAUSE, self._watch)
