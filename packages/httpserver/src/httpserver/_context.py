"""`ConnectionContext`: what is known of the peer of a connection, or of the client behind it."""

from socket import AF_INET
from socket import AF_INET6
from socket import AddressFamily
from typing import TYPE_CHECKING

from ._address import UNIX_PEER
from ._mypyc import mypyc_attr

if TYPE_CHECKING:
    from ._proxies import Client


@mypyc_attr(allow_interpreted_subclasses=True)
class ConnectionContext:
    """Where requests come from: the `context` of the connections of an `HTTPServer`.

    Every connection has one about its peer. A request that came through a proxy which is believed
    has one of its own, about the client (see `TrustedProxies`); that of the connection is never
    changed.
    """

    __slots__ = ("address", "protocol", "remote_ip")

    def __init__(self, address: object, remote_ip: str, protocol: str) -> None:
        #: The socket address of the peer: a tuple for IPv4 and IPv6, text for a Unix socket.
        self.address = address
        #: The client's IP address, `"unix"` for a peer on a Unix socket.
        self.remote_ip = remote_ip
        #: The scheme that the client speaks: `"http"` or `"https"`.
        self.protocol = protocol

    @classmethod
    def of_peer(cls, address: object, protocol: str) -> "ConnectionContext":
        """The context of a connection from `address`."""
        remote_ip = address[0] if isinstance(address, tuple) else UNIX_PEER
        return cls(address, remote_ip, protocol)

    def of_client(self, client: "Client") -> "ConnectionContext":
        """The context of a request that a proxy at the other end passes on for `client`."""
        return ConnectionContext(self.address, client.remote_ip, client.protocol)

    @property
    def address_family(self) -> AddressFamily | None:
        """The address family of `address`; None for a Unix socket."""
        if not isinstance(self.address, tuple):
            return None
        return AF_INET6 if ":" in self.address[0] else AF_INET

    def __str__(self) -> str:
        return self.remote_ip

    def __repr__(self) -> str:
        return (
            f"ConnectionContext(remote_ip={self.remote_ip!r}, protocol={self.protocol!r},"
            f" address={self.address!r})"
        )
