"""Everything in `vectors.py`, at the parser."""

import pytest

from .recorder import in_bytes
from .recorder import parse
from .vectors import REQUESTS
from .vectors import Vector

# What is longer than this is cut at some positions only: near its ends, and here and there.
SHORT = 1500


def name(vector: Vector) -> str:
    return vector.name


def check(vector: Vector, pieces: list[bytes]) -> None:
    recorder, error = parse(pieces)
    if vector.cut_short:
        assert error is None
        recorder, error = parse(pieces, end=True)
    assert recorder.requests == list(vector.requests)
    assert (None if error is None else error.status_code) == vector.status
    if error is not None:
        assert str(error).isprintable()
        assert str(error).isascii()
        assert len(str(error)) < 200


def positions(data: bytes) -> list[int]:
    size = len(data)
    if size <= SHORT:
        return list(range(1, size))
    return [*range(1, 40), *range(40, size, 997), *range(size - 40, size)]


@pytest.mark.parametrize("vector", REQUESTS, ids=name)
def test_whole(vector: Vector) -> None:
    check(vector, [vector.data])


@pytest.mark.parametrize("vector", REQUESTS, ids=name)
def test_byte_by_byte(vector: Vector) -> None:
    check(vector, in_bytes(vector.data))


@pytest.mark.parametrize("vector", REQUESTS, ids=name)
def test_cut_everywhere(vector: Vector) -> None:
    for position in positions(vector.data):
        check(vector, [vector.data[:position], vector.data[position:]])


@pytest.mark.parametrize("vector", [each for each in REQUESTS if each.status is None], ids=name)
def test_the_end_of_the_input_behind_what_is_good(vector: Vector) -> None:
    recorder, error = parse([vector.data], end=True)
    assert error is None
    assert recorder.requests == list(vector.requests)


def test_names_are_unique() -> None:
    names = [vector.name for vector in REQUESTS]
    assert sorted(set(names)) == sorted(names)
