"""Socket options that people ask for, by names that one can read."""

import socket
import sys
from typing import Final

# The option for "idle seconds before the first probe" has another name on macOS.
_KEEPIDLE: Final = "TCP_KEEPALIVE" if sys.platform == "darwin" else "TCP_KEEPIDLE"


class SocketOptions:
    """Options to set on a socket. None, the default of each, leaves the kernel's own setting.

    Set on a listening socket they hold for the connections that it accepts, which saves a system
    call for each (Linux, macOS and the BSDs inherit them all).

    Args:
        keepalive: find dead peers by probes (``SO_KEEPALIVE``).
        keepalive_idle: seconds of silence before the first probe (``TCP_KEEPIDLE``; Linux: 7,200).
        keepalive_interval: seconds between probes (``TCP_KEEPINTVL``; Linux: 75).
        keepalive_count: probes without an answer until the connection is given up (``TCP_KEEPCNT``;
            Linux: 9).
        nodelay: send small segments at once, without Nagle's algorithm (``TCP_NODELAY``).
        user_timeout: seconds that sent data may stay unacknowledged before the connection is given
            up (``TCP_USER_TIMEOUT``, RFC 5482; Linux).
        fastopen: accept data within the SYN (``TCP_FASTOPEN``, RFC 7413): how many such connections
            may wait; listening sockets only. macOS takes any number as "on".
        defer_accept: seconds for which a connection is kept back from ``accept`` until its first
            data is there (``TCP_DEFER_ACCEPT``; Linux, listening sockets only). For protocols in
            which the client speaks first.
        receive_buffer: bytes (``SO_RCVBUF``). Linux doubles it, and stops adapting it by itself.
        send_buffer: bytes (``SO_SNDBUF``). Linux doubles it, and stops adapting it by itself.
    """

    __slots__ = (
        "defer_accept",
        "fastopen",
        "keepalive",
        "keepalive_count",
        "keepalive_idle",
        "keepalive_interval",
        "nodelay",
        "receive_buffer",
        "send_buffer",
        "user_timeout",
    )

    def __init__(
        self,
        *,
        keepalive: bool | None = None,
        keepalive_idle: int | None = None,
        keepalive_interval: int | None = None,
        keepalive_count: int | None = None,
        nodelay: bool | None = None,
        user_timeout: float | None = None,
        fastopen: int | None = None,
        defer_accept: int | None = None,
        receive_buffer: int | None = None,
        send_buffer: int | None = None,
    ) -> None:
        self.keepalive = keepalive
        self.keepalive_idle = keepalive_idle
        self.keepalive_interval = keepalive_interval
        self.keepalive_count = keepalive_count
        self.nodelay = nodelay
        self.user_timeout = user_timeout
        self.fastopen = fastopen
        self.defer_accept = defer_accept
        self.receive_buffer = receive_buffer
        self.send_buffer = send_buffer

    def apply(self, sock: socket.socket) -> None:
        """Set them. On a socket that is not TCP the options of TCP are passed over.

        Raises:
            NotImplementedError: the platform has no such option; it is named.
            OSError: the kernel refuses a value.
        """
        _set(sock, socket.SOL_SOCKET, "SO_KEEPALIVE", self.keepalive)
        _set(sock, socket.SOL_SOCKET, "SO_RCVBUF", self.receive_buffer)
        _set(sock, socket.SOL_SOCKET, "SO_SNDBUF", self.send_buffer)
        if sock.family not in (socket.AF_INET, socket.AF_INET6):
            return
        _set(sock, socket.IPPROTO_TCP, _KEEPIDLE, self.keepalive_idle)
        _set(sock, socket.IPPROTO_TCP, "TCP_KEEPINTVL", self.keepalive_interval)
        _set(sock, socket.IPPROTO_TCP, "TCP_KEEPCNT", self.keepalive_count)
        _set(sock, socket.IPPROTO_TCP, "TCP_NODELAY", self.nodelay)
        _set(sock, socket.IPPROTO_TCP, "TCP_FASTOPEN", self.fastopen)
        _set(sock, socket.IPPROTO_TCP, "TCP_DEFER_ACCEPT", self.defer_accept)
        if self.user_timeout is not None:
            milliseconds = round(self.user_timeout * 1000)
            _set(sock, socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", milliseconds)


def _set(sock: socket.socket, level: int, name: str, value: int | None) -> None:
    if value is None:
        return
    option: int | None = getattr(socket, name, None)
    if option is None:
        raise NotImplementedError(f"{name}: {sys.platform} has no such socket option")
    sock.setsockopt(level, option, int(value))
