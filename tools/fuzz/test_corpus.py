"""What the fuzzer has learned is tried again with every run of the tests, without the fuzzer."""

from pathlib import Path

import pytest

from .targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"


@pytest.mark.parametrize("target", TARGETS)
def test_corpus(target: str) -> None:
    inputs = list((CORPUS / target).iterdir())
    assert inputs
    for path in inputs:
        TARGETS[target](path.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("data", [b"", b"\x00", b"\x01\r\n\r\n", bytes(range(256))])
def test_anything(target: str, data: bytes) -> None:
    TARGETS[target](data)
