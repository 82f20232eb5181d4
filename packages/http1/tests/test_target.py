import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from http1 import HTTPInputError
from http1._target import Hosts
from http1._target import check_authority
from http1._target import parse_target


@pytest.mark.parametrize(
    ("method", "target", "path", "authority"),
    [
        ("GET", "/", "/", ""),
        ("GET", "/a/b;c?d=e&f", "/a/b;c?d=e&f", ""),
        ("GET", "http://a:80/b?c", "/b?c", "a:80"),
        ("GET", "http://a", "/", "a"),
        ("GET", "http://a?b", "/?b", "a"),
        ("GET", "HTTPS://[::1]", "/", "[::1]"),
        ("OPTIONS", "*", "*", ""),
        ("OPTIONS", "http://a", "*", "a"),
        ("OPTIONS", "http://a/", "/", "a"),
        ("OPTIONS", "http://a?b", "/?b", "a"),
        ("CONNECT", "a:1", "a:1", "a:1"),
    ],
)
def test_forms(method: str, target: str, path: str, authority: str) -> None:
    assert parse_target(method, target) == (path, authority)


@given(st.ip_addresses(v=6))
def test_every_ipv6_address_is_a_host(address: ipaddress.IPv6Address) -> None:
    check_authority(f"[{address.compressed}]")
    check_authority(f"[{address.exploded}]:1")


@given(st.text(alphabet="[]:.%0123456789abcdefgABC-_@/ \x00ä", max_size=12))
def test_a_host_is_taken_or_refused_with_400(host: str) -> None:
    status = 0
    try:
        Hosts().check(host.encode("latin-1"))
    except HTTPInputError as error:
        status = error.status_code
    if status == 0:
        assert host.isascii()
        assert not set(host.strip(" ")) & set("@/ \x00")
    else:
        assert status == 400


def test_the_hosts_that_are_remembered_are_bounded() -> None:
    hosts = Hosts()
    for number in range(2000):
        hosts.check(b"host%d" % number)
    assert len(hosts.known) == 512
    hosts.check(b"a" * 300)
    assert len(hosts.known) == 512


def test_a_host_that_is_refused_is_not_remembered() -> None:
    hosts = Hosts()
    hosts.check(b" a")
    for _ in range(2):
        with pytest.raises(HTTPInputError):
            hosts.check(b"a b")
    assert hosts.latest == b" a"
    assert hosts.known == {b" a"}
