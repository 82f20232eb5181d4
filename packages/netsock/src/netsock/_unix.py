"""Listening Unix sockets."""

import errno
import os
import socket
import stat


def bind_unix_socket(
    file: str | os.PathLike[str], mode: int = 0o600, backlog: int = 128
) -> socket.socket:
    """Listen on a Unix socket.

    A socket that a dead process left behind is removed; a connection attempt tells whether it is
    dead. Nothing else is ever removed.

    Args:
        file: a path, or on Linux an abstract name, which begins with NUL and is no file.
        mode: permissions of the file; the default lets only the owner connect.
        backlog: how many connections the kernel keeps until they are accepted.

    Returns:
        A non-blocking listening socket. Closing it leaves the file behind.

    Raises:
        OSError: a live server listens there (``EADDRINUSE``), something that is not a socket is
            there (``FileExistsError``), the path is too long, ...; the message names the path.
        NotImplementedError: the platform has no Unix sockets.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise NotImplementedError("bind_unix_socket: this platform has no Unix sockets")
    path = os.fspath(file)
    is_file = not path.startswith("\0")
    if is_file:
        _remove_stale(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.bind(path)
        if is_file:
            # Nobody can connect before `listen`, so there is no moment of wrong permissions.
            os.chmod(path, mode)
        sock.listen(backlog)
    except OSError as error:
        sock.close()
        # A path that is too long is refused by Python, which gives no number.
        number = error.errno or errno.ENAMETOOLONG
        reason = error.strerror or str(error)
        raise OSError(number, f"cannot listen on {path!r}: {reason}") from None
    return sock


def _remove_stale(path: str) -> None:
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise FileExistsError(
            errno.EEXIST, f"cannot listen on {path!r}: there is something that is not a socket"
        )
    if _is_alive(path):
        raise OSError(errno.EADDRINUSE, f"cannot listen on {path!r}: a server listens there")
    os.unlink(path)


def _is_alive(path: str) -> bool:
    """Whether somebody listens there. A full queue, or one that we may not join, is somebody's."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        return probe.connect_ex(path) != errno.ECONNREFUSED
