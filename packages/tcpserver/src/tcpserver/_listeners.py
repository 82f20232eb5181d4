"""The listening sockets of a server, which accept all together or not at all."""

import socket
from collections.abc import Callable

from netsock import add_accept_handler

from ._address import Address


class Listeners:
    """Calls ``accepted(connection, address)`` for each connection, except while paused."""

    __slots__ = ("_accepted", "_paused", "_removers", "sockets")

    def __init__(self, accepted: Callable[[socket.socket, Address], object]) -> None:
        self._accepted = accepted
        self._paused = False
        self._removers: list[Callable[[], None]] = []
        self.sockets: list[socket.socket] = []

    def add(self, sock: socket.socket) -> None:
        """Accept on one more socket, as soon as a loop runs."""
        self.sockets.append(sock)
        if not self._paused:
            self._removers.append(add_accept_handler(sock, self._accepted))

    def pause(self) -> None:
        """Leave those who connect to the kernel's queue."""
        self._paused = True
        self._stop_accepting()

    def resume(self) -> None:
        """Undo `pause`."""
        self._paused = False
        for sock in self.sockets:
            self._removers.append(add_accept_handler(sock, self._accepted))

    def close(self) -> None:
        """Close the sockets. Others may be added afterwards."""
        self._stop_accepting()
        for sock in self.sockets:
            sock.close()
        self.sockets.clear()

    def _stop_accepting(self) -> None:
        for remove in self._removers:
            remove()
        self._removers.clear()
