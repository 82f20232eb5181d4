"""The package as a whole: its face, of which some names are imported when they are asked for."""

import pytest

import http1


def test_everything_that_is_offered_is_there() -> None:
    assert sorted(http1.__all__) == http1.__all__
    for name in http1.__all__:
        assert getattr(http1, name).__module__.startswith("http1.")


def test_it_is_all_found_by_those_who_look_for_names() -> None:
    assert set(http1.__all__) <= set(dir(http1))
    namespace: dict[str, object] = {}
    exec("from http1 import *", namespace)
    assert set(http1.__all__) <= set(namespace)


def test_what_is_not_offered_is_not_there() -> None:
    with pytest.raises(AttributeError, match="'http1' has no attribute 'HTTP2Connection'"):
        http1.HTTP2Connection  # type: ignore[attr-defined]  # that is the point  # noqa: B018
