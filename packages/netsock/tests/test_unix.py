import errno
import os
import socket
import stat
from pathlib import Path

import pytest

from netsock import bind_unix_socket


def test_listens_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with bind_unix_socket(path) as sock, socket.socket(socket.AF_UNIX) as client:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert not sock.getblocking()
        client.connect(str(path))


def test_mode(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with bind_unix_socket(str(path), mode=0o666):
        assert stat.S_IMODE(path.stat().st_mode) == 0o666


def test_stale_socket_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    bind_unix_socket(path).close()
    assert path.exists()
    bind_unix_socket(path).close()


def test_live_socket_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with bind_unix_socket(path) as sock:
        with pytest.raises(OSError, match="a server listens there") as caught:
            bind_unix_socket(path)
        assert caught.value.errno == errno.EADDRINUSE
        sock.accept()[0].close()  # the probe; the socket is as it was
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))


def test_live_socket_with_a_full_queue_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    clients = [socket.socket(socket.AF_UNIX) for _ in range(8)]
    with bind_unix_socket(path, backlog=1):
        for client in clients:
            client.setblocking(False)
            client.connect_ex(str(path))
        with pytest.raises(OSError, match="a server listens there"):
            bind_unix_socket(path)
    for client in clients:
        client.close()


def make_file(path: Path) -> None:
    path.write_text("precious")


def make_directory(path: Path) -> None:
    path.mkdir()


def make_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


def make_link_to_a_stale_socket(path: Path) -> None:
    bind_unix_socket(path.with_name("other")).close()
    path.symlink_to("other")


@pytest.mark.parametrize(
    "make", [make_file, make_directory, make_dangling_link, make_link_to_a_stale_socket]
)
def test_anything_else_is_refused_and_stays(make: object, tmp_path: Path) -> None:
    path = tmp_path / "thing"
    make(path)  # type: ignore[operator]  # one of the four
    with pytest.raises(FileExistsError, match=r"thing.*not a socket"):
        bind_unix_socket(path)
    assert os.path.lexists(path)


@pytest.mark.parametrize("path", ["/no/such/directory/socket", "/tmp/" + "x" * 200])
def test_the_message_names_the_path(path: str) -> None:
    with pytest.raises(OSError, match="cannot listen on '/"):
        bind_unix_socket(path)


def test_abstract_name() -> None:
    name = f"\0netsock-test-{os.getpid()}"
    with bind_unix_socket(name), socket.socket(socket.AF_UNIX) as client:
        client.connect(name)
    with bind_unix_socket(name):  # nothing is left behind
        pass


def test_abstract_name_in_use() -> None:
    name = f"\0netsock-test-{os.getpid()}"
    with bind_unix_socket(name), pytest.raises(OSError, match="netsock-test") as caught:
        bind_unix_socket(name)
    assert caught.value.errno == errno.EADDRINUSE


def test_platform_without_unix_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_UNIX")
    with pytest.raises(NotImplementedError, match="no Unix sockets"):
        bind_unix_socket("/tmp/socket")
