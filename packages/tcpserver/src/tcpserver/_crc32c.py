"""CRC-32C (Castagnoli), the checksum of RFC 9260, appendix B, which the standard library lacks."""

import functools
from typing import Final

_POLYNOMIAL: Final = 0x82F63B78  # reflected


def crc32c(data: bytes) -> int:
    """The checksum of ``data``, for the few hundred bytes of a PROXY header: it is not fast."""
    table = _table()
    remainder = 0xFFFFFFFF
    for byte in data:
        remainder = remainder >> 8 ^ table[(remainder ^ byte) & 0xFF]
    return remainder ^ 0xFFFFFFFF


@functools.cache
def _table() -> tuple[int, ...]:
    """What is left of each byte after eight steps; made when it is first needed."""
    return tuple(_remainder(byte) for byte in range(256))


def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ _POLYNOMIAL if byte & 1 else byte >> 1
    return byte
