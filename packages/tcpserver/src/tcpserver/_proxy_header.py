"""The PROXY protocol's header, versions 1 and 2: bytes in, who the client is out. No I/O.

Section numbers are those of HAProxy's ``proxy-protocol.txt``.
"""

from typing import Final
from typing import NamedTuple

from ._address import Address
from ._crc32c import crc32c

# 2.1: "the receiver must be able to find the CRLF within the first 107 bytes".
_V1_LONGEST: Final = 107
_V1_START: Final = b"PROXY "

# 2.2: the signature, then version and command, family and transport, and the length of the rest.
_V2_SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
_V2_FIXED: Final = 16

# The length is 16 bits wide. Addresses and all registered TLVs fit in far less, and nobody should
# make us hold 64 KiB before they have said who they are. (2.2 asks for at least 536 bytes.)
_V2_LONGEST: Final = 4096

# 2.2.1
_TLV_CRC32C: Final = 0x03


class ProxyHeaderError(ValueError):
    """The peer sent something that is not a PROXY header. The text says what is wrong."""


class ProxyHeader(NamedTuple):
    """What a proxy says about the connection that it carries on.

    Attributes:
        version: 1 or 2, of the protocol.
        source: the client's address; None when the proxy speaks for itself (LOCAL, as in a health
            check) or does not know (UNKNOWN, UNSPEC). Then the peer is the client.
        destination: the address that the client connected to; None exactly when ``source`` is.
        tlvs: type and value of each extension (version 2, section 2.2.1), in order; none without a
            source.
    """

    version: int
    source: Address | None
    destination: Address | None
    tlvs: tuple[tuple[int, bytes], ...] = ()


def parse_proxy_header(data: bytes) -> tuple[ProxyHeader, int] | None:
    """Parse the header that ``data`` begins with.

    Args:
        data: everything received so far.

    Returns:
        The header and its length in bytes; None when there is more of it to come, in which case all
        of ``data`` belongs to it.

    Raises:
        ProxyHeaderError: it cannot become a header any more.
    """
    if data.startswith(_V2_SIGNATURE):
        return _parse_v2(data)
    if data.startswith(_V1_START):
        return _parse_v1(data)
    if _V1_START.startswith(data) or _V2_SIGNATURE.startswith(data):
        return None
    raise ProxyHeaderError("no PROXY header")


# Version 1 (section 2.1): PROXY TCP4 192.0.2.1 192.0.2.2 56324 443 CRLF


def _parse_v1(data: bytes) -> tuple[ProxyHeader, int] | None:
    end = data.find(b"\r\n", 0, _V1_LONGEST)
    if end < 0:
        if len(data) >= _V1_LONGEST:
            raise ProxyHeaderError("no CRLF within 107 bytes")
        return None
    try:
        words = data[:end].decode("ascii").split(" ")
    except UnicodeDecodeError:
        raise ProxyHeaderError("not ASCII") from None
    length = end + 2
    if words[1] == "UNKNOWN":
        # "The receiver must ignore anything presented before the CRLF".
        return ProxyHeader(1, None, None), length
    if words[1] not in {"TCP4", "TCP6"}:
        raise ProxyHeaderError("unknown protocol")
    if len(words) != 6:
        raise ProxyHeaderError("not two addresses and two ports")
    _, family, source, destination, source_port, destination_port = words
    parse = _v4 if family == "TCP4" else _v6
    header = ProxyHeader(
        1,
        parse(source, _port(source_port)),
        parse(destination, _port(destination_port)),
    )
    return header, length


# ipaddress is imported when there is an address to read: it takes longer than the rest of this
# package, and most servers never need it.


def _v4(host: str | bytes, port: int) -> Address:
    """An address as text, or as its four bytes."""
    from ipaddress import IPv4Address

    try:
        return str(IPv4Address(host)), port
    except ValueError:
        raise ProxyHeaderError("not an IPv4 address") from None


def _v6(host: str | bytes, port: int) -> Address:
    """An address as text, or as its sixteen bytes."""
    from ipaddress import IPv6Address

    try:
        address = IPv6Address(host)
    except ValueError:
        raise ProxyHeaderError("not an IPv6 address") from None
    if address.scope_id is not None:  # which means something on the proxy's machine only
        raise ProxyHeaderError("an IPv6 address with a scope")
    return str(address), port, 0, 0


