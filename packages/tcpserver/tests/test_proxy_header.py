import struct
from ipaddress import IPv4Address
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpserver import ProxyHeader
from tcpserver import ProxyHeaderError
from tcpserver import parse_proxy_header
from tcpserver._crc32c import crc32c

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
V4 = bytes([192, 0, 2, 1, 192, 0, 2, 2]) + struct.pack("!HH", 56324, 443)
V6 = IPv6Address("2001:db8::1").packed + IPv6Address("2001:db8::2").packed + b"\x10\x00\x01\xbb"


def v2(family: int, block: bytes, command: int = 0x21) -> bytes:
    return SIGNATURE + bytes([command, family]) + struct.pack("!H", len(block)) + block


def tlv(kind: int, value: bytes) -> bytes:
    return struct.pack("!BH", kind, len(value)) + value


def with_checksum(family: int, addresses: bytes, *others: bytes) -> bytes:
    block = addresses + b"".join(others) + tlv(3, bytes(4))
    header = v2(family, block)
    return header[:-4] + struct.pack("!I", crc32c(header))


def unix(path: bytes) -> bytes:
    return path.ljust(108, b"\0")


GOOD = [
    pytest.param(
        b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n",
        ProxyHeader(1, ("192.0.2.1", 56324), ("192.0.2.2", 443)),
        id="v1 TCP4",
    ),
    pytest.param(
        b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
        ProxyHeader(1, ("255.255.255.255", 65535), ("255.255.255.255", 65535)),
        id="v1 TCP4, the longest",
    ),
    pytest.param(
        b"PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n",
        ProxyHeader(1, ("0.0.0.0", 0), ("0.0.0.0", 0)),
        id="v1 TCP4, zeros",
    ),
    pytest.param(
        b"PROXY TCP6 2001:DB8::1 ::1 56324 443\r\n",
        ProxyHeader(1, ("2001:db8::1", 56324, 0, 0), ("::1", 443, 0, 0)),
        id="v1 TCP6",
    ),
    pytest.param(b"PROXY UNKNOWN\r\n", ProxyHeader(1, None, None), id="v1 UNKNOWN"),
    pytest.param(
        b"PROXY UNKNOWN ffff::1 what ever\r\n", ProxyHeader(1, None, None), id="v1 UNKNOWN, more"
    ),
    pytest.param(
        v2(0x11, V4), ProxyHeader(2, ("192.0.2.1", 56324), ("192.0.2.2", 443)), id="v2 TCP4"
    ),
    pytest.param(
        v2(0x21, V6),
        ProxyHeader(2, ("2001:db8::1", 4096, 0, 0), ("2001:db8::2", 443, 0, 0)),
        id="v2 TCP6",
    ),
    pytest.param(v2(0x31, unix(b"/run/a") + unix(b"")), ProxyHeader(2, "/run/a", ""), id="v2 UNIX"),
    pytest.param(
        v2(0x31, unix(b"\0abstract") + unix(b"/run/\xff")),
        ProxyHeader(2, "\0abstract", "/run/\udcff"),
        id="v2 UNIX, abstract and not UTF-8",
    ),
    pytest.param(
        v2(0x31, b"/" * 216), ProxyHeader(2, "/" * 108, "/" * 108), id="v2 UNIX, without NUL"
    ),
    pytest.param(v2(0x00, b"", 0x20), ProxyHeader(2, None, None), id="v2 LOCAL"),
    pytest.param(v2(0x11, V4, 0x20), ProxyHeader(2, None, None), id="v2 LOCAL, with addresses"),
    pytest.param(v2(0xFF, b"junk", 0x20), ProxyHeader(2, None, None), id="v2 LOCAL, with junk"),
    pytest.param(v2(0x00, b""), ProxyHeader(2, None, None), id="v2 UNSPEC"),
    pytest.param(v2(0x00, b"junk"), ProxyHeader(2, None, None), id="v2 UNSPEC, with junk"),
    pytest.param(v2(0x10, V4), ProxyHeader(2, None, None), id="v2 transport UNSPEC"),
    pytest.param(
        v2(0x11, V4 + tlv(1, b"h2") + tlv(4, b"") + tlv(0xEA, b"\0" * 300)),
        ProxyHeader(
            2,
            ("192.0.2.1", 56324),
            ("192.0.2.2", 443),
            ((1, b"h2"), (4, b""), (0xEA, b"\0" * 300)),
        ),
        id="v2 TLVs",
    ),
    pytest.param(
        with_checksum(0x11, V4, tlv(2, b"name")),
        ProxyHeader(
            2,
            ("192.0.2.1", 56324),
            ("192.0.2.2", 443),
            ((2, b"name"), (3, with_checksum(0x11, V4, tlv(2, b"name"))[-4:])),
        ),
        id="v2 checksum",
    ),
    pytest.param(
        v2(0x11, V4 + tlv(4, b"\0" * (4096 - 15))),
        ProxyHeader(2, ("192.0.2.1", 56324), ("192.0.2.2", 443), ((4, b"\0" * (4096 - 15)),)),
        id="v2, the longest",
    ),
]


@pytest.mark.parametrize(("data", "header"), GOOD)
def test_accepted(data: bytes, header: ProxyHeader) -> None:
    assert parse_proxy_header(data) == (header, len(data))
    for rest in (b"x", b"\r\n", b"\x16\x03\x01", data):
        assert parse_proxy_header(data + rest) == (header, len(data))


@pytest.mark.parametrize(("data", "header"), GOOD)
def test_every_beginning_asks_for_more(data: bytes, header: ProxyHeader) -> None:
    for end in range(len(data)):
        assert parse_proxy_header(data[:end]) is None


