"""http1 beside h11 and httptools, on all vectors: nobody disagrees for a reason that is not known."""

from collections.abc import Callable
from fnmatch import fnmatchcase

import pytest
from packages.http1.tests.vectors import REQUESTS
from packages.http1.tests.vectors import Vector

from .differences import H11_REFUSES
from .differences import H11_TAKES
from .differences import HTTPTOOLS_REFUSES
from .differences import HTTPTOOLS_TAKES
from .peers import Verdict
from .peers import read_with_h11
from .peers import read_with_httptools

PEERS = pytest.mark.parametrize(
    ("read", "takes", "refuses"),
    [
        pytest.param(read_with_h11, H11_TAKES, H11_REFUSES, id="h11"),
        pytest.param(read_with_httptools, HTTPTOOLS_TAKES, HTTPTOOLS_REFUSES, id="httptools"),
    ],
)


def refused_by_us(vector: Vector) -> bool:
    return vector.status is not None and not vector.cut_short


def unlisted(names: set[str], patterns: dict[str, str]) -> list[str]:
    return sorted(
        name for name in names if not any(fnmatchcase(name, pattern) for pattern in patterns)
    )


def untrue(names: set[str], patterns: dict[str, str]) -> list[str]:
    return [
        pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in names)
    ]


@PEERS
def test_differences_are_known(
    read: Callable[[bytes], Verdict], takes: dict[str, str], refuses: dict[str, str]
) -> None:
    taken: set[str] = set()
    refused: set[str] = set()
    for vector in REQUESTS:
        verdict = read(vector.data)
        if refused_by_us(vector) and not verdict.refused:
            taken.add(vector.name)
        elif verdict.refused and not refused_by_us(vector):
            refused.add(vector.name)
    assert unlisted(taken, takes) == []
    assert unlisted(refused, refuses) == []
    assert untrue(taken, takes) == []
    assert untrue(refused, refuses) == []


@PEERS
def test_what_both_take_both_read_alike(
    read: Callable[[bytes], Verdict], takes: dict[str, str], refuses: dict[str, str]
) -> None:
    for vector in REQUESTS:
        verdict = read(vector.data)
        if verdict.refused or refused_by_us(vector):
            continue
        # Targets in absolute form are kept by the others; we give the path.
        ours = [(method, body) for method, _, body in vector.requests]
        assert [(method, body) for method, _, body in verdict.requests] == ours, vector.name
