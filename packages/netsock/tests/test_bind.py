import errno
import os
import socket

import pytest

from netsock import bind_sockets


def close(sockets: list[socket.socket]) -> None:
    for sock in sockets:
        sock.close()


def test_all_interfaces_share_one_free_port() -> None:
    sockets = bind_sockets(0)
    assert {sock.family for sock in sockets} == {socket.AF_INET, socket.AF_INET6}
    assert len({sock.getsockname()[1] for sock in sockets}) == 1
    assert {sock.getsockname()[0] for sock in sockets} == {"0.0.0.0", "::"}
    close(sockets)


@pytest.mark.parametrize("address", ["", None])
def test_no_address_means_all(address: str | None) -> None:
    sockets = bind_sockets(0, address, family=socket.AF_INET)
    assert [sock.getsockname()[0] for sock in sockets] == ["0.0.0.0"]
    close(sockets)


def test_sockets_listen_and_are_not_blocking_nor_inherited() -> None:
    for sock in bind_sockets(0):
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        assert not sock.getblocking()
        assert not sock.get_inheritable()
        if sock.family == socket.AF_INET6:
            assert sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
        sock.close()


def test_one_address() -> None:
    (sock,) = bind_sockets(0, "127.0.0.1")
    assert sock.getsockname()[0] == "127.0.0.1"
    with socket.create_connection(sock.getsockname()):
        pass
    sock.close()


def test_given_port() -> None:
    (first,) = bind_sockets(0, "127.0.0.1")
    port = first.getsockname()[1]
    first.close()
    (again,) = bind_sockets(port, "127.0.0.1")
    assert again.getsockname()[1] == port
    again.close()


def resolver(*addresses: tuple[int, tuple[object, ...]]) -> object:
    def getaddrinfo(host: object, port: object, family: int, *rest: object) -> object:
        return [(found, socket.SOCK_STREAM, 6, "", sockaddr) for found, sockaddr in addresses]

    return getaddrinfo


def test_a_name_with_several_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        resolver(
            (socket.AF_INET6, ("::1", 0, 0, 0)),
            (socket.AF_INET, ("127.0.0.1", 0)),
            (socket.AF_INET, ("127.0.0.2", 0)),
            (socket.AF_INET, ("127.0.0.1", 0)),
        ),
    )
    sockets = bind_sockets(0, "server.example")
    assert [sock.getsockname()[0] for sock in sockets] == ["127.0.0.1", "127.0.0.2", "::1"]
    assert len({sock.getsockname()[1] for sock in sockets}) == 1
    close(sockets)


def test_family_and_flags_reach_the_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    ask = socket.getaddrinfo

    def getaddrinfo(*arguments: object) -> object:
        asked.append(arguments)
        return ask(*arguments)  # type: ignore[arg-type]  # passed on as they are

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    close(bind_sockets(0, "127.0.0.1", family=socket.AF_INET))
    close(bind_sockets(0, "127.0.0.1", flags=socket.AI_NUMERICHOST))
    assert asked == [
        ("127.0.0.1", 0, socket.AF_INET, socket.SOCK_STREAM, 0, socket.AI_PASSIVE),
        ("127.0.0.1", 0, socket.AF_UNSPEC, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST),
    ]


def test_the_port_that_one_family_got_is_taken_in_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken: list[int] = []

    class Unlucky(socket.socket):
        """The first IPv6 bind finds the port taken."""

        def bind(self, address: tuple[object, ...]) -> None:  # type: ignore[override]  # narrower
            if self.family == socket.AF_INET6 and not taken:
                taken.append(1)
                raise OSError(errno.EADDRINUSE, "in use")
            super().bind(address)

    monkeypatch.setattr(socket, "socket", Unlucky)
    sockets = bind_sockets(0)
    assert len(sockets) == 2
    assert taken
    close(sockets)


def test_port_in_use_names_the_address() -> None:
    (sock,) = bind_sockets(0, "127.0.0.1")
    port = sock.getsockname()[1]
    with pytest.raises(OSError, match=rf"127\.0\.0\.1:{port}: Address already in use") as caught:
        bind_sockets(port, "127.0.0.1")
    assert caught.value.errno == errno.EADDRINUSE
    sock.close()


def test_port_in_use_on_one_address_leaves_nothing_open() -> None:
    (sock,) = bind_sockets(0, "::1")
    port = sock.getsockname()[1]
    before = os.listdir("/proc/self/fd")
    with pytest.raises(OSError, match=rf"\[::\]:{port}"):
        bind_sockets(port)
    assert os.listdir("/proc/self/fd") == before
    sock.close()


def test_address_of_another_machine() -> None:
    with pytest.raises(OSError, match=r"192\.0\.2\.1:0: Cannot assign") as caught:
        bind_sockets(0, "192.0.2.1")
    assert caught.value.errno == errno.EADDRNOTAVAIL


def test_name_that_does_not_resolve() -> None:
    with pytest.raises(socket.gaierror, match=r"'no-such-host\.invalid'"):
        bind_sockets(0, "no-such-host.invalid")


class Refusing(socket.socket):
    refuses = socket.AF_INET6
    number = errno.EAFNOSUPPORT

    def bind(self, address: object) -> None:
        if self.family == self.refuses:
            raise OSError(self.number, os.strerror(self.number))
        super().bind(address)  # type: ignore[arg-type]  # passed on


@pytest.mark.parametrize("number", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL])
def test_without_ipv6_on_the_machine(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Refusing, "number", number)
    monkeypatch.setattr(socket, "socket", Refusing)
    (sock,) = bind_sockets(0)
    assert sock.family == socket.AF_INET
    sock.close()


def test_without_any_family(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", Refusing)
    with pytest.raises(OSError, match=r"cannot listen on \[::1\]:0"):
        bind_sockets(0, "::1")


def test_python_without_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "has_ipv6", False)
    (sock,) = bind_sockets(0)
    assert sock.family == socket.AF_INET
    sock.close()


def test_privileged_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Refusing, "refuses", socket.AF_INET)
    monkeypatch.setattr(Refusing, "number", errno.EACCES)
    monkeypatch.setattr(socket, "socket", Refusing)
    with pytest.raises(PermissionError, match=r"cannot listen on 127\.0\.0\.1:80: Permission"):
        bind_sockets(80, "127.0.0.1")


def link_local() -> str | None:
    with open("/proc/net/if_inet6", encoding="ascii") as interfaces:
        for line in interfaces:
            digits, _, _, scope, _, name = line.split()
            if scope == "20":
                groups = [digits[i : i + 4] for i in range(0, 32, 4)]
                return f"{':'.join(groups)}%{name}"
    return None


@pytest.mark.skipif(link_local() is None, reason="no interface has a link-local address")
def test_link_local_address_with_its_scope() -> None:
    address = link_local()
    (sock,) = bind_sockets(0, address)
    scope = sock.getsockname()[3]
    assert scope == socket.if_nametoindex(str(address).partition("%")[2])
    sock.close()


def test_reuse_port() -> None:
    (first,) = bind_sockets(0, "127.0.0.1", reuse_port=True)
    port = first.getsockname()[1]
    (second,) = bind_sockets(port, "127.0.0.1", reuse_port=True)
    assert second.getsockname() == first.getsockname()
    close([first, second])


def test_reuse_port_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "SO_REUSEPORT")
    with pytest.raises(ValueError, match="SO_REUSEPORT"):
        bind_sockets(0, reuse_port=True)
