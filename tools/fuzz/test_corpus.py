"""What the fuzzer has learned is tried again with every run of the tests, without the fuzzer."""

import pytest

from . import corpus
from .targets import TARGETS


@pytest.mark.parametrize("target", TARGETS)
def test_corpus(target: str) -> None:
    inputs = corpus.load(target)
    assert len(inputs) > 50
    for data in inputs:
        TARGETS[target](data)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("data", [b"", b"\x00", b"\x01\r\n\r\n", bytes(range(256))])
def test_anything(target: str, data: bytes) -> None:
    TARGETS[target](data)


def test_what_is_kept(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "LEARNED", tmp_path)
    before = corpus.load("requests")
    corpus.keep("requests", [b"\x00b", b"\x00a"])
    corpus.keep("requests", [b"\x00a", b"\xff\n"])
    assert sorted(corpus.load("requests")) == sorted([*before, b"\x00a", b"\x00b", b"\xff\n"])
