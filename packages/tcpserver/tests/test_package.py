"""The package as a whole: its face, of which some names are imported when they are asked for."""

import pytest

import tcpserver


def test_everything_that_is_offered_is_there() -> None:
    assert sorted(tcpserver.__all__) == tcpserver.__all__
    for name in tcpserver.__all__:
        assert getattr(tcpserver, name).__module__.startswith("tcpserver.")


def test_it_is_all_found_by_those_who_look_for_names() -> None:
    assert set(tcpserver.__all__) <= set(dir(tcpserver))
    namespace: dict[str, object] = {}
    exec("from tcpserver import *", namespace)
    assert set(tcpserver.__all__) <= set(namespace)


def test_what_is_not_offered_is_not_there() -> None:
    with pytest.raises(AttributeError, match="'tcpserver' has no attribute 'UDPServer'"):
        tcpserver.UDPServer  # type: ignore[attr-defined]  # that is the point  # noqa: B018
