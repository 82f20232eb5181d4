"""Sockets that a service manager opened for this process (systemd's sd_listen_fds(3))."""

import os
import socket
from typing import Final

_FIRST_FD: Final = 3  # SD_LISTEN_FDS_START
_VARIABLES: Final = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")

# Taken over from the environment, and not handed out yet.
_waiting: list[tuple[str, socket.socket]] = []


def inherited_sockets(name: str | None = None) -> list[socket.socket]:
    """The sockets that systemd, or what speaks its protocol, has opened for this process.

    The first call takes all of them over: they become non-blocking, are closed on exec, and the
    variables leave the environment, so that no child believes that they are meant for it. Each
    socket is handed out once.

    Args:
        name: only those with this ``FileDescriptorName=``; None takes all that are left.

    Returns:
        Empty when there are none, or when they are for another process (``LISTEN_PID``).

    Raises:
        ValueError: the variables make no sense.
        OSError: a descriptor that was announced is not an open socket.
    """
    _take_over()
    chosen = [sock for its_name, sock in _waiting if name in (None, its_name)]
    _waiting[:] = [(its_name, sock) for its_name, sock in _waiting if sock not in chosen]
    return chosen


def _take_over() -> None:
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return
    _, count, names = (os.environ.pop(variable, "") for variable in _VARIABLES)
    if not (count.isascii() and count.isdigit()):
        raise ValueError(f"LISTEN_FDS is not a number: {count!r}")
    # One name for each, or no names at all (which systemd calls "unknown").
    each_name = names.split(":") if names else ["unknown"] * int(count)
    if len(each_name) != int(count):
        raise ValueError(f"LISTEN_FDNAMES has {len(each_name)} names for {count} sockets")
    for fd, name in enumerate(each_name, _FIRST_FD):
        os.set_inheritable(fd, False)
        sock = socket.socket(fileno=fd)
        sock.setblocking(False)
        _waiting.append((name, sock))
