"""IP addresses as proxies write them, and sets of addresses to believe.

Only literal addresses count. Nothing here resolves a name, and nothing goes near `getaddrinfo` or
`inet_aton`, which take `127.1`, `0x7f000001` and `2130706433` for addresses too. `inet_pton` takes
none of them. It is used rather than the `ipaddress` module because that one needs ten times as
long, for each request and again when it is imported.
"""

import re
from collections.abc import Iterable
from socket import AF_INET
from socket import AF_INET6
from socket import inet_ntop
from socket import inet_pton
from typing import TYPE_CHECKING
from typing import Final
from typing import TypeAlias

if TYPE_CHECKING:
    from ipaddress import IPv4Network
    from ipaddress import IPv6Network

PackedAddress: TypeAlias = bytes
"""An address in network byte order: 4 bytes for IPv4, 16 for IPv6."""

_MAPPED: Final = bytes(10) + b"\xff\xff"
_MAPPED_BITS: Final = 96

UNIX_PEER: Final = "unix"
"""What stands for the address of a peer on a Unix socket, which has none."""

# RFC 7239 section 6: node-port = 1*5DIGIT / obfport,
# obfport = "_" 1*(ALPHA / DIGIT / "." / "_" / "-").
_PORT: Final = re.compile(r"[0-9]{1,5}|_[A-Za-z0-9._-]+")


def parse_ip(text: str) -> PackedAddress | None:
    """The literal IPv4 or IPv6 address `text`, or None when it is not exactly one.

    An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) is returned as the IPv4 address that it maps,
    so that one host has one spelling. A scope id (`fe80::1%eth0`) only means something on the
    machine that wrote it, and makes `text` invalid.
    """
    try:
        if ":" not in text:
            return inet_pton(AF_INET, text)
        if "%" in text:
            return None
        packed = inet_pton(AF_INET6, text)
    except (OSError, ValueError):
        # ValueError: a NUL, or a surrogate that can't be encoded.
        return None
    return packed[12:] if packed.startswith(_MAPPED) else packed


def format_ip(address: PackedAddress) -> str:
    """The canonical spelling of `address`, for IPv6 that of RFC 5952."""
    return inet_ntop(AF_INET if len(address) == 4 else AF_INET6, address)


def parse_node(text: str) -> PackedAddress | None:
    """The address in one element of `X-Forwarded-For`, or None when there is none in it.

    Taken are `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` and
    `[2001:db8::1]:4711`. The port is checked and dropped.
    """
    if text.startswith("["):
        return parse_bracketed(text)
    host, colon, port = text.partition(":")
    if ":" in port:
        return parse_ip(text)
    if colon and not is_port(port):
        return None
    return parse_ip(host)


def parse_bracketed(text: str) -> PackedAddress | None:
    """The address in `[2001:db8::1]` or `[2001:db8::1]:4711`, or None."""
    host, bracket, port = text[1:].partition("]")
    if not bracket or ":" not in host:
        return None
    if port and not (port.startswith(":") and is_port(port[1:])):
        return None
    return parse_ip(host)


def is_port(text: str) -> bool:
    """Whether `text` is a port of RFC 7239 section 6: a number up to 65535, or obfuscated."""
    if _PORT.fullmatch(text) is None:
        return False
    return text.startswith("_") or int(text) <= 65535


class AddressSet:
    """The addresses in any of some networks, and possibly the peers on Unix sockets.

    A test costs one step for each prefix length in use, however many networks there are.

    Args:
        members: addresses (`"192.0.2.1"`), networks in CIDR notation (`"10.0.0.0/8"`,
            `"2001:db8::/32"`) and `"unix"`, which stands for every peer on a Unix socket.

    Raises:
        ValueError: a member is none of these; host names are not, and neither is a network with
            bits set behind its prefix.
        TypeError: `members` is a single string, or has a member that is not a string.
    """

    __slots__ = ("_has_unix", "_v4", "_v6")

    # Of objects, because nobody has looked at them yet.
    def __init__(self, members: Iterable[object]) -> None:
        if isinstance(members, str):
            raise TypeError(
                f"expected a list of addresses and networks, not the string {members!r}"
            )
        self._has_unix = False
        by_mask: tuple[dict[int, set[int]], dict[int, set[int]]] = ({}, {})
        for member in members:
            if member == UNIX_PEER:
                self._has_unix = True
                continue
            network = _parse_network(member)
            masks = by_mask[network.version == 6]
            masks.setdefault(int(network.netmask), set()).add(int(network.network_address))
        # Longest prefix first, where single addresses are.
        self._v4, self._v6 = [sorted(masks.items(), reverse=True) for masks in by_mask]

    def __contains__(self, address: PackedAddress | None) -> bool:
        """Whether `address` is in the set; None asks for peers on Unix sockets."""
        if address is None:
            return self._has_unix
        value = int.from_bytes(address)
        for mask, networks in self._v4 if len(address) == 4 else self._v6:
            if value & mask in networks:
                return True
        return False


def _parse_network(text: object) -> "IPv4Network | IPv6Network":
    # Imported here because most servers are behind no proxy.
    from ipaddress import IPv4Network
    from ipaddress import ip_network

    if not isinstance(text, str):
        raise TypeError(f"expected an address or a network as a string, not {text!r}")
    if "%" in text:
        raise ValueError(f"{text!r} has a scope id, which no proxy's address can be compared with")
    try:
        network = ip_network(text)
    except ValueError as error:
        raise ValueError(
            f"{text!r} is not an IP address, a CIDR network or 'unix': {error}"
        ) from None
    packed = network.network_address.packed
    if packed.startswith(_MAPPED) and network.prefixlen >= _MAPPED_BITS:
        # Addresses are compared as IPv4 when they map one, so networks have to be as well.
        return IPv4Network((packed[12:], network.prefixlen - _MAPPED_BITS))
    return network
