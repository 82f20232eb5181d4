"""Listening sockets, worker processes, and the loop that serves them."""

from ._accept import add_accept_handler
from ._bind import bind_sockets
from ._cpu import cpu_count
from ._fork import fork_processes
from ._loop import IOLoop
from ._worker import task_id

__all__ = [
    "IOLoop",
    "add_accept_handler",
    "bind_sockets",
    "cpu_count",
    "fork_processes",
    "task_id",
]

__version__ = "1!0.1.0"
