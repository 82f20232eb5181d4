import pytest
from hypothesis import given
from hypothesis import strategies as st

from http1 import HTTPInputError
from http1 import Limits
from http1 import _chunked
from http1._chunked import ChunkedDecoder
from http1._encoding import LAST_CHUNK
from http1._encoding import encode_chunk_size
from http1._grammar import CRLF

from .recorder import in_bytes


def decode(pieces: list[bytes], limits: Limits | None = None) -> tuple[bytes, ChunkedDecoder, int]:
    """The data, the decoder, and how many bytes were behind the body."""
    limits = Limits() if limits is None else limits
    decoder = ChunkedDecoder(limits, limits.max_body_size)
    decoded: list[bytes] = []
    left = 0
    for piece in pieces:
        left += len(piece) - decoder.decode(piece, 0, decoded)
    return b"".join(decoded), decoder, left


def refusal(data: bytes, limits: Limits) -> int | None:
    """The status with which a body is refused, whole and in bytes."""
    statuses = set()
    for pieces in ([data], in_bytes(data)):
        try:
            decode(pieces, limits)
        except HTTPInputError as error:
            statuses.add(error.status_code)
        else:
            statuses.add(0)
    (status,) = statuses
    return status or None


@given(
    st.lists(st.binary(min_size=1, max_size=40), max_size=8),
    st.binary(max_size=10),
    st.lists(st.integers(0, 500), max_size=5),
)
def test_round_trip(chunks: list[bytes], behind: bytes, cuts: list[int]) -> None:
    pieces = [encode_chunk_size(len(chunk)) + chunk + CRLF for chunk in chunks]
    data = b"".join(pieces) + LAST_CHUNK + behind
    places = sorted({cut % (len(data) + 1) for cut in cuts})
    cut = [data[i:j] for i, j in zip([0, *places], [*places, len(data)], strict=True)]
    decoded, decoder, left = decode(cut)
    assert decoded == b"".join(chunks)
    assert decoder.done
    assert decoder.received == len(decoded)
    assert left == len(behind)


def test_it_begins_where_it_is_told_to() -> None:
    decoder = ChunkedDecoder(Limits(), 100)
    pieces: list[bytes] = []
    assert decoder.decode(b"head5\r\nhel", 4, pieces) == 10
    assert decoder.decode(b"xlo\r", 1, pieces) == 4
    assert decoder.decode(b"x\n0\r\n\r\nrest", 1, pieces) == 7
    assert b"".join(pieces) == b"hello"
    assert decoder.done
    assert decoder.decode(b"more", 0, pieces) == 0


def test_a_large_piece_is_not_copied() -> None:
    decoder = ChunkedDecoder(Limits(), 1 << 20)
    pieces: list[bytes] = []
    decoder.decode(b"10000\r\n", 0, pieces)
    data = bytes(30_000)
    decoder.decode(data, 0, pieces)
    assert pieces[0] is data


def test_small_chunks_of_one_read_come_in_one_piece() -> None:
    decoder = ChunkedDecoder(Limits(), 1 << 20)
    pieces: list[bytes] = []
    decoder.decode(b"1\r\na\r\n" * 1000, 0, pieces)
    assert pieces == [b"a" * 1000]


def test_large_chunks_of_one_read_are_not_joined() -> None:
    decoder = ChunkedDecoder(Limits(), 1 << 20)
    pieces: list[bytes] = []
    large = encode_chunk_size(5000) + bytes(5000) + CRLF
    decoder.decode(b"1\r\na\r\n" * 2 + large + b"1\r\nb\r\n" + large, 0, pieces)
    assert [len(piece) for piece in pieces] == [2, 5000, 1, 5000]


def test_what_was_good_before_an_error_is_decoded() -> None:
    decoder = ChunkedDecoder(Limits(), 100)
    pieces: list[bytes] = []
    with pytest.raises(HTTPInputError):
        decoder.decode(b"5\r\nhello\r\nx", 0, pieces) and decoder.decode(b"\r\n", 0, pieces)
    assert pieces == [b"hello"]


def test_trailers() -> None:
    _, decoder, _ = decode([b"0\r\nA: b\r\nHost: c\r\nSet-Cookie: d\r\na:e\r\n\r\n"])
    assert list(decoder.trailers.get_all()) == [("A", "b"), ("A", "e")]


# --- limits: below and at, above

CHUNK = b"2\r\nab\r\n"


@pytest.mark.parametrize(("limit", "status"), [(5, None), (4, None), (3, 413), (0, 413)])
def test_max_body_size(limit: int, status: int | None) -> None:
    limits = Limits(max_body_size=limit)
    assert refusal(CHUNK + CHUNK + LAST_CHUNK, limits) == status


def test_an_announced_size_is_refused_before_any_of_it_comes() -> None:
    assert refusal(b"5\r\n", Limits(max_body_size=4)) == 413


@pytest.mark.parametrize(("limit", "status"), [(9, None), (8, None), (7, 400)])
def test_max_chunk_extensions_size(limit: int, status: int | None) -> None:
    limits = Limits(max_chunk_extensions_size=limit)
    assert refusal(b"2;a=b\r\nab\r\n0;abc\r\n\r\n", limits) == status


def test_an_endless_extension() -> None:
    limits = Limits(max_chunk_extensions_size=100)
    assert refusal(b"5;" + b"a" * 98, limits) is None
    assert refusal(b"5;" + b"a" * 200, limits) == 400


@pytest.mark.parametrize(("limit", "status"), [(6, None), (5, None), (4, 431)])
def test_max_field_size(limit: int, status: int | None) -> None:
    assert refusal(b"0\r\nA: bc\r\n\r\n", Limits(max_field_size=limit)) == status


def test_an_endless_trailer() -> None:
    assert refusal(b"0\r\nA: " + b"b" * 200, Limits(max_field_size=100)) == 431


@pytest.mark.parametrize(
    ("position", "status"), [(0, 400), (9, 400), (10, 431), (11, 431), (19, 431)]
)
def test_a_trailer_that_is_both_too_long_and_bad(position: int, status: int) -> None:
    """What is wrong first decides, whole and in bytes. Found by the fuzzer."""
    line = bytearray(b"A" * 20)
    line[position] = 0x7F
    assert refusal(b"0\r\n" + line + b"\r\n", Limits(max_field_size=10)) == status


@pytest.mark.parametrize(("limit", "status"), [(9, None), (8, None), (7, 431)])
def test_max_header_size(limit: int, status: int | None) -> None:
    assert refusal(b"0\r\nA: b\r\nC: d\r\n\r\n", Limits(max_header_size=limit)) == status


@pytest.mark.parametrize(("limit", "status"), [(3, None), (2, None), (1, 431)])
def test_max_header_count_counts_those_that_are_left_out(limit: int, status: int | None) -> None:
    assert refusal(b"0\r\nA: b\r\nHost: d\r\n\r\n", Limits(max_header_count=limit)) == status


def test_one_byte_at_a_time_is_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte of a line is looked at once, however the line is cut."""
    looked_at = 0

    class Counting:
        def search(self, data: bytes) -> None:
            nonlocal looked_at
            looked_at += len(data)

    monkeypatch.setattr(_chunked, "BAD_LINE_BYTE", Counting())
    decode(in_bytes(b"0\r\nA: " + b"b" * 20_000))
    assert looked_at < 50_000
