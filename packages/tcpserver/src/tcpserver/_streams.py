"""The streams that a server hands out: they tell it when they close."""

import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING

from iostream import IOStream
from iostream import SSLIOStream

if TYPE_CHECKING:
    from ._proxy_header import ProxyHeader

# Called once for each stream, when its descriptor is given back.
Closed = Callable[[IOStream], object]


class ServerStream(IOStream):
    """An accepted connection; the loop does not watch it before `receive_now` is called.

    Attributes:
        proxy_header: what the proxy said about the client; None on a port without PROXY protocol.
    """

    __slots__ = ("_closed", "proxy_header")

    def __init__(
        self,
        connection: socket.socket,
        closed: Closed,
        proxy_header: "ProxyHeader | None",
        max_buffer_size: int | None,
        read_chunk_size: int | None,
    ) -> None:
        self._closed = closed
        self.proxy_header = proxy_header
        IOStream.__init__(self, connection, max_buffer_size, read_chunk_size)
        self.watch_later = True

    def close_fd(self) -> None:
        """Close the socket, and tell the server."""
        self.socket.close()
        self._closed(self)


class ServerTLSStream(SSLIOStream):
    """An accepted connection under TLS.

    Attributes:
        proxy_header: what the proxy said about the client; None on a port without PROXY protocol.
    """

    __slots__ = ("_closed", "proxy_header")

    def __init__(
        self,
        connection: socket.socket,
        context: ssl.SSLContext,
        closed: Closed,
        proxy_header: "ProxyHeader | None",
        max_buffer_size: int | None,
        read_chunk_size: int | None,
    ) -> None:
        self._closed = closed
        self.proxy_header = proxy_header
        super().__init__(
            connection,
            ssl_options=context,
            server_side=True,
            max_buffer_size=max_buffer_size,
            read_chunk_size=read_chunk_size,
        )

    def close_fd(self) -> None:
        """Close the socket, and tell the server."""
        super().close_fd()
        self._closed(self)
