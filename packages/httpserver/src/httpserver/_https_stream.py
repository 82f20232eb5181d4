"""`HTTPSStream`: TLS that has a word for those who speak plain HTTP to its port."""

from typing import Final

from tcpserver import ServerTLSStream

# What OpenSSL calls a first record that begins with `GET `, `POST`, `HEAD`, `PUT ` or `CONNE`.
_PLAIN_HTTP: Final = ("HTTP_REQUEST", "HTTPS_PROXY_REQUEST")

_BODY: Final = b"400 Bad Request: this port speaks HTTPS; use https:// instead of http://\n"

# How much of a request is taken off the kernel, in pieces of this size, before it is refused.
_PIECE: Final = 65536
_PIECES: Final = 4


class HTTPSStream(ServerTLSStream):
    """A TLS connection to an HTTP server."""

    __slots__ = ()

    def close_fd(self) -> None:
        """Close the socket; before that answer a request that came without TLS."""
        # An error that OpenSSL did not make has no reason.
        if getattr(self.error, "reason", None) in _PLAIN_HTTP:
            self._refuse_plain_http()
        super().close_fd()

    def _refuse_plain_http(self) -> None:
        # Imported here, because it takes as long as the rest of this package.
        from email.utils import formatdate

        head = (
            "HTTP/1.1 400 Bad Request\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(_BODY)}\r\n"
            f"Date: {formatdate(usegmt=True)}\r\n"
            "Connection: close\r\n"
            "\r\n"
        )
        try:
            # What is left unread when a socket is closed makes the kernel send a reset, which can
            # overtake the answer.
            for _ in range(_PIECES):
                if not self.socket.recv(_PIECE):
                    break
        except OSError:
            pass
        try:
            self.socket.send(head.encode("ascii") + _BODY)
        except OSError:
            # The client has gone. There is nobody else to tell.
            pass
