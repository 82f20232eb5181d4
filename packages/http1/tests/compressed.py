"""Compressed bodies for the tests of content codings."""

import gzip
import zlib
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest


def bare_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


def _library(*names: str) -> Any:
    """The first of these modules that is installed, None if none is."""
    for name in names:
        if find_spec(name.partition(".")[0]) is not None:
            try:
                return import_module(name)
            except ImportError:
                continue
    return None


brotli = _library("brotli")
zstd = _library("compression.zstd", "backports.zstd")

needs_brotli = pytest.mark.skipif(brotli is None, reason="brotli is not installed")
needs_zstd = pytest.mark.skipif(zstd is None, reason="no zstd library is installed")

Compress = Callable[[bytes], bytes]

#: A coding's name, and a function that applies it.
CODINGS = [
    pytest.param("gzip", gzip.compress, id="gzip"),
    pytest.param("x-gzip", gzip.compress, id="x-gzip"),
    pytest.param("deflate", zlib.compress, id="deflate"),
    pytest.param("deflate", bare_deflate, id="bare deflate"),
    pytest.param("br", lambda data: brotli.compress(data, quality=5), id="br", marks=needs_brotli),
    pytest.param("zstd", lambda data: zstd.compress(data), id="zstd", marks=needs_zstd),
]
