"""Several processes that serve the same listening sockets."""

import asyncio
import os
import sys
import threading

from ._cpu import cpu_count
from ._loop import IOLoop
from ._worker import task_id

_MAX_RESTARTS = 100
_GRACE = 30.0


def fork_processes(
    num_processes: int | None, max_restarts: int | None = None, *, grace: float = _GRACE
) -> int:
    """Fork worker processes, and supervise them for as long as they live.

    Returns in each worker; the parent stays inside until all workers are gone and then exits the
    interpreter, so what follows the call is the workers' code. Call it in the main thread, after
    binding the sockets and before there is an event loop.

    A worker that dies abnormally is replaced, at once the first time, then with a delay that
    doubles up to 10 s. One that exits with status 0 or by SIGTERM or SIGINT was told to, and is
    not. On SIGTERM and SIGINT the parent sends SIGTERM to the workers, waits for them, and exits;
    on SIGHUP it replaces them one by one, each when its successor serves already. A worker whose
    parent is gone gets SIGTERM. Each worker has random numbers of its own: Python seeds the ``random``
    module anew after a fork. All of this is logged, births and deaths at level INFO.

    Args:
        num_processes: how many; None or a number that is not positive means `cpu_count`.
        max_restarts: after how many restarts in all the parent gives up; 100 by default.
        grace: seconds between telling a worker to stop and killing it.

    Returns:
        The worker's task id, from 0; also `task_id`, from then on.

    Raises:
        SystemExit: in the parent. The status is 0 when the workers ended as they were told to, 1
            when one had to be killed, failed at stopping, or died too often.
        RuntimeError: an event loop runs or was made, it is not the main thread, this process is a
            worker already, or the platform cannot fork.
    """
    _refuse_when_unsafe()
    # Imported here, as it names signals that exist only where fork does.
    from ._supervisor import Supervisor

    count = num_processes if num_processes is not None and num_processes > 0 else cpu_count()
    if max_restarts is None:
        max_restarts = _MAX_RESTARTS
    return Supervisor(count, max_restarts, grace).run()


def _refuse_when_unsafe() -> None:
    if sys.platform == "win32" or not hasattr(os, "fork"):
        raise RuntimeError(
            f"fork_processes: {sys.platform} cannot fork; start several processes instead"
        )
    if task_id() is not None:
        raise RuntimeError("fork_processes: this process is a worker already")
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("fork_processes: only the main thread can fork and get signals")
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        raise RuntimeError("fork_processes: an event loop runs already; fork before it does")
    if IOLoop.current().is_made():
        raise RuntimeError(
            "fork_processes: this thread's IOLoop was made already, and its selector would be "
            "shared by all workers; fork before using the loop"
        )
