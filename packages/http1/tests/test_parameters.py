from math import inf
from math import nan
from typing import Any

import pytest

from http1 import HTTP1ConnectionParameters
from http1 import Limits


def test_defaults_are_safe_on_the_open_internet() -> None:
    params = HTTP1ConnectionParameters()
    assert params.header_timeout == 30
    assert params.idle_timeout == 75
    assert params.body_idle_timeout == 30
    assert params.min_body_rate == 240
    assert params.write_timeout == 60
    assert params.max_body_size == 100 * 1024 * 1024
    assert params.body_timeout == inf
    assert params.limits == Limits()
    assert not params.no_keep_alive
    assert not params.decompress
    assert params.chunk_size is None


def test_the_positions_of_tornado() -> None:
    params = HTTP1ConnectionParameters(True, 1, 2, 3, 4, 5, True)
    assert params.no_keep_alive
    assert params.chunk_size == 1
    assert params.limits.max_header_size == 2
    assert params.header_timeout == 3
    assert params.limits.max_body_size == params.max_body_size == 4
    assert params.body_timeout == 5
    assert params.decompress


def test_limits_of_the_parsers() -> None:
    params = HTTP1ConnectionParameters(
        max_header_size=1, max_start_line_size=2, max_header_count=3, max_field_size=4
    )
    limits = params.limits
    assert limits.max_header_size == 1
    assert limits.max_start_line_size == 2
    assert limits.max_header_count == 3
    assert limits.max_field_size == 4


def test_what_is_decompressed_is_limited_as_what_is_not() -> None:
    # The limit of the body, which may be another one for each message.
    assert HTTP1ConnectionParameters(max_body_size=5).max_decompressed_size is None
    assert HTTP1ConnectionParameters(max_decompressed_size=6).max_decompressed_size == 6


@pytest.mark.parametrize(
    "arguments",
    [
        {"header_timeout": 0},
        {"header_timeout": -1},
        {"header_timeout": nan},
        {"idle_timeout": 0},
        {"body_timeout": -1},
        {"body_idle_timeout": 0},
        {"write_timeout": 0},
        {"linger_timeout": 0},
        {"min_body_rate": -1},
        {"min_body_rate": inf},
        {"min_body_rate": nan},
        {"chunk_size": 0},
        {"max_header_size": 0},
        {"max_body_size": -1},
        {"max_discard_size": -1},
        {"max_start_line_size": 0},
        {"max_header_count": 0},
        {"max_field_size": 0},
        {"max_decompressed_size": 0},
        {"max_decompression_ratio": 0.5},
        {"max_decompression_ratio": nan},
    ],
    ids=lambda arguments: " ".join(f"{name}={value}" for name, value in arguments.items()),
)
def test_what_makes_no_sense(arguments: dict[str, float]) -> None:
    (name,) = arguments
    with pytest.raises(ValueError, match=name):
        HTTP1ConnectionParameters(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "arguments",
    [
        {"no_keep_alive": "no"},
        {"no_keep_alive": 0},
        {"decompress": "yes"},
        {"header_timeout": "30"},
        {"idle_timeout": b"75"},
        {"body_timeout": []},
        {"chunk_size": "1"},
        {"max_header_size": 1.5},
        {"max_body_size": "1 MB"},
        {"max_header_count": inf},
    ],
    ids=lambda arguments: " ".join(f"{name}={value!r}" for name, value in arguments.items()),
)
def test_what_is_of_the_wrong_type(arguments: dict[str, Any]) -> None:
    (name,) = arguments
    # Compiled, the second: mypyc looks at types before anything else.
    with pytest.raises(TypeError, match=rf"{name} is|object.* expected; got"):
        HTTP1ConnectionParameters(**arguments)


@pytest.mark.parametrize(
    ("arguments", "tick"),
    [({}, 1.0), ({"idle_timeout": 2.0}, 0.5), ({"idle_timeout": 0.001}, 0.01)],
)
def test_tick(arguments: dict[str, float], tick: float) -> None:
    assert HTTP1ConnectionParameters(**arguments).tick == tick  # type: ignore[arg-type]
