"""`ConnectionContext`: what is known of the peer of a connection, or of the client behind it."""

from socket import AF_INET
from socket import AF_INET6
from typing import Final

from ._address import UNIX_PEER

_IP_FAMILIES: Final = (AF_INET, AF_INET6)


class ConnectionContext:
    """Where requests come from: `HTTPConnection.context` for connections of an `HTTPServer`.

    Every connection has one about its peer. A request that came through a proxy which is believed
    has one of its own, about the client (see `TrustedProxies`); that of the connection is never
    changed.
    """

    __slots__ = ("address", "address_family", "protocol", "remote_ip")

    def __init__(
        self, address: object, address_family: int | None, remote_ip: str, protocol: str
    ) -> None:
        #: The socket address of the peer, as `socket.accept` gave it.
        self.address = address
        #: The address family of the socket, by which to read `address`.
        self.address_family = address_family
        #: The client's IP address, `"unix:"` for a peer on a Unix socket.
        self.remote_ip = remote_ip
        #: The scheme that the client speaks: `"http"` or `"https"`.
        self.protocol = protocol

    @classmethod
    def of_peer(
        cls, address: object, address_family: int | None, protocol: str
    ) -> "ConnectionContext":
        """The context of a connection from `address`."""
        if address_family in _IP_FAMILIES and isinstance(address, tuple):
            return cls(address, address_family, address[0], protocol)
        return cls(address, address_family, UNIX_PEER, protocol)

    def of_client(self, remote_ip: str, protocol: str) -> "ConnectionContext":
        """The context of a request that a proxy at the other end passes on."""
        return ConnectionContext(self.address, self.address_family, remote_ip, protocol)

    def __str__(self) -> str:
        return self.remote_ip

    def __repr__(self) -> str:
        return (
            f"ConnectionContext(remote_ip={self.remote_ip!r}, protocol={self.protocol!r},"
            f" address={self.address!r})"
        )