def _port(text: str) -> int:
    """2.1: decimal, no sign, no leading zeros."""
    if len(text) <= 5 and text.isascii() and text.isdigit() and (text == "0" or text[0] != "0"):
        port = int(text)
        if port <= 0xFFFF:
            return port
    raise ProxyHeaderError("not a port")


# Version 2 (section 2.2)


def _parse_v2(data: bytes) -> tuple[ProxyHeader, int] | None:
    if len(data) > 12 and data[12] >> 4 != 2:
        raise ProxyHeaderError("unknown version")
    if len(data) < _V2_FIXED:
        return None
    command, family = data[12] & 0xF, data[13]
    size = _big_endian(data[14:16])
    if command > 1:
        raise ProxyHeaderError("unknown command")
    if size > _V2_LONGEST:
        raise ProxyHeaderError(f"{size} bytes, more than {_V2_LONGEST}")
    end = _V2_FIXED + size
    if len(data) < end:
        return None
    if command == 0 or family >> 4 == _UNSPEC or family & 0xF == _UNSPEC:
        # LOCAL: "the receiver must use the real connection endpoints and discard the protocol
        # block including the family". UNSPEC knows no addresses to believe either.
        return ProxyHeader(2, None, None), end
    addresses = _ADDRESS_SIZES.get(family)
    if addresses is None:
        raise ProxyHeaderError("unknown address family or transport")
    if size < addresses:
        raise ProxyHeaderError("addresses are cut off")
    start_of_tlvs = _V2_FIXED + addresses
    tlvs = _parse_tlvs(data, start_of_tlvs, end)
    source, destination = _addresses(family, data[_V2_FIXED:start_of_tlvs])
    return ProxyHeader(2, source, destination, tlvs), end


# Family and transport, to the size of both addresses (and ports). Of the transports a TCP server
# meets STREAM only; a datagram here is a mistake.
_UNSPEC: Final = 0
_TCP4: Final = 0x11
_TCP6: Final = 0x21
_UNIX: Final = 0x31
_ADDRESS_SIZES: Final = {_TCP4: 12, _TCP6: 36, _UNIX: 216}


def _addresses(family: int, data: bytes) -> tuple[Address, Address]:
    if family == _TCP4:
        return _v4(data[0:4], _big_endian(data[8:10])), _v4(data[4:8], _big_endian(data[10:12]))
    if family == _TCP6:
        return _v6(data[0:16], _big_endian(data[32:34])), _v6(data[16:32], _big_endian(data[34:36]))
    return _unix(data[:108]), _unix(data[108:])


def _big_endian(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _unix(field_: bytes) -> str:
    """A path as `accept` would give it: up to the first NUL, but for an abstract name."""
    if field_.startswith(b"\0"):
        path = field_.rstrip(b"\0")
    else:
        path, _, _ = field_.partition(b"\0")
    return path.decode("utf-8", "surrogateescape")


def _parse_tlvs(data: bytes, start: int, end: int) -> tuple[tuple[int, bytes], ...]:
    tlvs: list[tuple[int, bytes]] = []
    while start < end:
        value = start + 3
        if value > end:
            raise ProxyHeaderError("a TLV is cut off")
        kind = data[start]
        size = _big_endian(data[start + 1 : value])
        start = value + size
        if start > end:
            raise ProxyHeaderError("a TLV is cut off")
        if kind == _TLV_CRC32C:
            _check_crc32c(data, value, size, end)
        tlvs.append((kind, data[value:start]))
    return tuple(tlvs)


def _check_crc32c(data: bytes, value: int, size: int, end: int) -> None:
    """Section 2.2.3: the sum is over the whole header, with the four bytes of the sum as zeros."""
    if size != 4:
        raise ProxyHeaderError("a checksum that is not four bytes long")
    zeroed = data[:value] + bytes(4) + data[value + 4 : end]
    if crc32c(zeroed) != _big_endian(data[value : value + 4]):
        raise ProxyHeaderError("the checksum is wrong")
