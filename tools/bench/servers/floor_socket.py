"""The floor of the 8 MiB rows: a bare readiness loop over sockets that moves the same bytes.

No asyncio, no objects per message: ``recv`` of 256 KiB at a time, ``send`` of a view of what is left.
"""

import select
import socket

from .launching import launch
from .payload import HELLO
from .payload import LARGE

RECEIVE = 256 * 1024
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
ANSWER = HEAD % len(HELLO) + HELLO
LARGE_ANSWER = memoryview(HEAD % len(LARGE) + LARGE)


class Connection:
    """One socket, and what is still to come or to go."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.missing = 0
        self.unsent = memoryview(b"")
        self.watched = select.EPOLLIN

    def readable(self) -> bool:
        """Read once; True when an answer is due or the peer has gone."""
        data = self.sock.recv(RECEIVE)
        if not data:
            return True
        if self.missing:
            self.missing -= len(data)
        elif data.startswith(b"GET"):
            self.unsent = LARGE_ANSWER
            return self.writable()
        else:
            self.missing = len(LARGE) - len(data) + data.index(b"\r\n\r\n") + 4
        if not self.missing:
            self.sock.send(ANSWER)
        return False

    def writable(self) -> bool:
        """Send what the kernel takes; always False, as the connection goes on."""
        while self.unsent:
            try:
                self.unsent = self.unsent[self.sock.send(self.unsent) :]
            except BlockingIOError:
                return False
        return False


def serve(port: int) -> None:
    """Listen until killed."""
    listener = socket.create_server(("127.0.0.1", port), backlog=1024)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    connections: dict[int, Connection] = {}
    while True:
        for fd, events in poll.poll():
            if fd == listener.fileno():
                sock, _ = listener.accept()
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connections[sock.fileno()] = Connection(sock)
                poll.register(sock, select.EPOLLIN)
                continue
            connection = connections[fd]
            try:
                gone = connection.writable() if events & select.EPOLLOUT else connection.readable()
            except ConnectionError:
                gone = True
            if gone:
                poll.unregister(fd)
                connections.pop(fd).sock.close()
            else:
                wanted = select.EPOLLOUT if connection.unsent else select.EPOLLIN
                if wanted != connection.watched:
                    connection.watched = wanted
                    poll.modify(fd, wanted)


if __name__ == "__main__":
    serve(launch().port)
