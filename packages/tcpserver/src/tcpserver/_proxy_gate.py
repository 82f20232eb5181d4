"""Connections that owe a PROXY header: they wait here, off the accept path, until it is there."""

import asyncio
import logging
import socket
from collections.abc import Callable
from collections.abc import Iterable
from ipaddress import IPv4Network
from ipaddress import IPv6Address
from ipaddress import IPv6Network
from ipaddress import ip_address
from ipaddress import ip_network

from ._address import Address
from ._address import format_address
from ._counters import Counters
from ._deadlines import Deadlines
from ._flood_log import FloodLog
from ._proxy_header import ProxyHeader
from ._proxy_header import ProxyHeaderError
from ._proxy_header import parse_proxy_header

logger = logging.getLogger(__name__)

_PEEK = 4200  # the longest header that the parser takes, and a little


class TrustedProxies:
    """The peers whose PROXY header is believed: networks, and ``"unix"`` for Unix sockets."""

    __slots__ = ("_networks", "_unix_sockets")

    def __init__(self, proxies: Iterable[str]) -> None:
        self._unix_sockets = False
        self._networks: list[IPv4Network | IPv6Network] = []
        for proxy in proxies:
            if proxy == "unix":
                self._unix_sockets = True
            else:
                self._networks.append(ip_network(proxy))

    def __bool__(self) -> bool:
        return self._unix_sockets or bool(self._networks)

    def __contains__(self, address: Address) -> bool:
        if not isinstance(address, tuple):
            return self._unix_sockets
        # A link-local address comes with its scope, which no network has.
        ip = ip_address(address[0].partition("%")[0])
        if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        return any(ip in network for network in self._networks)


class ProxyGate:
    """Reads one PROXY header from each connection, and not a byte more.

    What follows the header belongs to somebody else, a TLS handshake perhaps. So the bytes are
    peeked at first; as long as the header is not complete all of them are part of it.
    """

    __slots__ = ("_admit", "_counters", "_deadlines", "_log", "_refused", "_trusted")

    def __init__(
        self,
        trusted: TrustedProxies,
        timeout: float,
        counters: Counters,
        admit: Callable[[socket.socket, Address, ProxyHeader], object],
        refused: Callable[[], object],
    ) -> None:
        self._trusted = trusted
        self._counters = counters
        self._admit = admit
        self._refused = refused
        self._deadlines: Deadlines[_Newcomer] = Deadlines(timeout, self._expired)
        self._log = FloodLog(logger)

    def receive(self, connection: socket.socket, address: Address) -> None:
        """Take over a connection that was just accepted."""
        newcomer = _Newcomer(connection, address)
        if address not in self._trusted:
            self._refuse(newcomer, "it is not a trusted proxy")
            return
        self._deadlines.add(newcomer)
        asyncio.get_running_loop().add_reader(connection.fileno(), self._readable, newcomer)

    def close(self) -> None:
        """Close all who wait."""
        for newcomer in self._deadlines.items():
            self._leave(newcomer)
            newcomer.connection.close()
            self._refused()

    def _readable(self, newcomer: "_Newcomer") -> None:
        try:
            header = newcomer.read_header()
        except BlockingIOError:
            return
        except EOFError:
            # A health check that only connects: nothing to tell.
            self._leave(newcomer)
            newcomer.connection.close()
            self._refused()
        except OSError as error:
            self._leave(newcomer)
            self._refuse(newcomer, error.strerror or str(error))
        except ProxyHeaderError as error:
            self._leave(newcomer)
            self._refuse(newcomer, str(error))
        else:
            if header is not None:
                self._leave(newcomer)
                self._admit(newcomer.connection, header.source or newcomer.address, header)

    def _leave(self, newcomer: "_Newcomer") -> None:
        self._deadlines.discard(newcomer)
        asyncio.get_running_loop().remove_reader(newcomer.connection.fileno())

    def _refuse(self, newcomer: "_Newcomer", reason: str) -> None:
        self._counters.refused += 1
        self._log.warning("refused %s: %s", format_address(newcomer.address), reason)
        newcomer.connection.close()
        self._refused()

    def _expired(self, newcomer: "_Newcomer") -> None:
        self._counters.proxy_timeouts += 1
        self._leave(newcomer)
        self._log.warning("refused %s: no PROXY header in time", format_address(newcomer.address))
        newcomer.connection.close()
        self._refused()


class _Newcomer:
    """A connection, and as much of its header as has come."""

    __slots__ = ("_received", "address", "connection")

    def __init__(self, connection: socket.socket, address: Address) -> None:
        self.connection = connection
        self.address = address
        self._received = b""

    def read_header(self) -> ProxyHeader | None:
        """Read on; the header when it is complete.

        Raises EOFError, OSError, ProxyHeaderError.
        """
        peeked = self.connection.recv(_PEEK, socket.MSG_PEEK)
        if not peeked:
            raise EOFError
        parsed = parse_proxy_header(self._received + peeked)
        if parsed is None:
            self._received += self.connection.recv(len(peeked))
            return None
        header, length = parsed
        self.connection.recv(length - len(self._received))
        return header
