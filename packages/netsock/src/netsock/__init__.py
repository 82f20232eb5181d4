"""Listening sockets, worker processes, and the loop that serves them."""

from ._accept import add_accept_handler
from ._bind import bind_sockets
from ._cpu import cpu_count
from ._fork import fork_processes
from ._inherited import inherited_sockets
from ._loop import IOLoop
from ._options import SocketOptions
from ._unix import bind_unix_socket
from ._worker import task_id

__all__ = [
    "IOLoop",
    "SocketOptions",
    "add_accept_handler",
    "bind_sockets",
    "bind_unix_socket",
    "cpu_count",
    "fork_processes",
    "inherited_sockets",
    "task_id",
]

__version__ = "1!0.1.0"
