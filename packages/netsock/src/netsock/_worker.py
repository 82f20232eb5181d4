"""The child's side of `fork_processes`: who it is, and its line to the parent.

The line is one end of a socket pair. The child says one byte on it, "I accept connections", and
otherwise listens: the line ends when the parent is gone, however it went.
"""

import contextlib
import logging
import os
import signal
import socket
import threading
import time
from typing import Final

logger = logging.getLogger(__name__)

READY: Final = b"r"

_task: int | None = None
_lifeline: socket.socket | None = None
_announced = False


def task_id() -> int | None:
    """The number of this worker process, from 0; None in a process that no `fork_processes` made.

    A worker that is replaced hands its number on.
    """
    return _task


def become_worker(task: int, lifeline: socket.socket, grace: float) -> None:
    """Make this process, freshly forked, worker ``task``.

    Args:
        grace: how many seconds it may take to stop by itself when the parent is gone.
    """
    global _task, _lifeline
    _task = task
    _lifeline = lifeline
    # A thread, because it works whatever the worker does, with any loop or none. It sleeps in the
    # kernel for the whole of the worker's life.
    threading.Thread(
        target=_watch, args=(lifeline, grace), name="netsock-lifeline", daemon=True
    ).start()


def announce_ready() -> None:
    """Tell the parent, once, that this worker serves; nothing when it is not a worker."""
    global _announced
    if _lifeline is None or _announced:
        return
    _announced = True
    with contextlib.suppress(OSError):  # the parent is gone: the other thread sees to it
        _lifeline.send(READY)


def _watch(lifeline: socket.socket, grace: float) -> None:
    with contextlib.suppress(OSError):  # reset, as it left with our byte unread: gone, too
        lifeline.recv(1)
    logger.warning("worker %s (pid %d): the parent is gone, stopping", _task, os.getpid())
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace)
    os._exit(1)
