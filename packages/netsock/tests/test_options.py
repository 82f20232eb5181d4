import socket
from collections.abc import Iterator

import pytest

from netsock import SocketOptions
from netsock import bind_sockets


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    (sock,) = bind_sockets(0, "127.0.0.1")
    yield sock
    sock.close()


@pytest.mark.parametrize(
    ("options", "level", "option", "value"),
    [
        (SocketOptions(keepalive=True), socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (SocketOptions(keepalive_idle=11), socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 11),
        (SocketOptions(keepalive_interval=12), socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 12),
        (SocketOptions(keepalive_count=3), socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
        (SocketOptions(nodelay=True), socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
        (SocketOptions(user_timeout=1.5), socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1500),
        (SocketOptions(receive_buffer=10000), socket.SOL_SOCKET, socket.SO_RCVBUF, 20000),
        (SocketOptions(send_buffer=10000), socket.SOL_SOCKET, socket.SO_SNDBUF, 20000),
    ],
)
def test_holds_for_accepted_connections(
    options: SocketOptions, level: int, option: int, value: int, listener: socket.socket
) -> None:
    options.apply(listener)
    with socket.create_connection(listener.getsockname()):
        connection, _ = listener.accept()
        assert connection.getsockopt(level, option) == value
        connection.close()


def test_listening_options(listener: socket.socket) -> None:
    SocketOptions(fastopen=5, defer_accept=1).apply(listener)
    assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN) == 5
    assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT) == 1


def test_none_leaves_alone(listener: socket.socket) -> None:
    before = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    SocketOptions().apply(listener)
    assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == before


def test_unix_sockets_have_no_tcp_options() -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        SocketOptions(nodelay=True, keepalive_idle=1, send_buffer=10000).apply(sock)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 20000


def test_option_that_the_platform_lacks(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(socket, "TCP_USER_TIMEOUT")
    with pytest.raises(NotImplementedError, match="TCP_USER_TIMEOUT"):
        SocketOptions(user_timeout=1).apply(listener)
