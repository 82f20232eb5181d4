import contextlib
import gzip
import random
import sys
import types
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from http1 import HTTPInputError
from http1._codings import ContentDecoder
from http1._codings import decoder_of

from . import compressed
from .compressed import CODINGS
from .compressed import Compress
from .compressed import bare_deflate
from .compressed import needs_brotli
from .compressed import needs_zstd


def new_decoder(coding: str) -> ContentDecoder:
    new = decoder_of(coding)
    assert new is not None
    return new()


def decode(decoder: ContentDecoder, data: bytes, step: int = 1 << 20, size: int = 65536) -> bytes:
    """Everything that `data` decodes to, given in pieces of `step` bytes."""
    decoded = []
    for start in range(0, len(data), step):
        assert decoder.hungry
        piece = data[start : start + step]
        while True:
            decoded.append(decoder.decode(piece, size))
            assert len(decoded[-1]) <= size
            piece = b""
            if decoder.hungry:
                break
    return b"".join(decoded)


_random = random.Random(9112)
NOISE = _random.randbytes(100_000)
TEXT = b"A line like any other, but for its number: %d.\n"
TEXTS = {
    "nothing": b"",
    "a byte": b"x",
    "text": b"".join([TEXT % number for number in range(3000)]),
    "noise": NOISE,
    "zeros": bytes(1_000_000),
}


@pytest.mark.parametrize(("coding", "compress"), CODINGS)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize(
    ("step", "size"), [(1 << 20, 65536), (1 << 20, 999), (1000, 65536), (7, 5000)]
)
def test_round_trip(coding: str, compress: Compress, text: bytes, step: int, size: int) -> None:
    decoder = new_decoder(coding)
    assert not decoder.complete
    assert decode(decoder, compress(text), step, size) == text
    assert decoder.complete


@pytest.mark.parametrize(("coding", "compress"), CODINGS)
@given(text=st.binary(max_size=2000), data=st.data())
def test_any_split(coding: str, compress: Compress, text: bytes, data: st.DataObject) -> None:
    decoder = new_decoder(coding)
    encoded = compress(text)
    step = data.draw(st.integers(1, len(encoded)))
    size = data.draw(st.integers(1, 3000))
    assert decode(decoder, encoded, step, size) == text
    assert decoder.complete


@pytest.mark.parametrize(("coding", "compress"), CODINGS)
@given(noise=st.binary(max_size=300), keep=st.integers(0, 100))
def test_anything_is_decoded_or_refused(
    coding: str, compress: Compress, noise: bytes, keep: int
) -> None:
    decoder = new_decoder(coding)
    with contextlib.suppress(HTTPInputError):
        decode(decoder, compress(b"0123456789" * 10)[:keep] + noise)


@pytest.mark.parametrize(("coding", "compress"), CODINGS)
def test_cut_short(coding: str, compress: Compress) -> None:
    encoded = compress(TEXTS["text"][:1000])
    for length in range(len(encoded)):
        decoder = new_decoder(coding)
        decode(decoder, encoded[:length])
        assert not decoder.complete


@pytest.mark.parametrize(("coding", "compress"), CODINGS)
@pytest.mark.parametrize("step", [1, 1000])
def test_junk_behind(coding: str, compress: Compress, step: int) -> None:
    decoder = new_decoder(coding)
    with pytest.raises(HTTPInputError):
        decode(decoder, compress(b"hello") + b"junk, and enough of it", step)


@pytest.mark.parametrize(
    ("coding", "encoded"),
    [
        ("gzip", b"this is no gzip"),
        ("gzip", gzip.compress(b"hello")[:-8] + bytes(8)),
        ("gzip", zlib.compress(b"hello")),
        ("deflate", b"\xff" * 10),
        ("deflate", zlib.compress(b"hello")[:-4] + bytes(4)),
        # A preset dictionary, which nobody has agreed on.
        ("deflate", b"\x78\xbb" + bytes(20)),
        pytest.param("br", b"\xff" * 10, marks=needs_brotli),
        pytest.param("zstd", b"this is no zstd", marks=needs_zstd),
    ],
)
def test_malformed(coding: str, encoded: bytes) -> None:
    with pytest.raises(HTTPInputError) as caught:
        decode(new_decoder(coding), encoded)
    assert caught.value.status_code == 400


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_gzip_members(step: int) -> None:
    members = [b"one", b"", b"two" * 1000, b"", b"three"]
    encoded = b"".join([gzip.compress(member) for member in members])
    decoder = new_decoder("gzip")
    assert decode(decoder, encoded, step, 100) == b"".join(members)
    assert decoder.complete


@needs_zstd
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_zstd_frames(step: int) -> None:
    skippable = b"\x50\x2a\x4d\x18" + b"\x03\x00\x00\x00" + b"abc"
    compress = compressed.zstd.compress
    encoded = skippable + compress(b"one") + skippable + compress(b"two" * 1000) + compress(b"")
    decoder = new_decoder("zstd")
    assert decode(decoder, encoded, step, 100) == b"one" + b"two" * 1000
    assert decoder.complete


@needs_zstd
def test_zstd_window_is_limited() -> None:
    zstd = compressed.zstd
    for window_log, taken in ((23, True), (24, False)):
        options = {zstd.CompressionParameter.window_log: window_log}
        compressor = zstd.ZstdCompressor(options=options)
        encoded = compressor.compress(b"hello") + compressor.flush()
        if taken:
            assert decode(new_decoder("zstd"), encoded) == b"hello"
        else:
            with pytest.raises(HTTPInputError):
                decode(new_decoder("zstd"), encoded)


def test_bare_deflate_is_told_from_zlib() -> None:
    for level in range(10):
        for length in range(0, 400, 7):
            compressor = zlib.compressobj(level, wbits=-zlib.MAX_WBITS)
            bare = compressor.compress(NOISE[:length]) + compressor.flush()
            for encoded in (bare, zlib.compress(NOISE[:length], level)):
                assert decode(new_decoder("deflate"), encoded) == NOISE[:length]
    assert decode(new_decoder("deflate"), bare_deflate(b"x"), 1) == b"x"


@pytest.mark.parametrize(("coding", "compress"), CODINGS)
def test_no_more_is_made_than_is_asked_for(coding: str, compress: Compress) -> None:
    decoder = new_decoder(coding)
    assert decoder.decode(compress(bytes(10_000_000)), 1) == b"\0"
    assert not decoder.hungry
    assert not decoder.complete


@pytest.fixture
def _fresh() -> Iterator[None]:
    """What is known about the libraries that are installed is forgotten before and after."""
    decoder_of.cache_clear()
    yield
    decoder_of.cache_clear()


@pytest.mark.usefixtures("_fresh")
def test_libraries_are_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("brotli", "compression.zstd", "backports.zstd"):
        monkeypatch.setitem(sys.modules, name, None)
    assert decoder_of("br") is None
    assert decoder_of("zstd") is None


@pytest.mark.usefixtures("_fresh")
def test_old_brotli_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    class Decompressor:
        def process(self, data: bytes) -> bytes:
            return data

    old = types.ModuleType("brotli")
    old.__dict__.update(Decompressor=Decompressor, error=ValueError)
    monkeypatch.setitem(sys.modules, "brotli", old)
    assert decoder_of("br") is None


@pytest.mark.parametrize("coding", ["", "identity", "compress", "GZIP", "gzip ", "snappy"])
def test_unknown_coding(coding: str) -> None:
    assert decoder_of(coding) is None
