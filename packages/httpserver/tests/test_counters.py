"""`HTTPCounters`: every limit that can end a connection has a number."""

import inspect

import pytest

from http1 import HTTP1ConnectionParameters
from httpserver import HTTPCounters
from tcpserver import Counters


@pytest.mark.parametrize(
    ("limit", "counter"),
    [
        ("idle_timeout", "idle_timeouts"),
        ("header_timeout", "header_timeouts"),
        ("body_timeout", "body_timeouts"),
        ("body_idle_timeout", "body_timeouts"),
        ("min_body_rate", "body_timeouts"),
        ("write_timeout", "write_timeouts"),
    ],
)
def test_each_limit_has_its_counter(limit: str, counter: str) -> None:
    assert limit in inspect.signature(HTTP1ConnectionParameters).parameters
    counters = HTTPCounters()
    counters.count_timeout(limit)
    counters.count_timeout(limit)
    counted = {name: getattr(counters, name) for name in HTTPCounters.__slots__}
    assert counted == {name: 2 if name == counter else 0 for name in HTTPCounters.__slots__}


def test_they_are_printed_behind_those_of_the_connections() -> None:
    assert isinstance(HTTPCounters(), Counters)
    text = repr(HTTPCounters())
    assert text.startswith("<HTTPCounters accepted=0 ")
    assert " body_timeouts=0 header_timeouts=0 idle_timeouts=0 write_timeouts=0>" in text
