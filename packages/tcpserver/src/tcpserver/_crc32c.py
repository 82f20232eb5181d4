"""CRC-32C (Castagnoli), the checksum of RFC 9260, appendix B, which the standard library lacks."""

from typing import Final

_POLYNOMIAL: Final = 0x82F63B78  # reflected


def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ _POLYNOMIAL if byte & 1 else byte >> 1
    return byte


_TABLE: Final = tuple(_remainder(byte) for byte in range(256))


def crc32c(data: bytes) -> int:
    """The checksum of ``data``, for the few hundred bytes of a PROXY header: it is not fast."""
    remainder = 0xFFFFFFFF
    for byte in data:
        remainder = remainder >> 8 ^ _TABLE[(remainder ^ byte) & 0xFF]
    return remainder ^ 0xFFFFFFFF