BAD_V1 = [
    b"PROXY TCP4  192.0.2.1 192.0.2.2 56324 443\r\n",
    b"PROXY  TCP4 192.0.2.1 192.0.2.2 56324 443\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443 \r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443 x\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 56324\r\n",
    b"PROXY TCP4\r\n",
    b"PROXY \r\n",
    b"PROXY TCP5 192.0.2.1 192.0.2.2 56324 443\r\n",
    b"PROXY tcp4 192.0.2.1 192.0.2.2 56324 443\r\n",
    b"PROXY UNKNOWNS\r\n",
    b"PROXY TCP4 192.0.2.01 192.0.2.2 56324 443\r\n",
    b"PROXY TCP4 192.0.2 192.0.2.2 56324 443\r\n",
    b"PROXY TCP4 192.0.2.256 192.0.2.2 56324 443\r\n",
    b"PROXY TCP4 0x7f000001 192.0.2.2 56324 443\r\n",
    b"PROXY TCP4 2001:db8::1 2001:db8::2 56324 443\r\n",
    b"PROXY TCP6 192.0.2.1 192.0.2.2 56324 443\r\n",
    b"PROXY TCP6 fe80::1%eth0 ::1 56324 443\r\n",
    b"PROXY TCP6 [::1] ::1 56324 443\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 65536 443\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 99999999999\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 056324 443\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 00 443\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 +56324 443\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 5_6 443\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 -1 443\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.2  443\r\n",
    "PROXY TCP4 192.0.2.1 192.0.2.2 ٣ 443\r\n".encode(),
    b"PROXY TCP4 192.0.2.1 192.0.2.2 56324\xa0443\r\n",
    b"PROXY TCP4 192.0.2.1\t192.0.2.2 56324 443\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\n\r\n",
    b"PROXY UNKNOWN " + b"x" * 92 + b"\r\n",
    b"PROXY UNKNOWN " + b"x" * 200,
    b"PROXX TCP4 192.0.2.1 192.0.2.2 56324 443\r\n",
    b"proxy TCP4 192.0.2.1 192.0.2.2 56324 443\r\n",
    b"PROXY\tTCP4 192.0.2.1 192.0.2.2 56324 443\r\n",
    b" PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n",
    b"GET / HTTP/1.1\r\n",
    b"\x16\x03\x01",
]

BAD_V2 = [
    b"\r\n\r\n\0\r\nQUIT\r",
    b"\r\n\r\nX",
    SIGNATURE + b"\x11\x11\0\x0c" + V4,
    SIGNATURE + b"\x31",
    SIGNATURE + b"\x22\x11\0\x0c" + V4,
    v2(0x12, V4),
    v2(0x22, V6),
    v2(0x41, V4),
    v2(0x13, V4),
    v2(0x11, V4[:-1]),
    v2(0x21, V4),
    v2(0x31, unix(b"/run/a")),
    v2(0x11, V4 + b"\x01"),
    v2(0x11, V4 + b"\x01\0"),
    v2(0x11, V4 + b"\x01\0\x05h2"),
    v2(0x11, V4 + tlv(1, b"h2") + b"\0"),
    v2(0x11, V4 + tlv(3, bytes(4))),
    v2(0x11, V4 + tlv(3, bytes(3))),
    SIGNATURE + b"\x21\x11\x10\x01",
    SIGNATURE + b"\x21\x11\xff\xff",
]


@pytest.mark.parametrize("data", BAD_V1 + BAD_V2)
def test_refused(data: bytes) -> None:
    with pytest.raises(ProxyHeaderError):
        parse_proxy_header(data)


@pytest.mark.parametrize("data", BAD_V1 + BAD_V2)
def test_refused_when_it_comes_byte_by_byte(data: bytes) -> None:
    def feed() -> None:
        for end in range(len(data) + 1):
            assert parse_proxy_header(data[:end]) is None

    with pytest.raises(ProxyHeaderError):
        feed()


def test_every_flipped_bit_is_found_by_the_checksum() -> None:
    good = with_checksum(0x11, V4, tlv(2, b"name"))
    for bit in range(16 * 8, len(good) * 8):
        data = bytearray(good)
        data[bit // 8] ^= 1 << bit % 8
        try:
            parsed = parse_proxy_header(bytes(data))
        except ProxyHeaderError:
            continue
        # The type or the length of a TLV was hit, and now there is no checksum to look at.
        assert parsed is not None
        assert 3 not in dict(parsed[0].tlvs)


ports = st.integers(0, 65535)


@given(st.ip_addresses(v=4), st.ip_addresses(v=4), ports, ports)
def test_any_v4(source: IPv4Address, destination: IPv4Address, one: int, other: int) -> None:
    expected = (str(source), one), (str(destination), other)
    line = f"PROXY TCP4 {source} {destination} {one} {other}\r\n".encode()
    block = source.packed + destination.packed + struct.pack("!HH", one, other)
    for data in (line, v2(0x11, block)):
        parsed = parse_proxy_header(data)
        assert parsed is not None
        assert (parsed[0].source, parsed[0].destination) == expected


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"PROXY ", b"PROXY TCP4 ", SIGNATURE + b"\x21"])
)
def test_any_bytes_are_a_header_or_refused_or_too_few(data: bytes, start: bytes) -> None:
    try:
        parsed = parse_proxy_header(start + data)
    except ProxyHeaderError:
        return
    if parsed is None:
        assert len(start + data) < 16 + 4096
    else:
        assert 0 < parsed[1] <= len(start + data)
