"""The example services of the manual, and the programs that talk to them."""

import signal
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from .programs import CERTIFICATES
from .programs import PATIENCE
from .programs import Process
from .programs import program


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), PATIENCE)


# The line echo


def test_line_echo() -> None:
    with Process.example("line_echo") as server:
        port = server.port()
        with connect(port) as one, connect(port) as other:
            for line in (b"hello\n", b"\n", b"x" * 60000 + b"\n"):
                for client in (one, other):
                    client.sendall(line)
                    assert client.makefile("rb").readline() == line
            one.sendall(b"y" * 70000)  # an endless line
            try:
                assert one.recv(65536) == b""
            except ConnectionResetError:
                pass  # closed with bytes unread
            other.sendall(b"still here\n")
            assert other.makefile("rb").readline() == b"still here\n"
        assert server.stop() == 0
        assert server.lines[1:] == []


# The Redis-like server


def redis(port: int, *words: str) -> str:
    return subprocess.run(
        [program("redis-cli"), "-p", str(port), *words],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    ).stdout.strip()


def test_redis_cli() -> None:
    with Process.example("redis_like") as server:
        port = server.port()
        assert redis(port, "ping") == "PONG"
        assert redis(port, "echo", "two words") == "two words"
        assert redis(port, "set", "greeting", "hello") == "OK"
        assert redis(port, "get", "greeting") == "hello"
        assert redis(port, "get", "nothing") == ""
        assert redis(port, "incr", "n") == "1"
        assert redis(port, "incr", "n") == "2"
        assert redis(port, "incr", "greeting").startswith("ERR value is not an integer")
        assert redis(port, "exists", "n", "greeting", "nothing") == "2"
        assert redis(port, "del", "n", "nothing") == "1"
        assert redis(port, "dbsize") == "1"
        assert redis(port, "set", "greeting").startswith("ERR wrong number")
        assert redis(port, "flushall").startswith("ERR unknown command")
        assert server.stop() == 0


@pytest.mark.parametrize("pipeline", ["1", "16"])
def test_redis_benchmark(pipeline: str) -> None:
    tests = ["ping_inline", "ping_mbulk", "set", "get", "incr"]
    with Process.example("redis_like") as server:
        done = subprocess.run(
            [
                program("redis-benchmark"),
                *("-p", str(server.port()), "-n", "2000", "-c", "20", "-P", pipeline),
                *("--csv", "-t", ",".join(tests)),
            ],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
        assert "Error" not in done.stdout + done.stderr
        assert len(done.stdout.splitlines()) >= len(tests)
        assert server.stop() == 0


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        (b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n"),
        (b"ping\r\nping\r\n\r\nping hi\r\n", b"+PONG\r\n+PONG\r\n$2\r\nhi\r\n"),
        (b"*2\r\n$4\r\nECHO\r\n$6\r\na\r\n\0b\xff\r\n", b"$6\r\na\r\n\0b\xff\r\n"),
        (b"*0\r\nping\r\n", b"+PONG\r\n"),
    ],
)
def test_resp_byte_by_byte(sent: bytes, received: bytes) -> None:
    with Process.example("redis_like") as server:
        port = server.port()
        for size in (1, len(sent)):
            with connect(port) as client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for start in range(0, len(sent), size):
                    client.sendall(sent[start : start + size])
                client.shutdown(socket.SHUT_WR)
                assert client.makefile("rb").read() == received


@pytest.mark.parametrize(
    "sent",
    [b"*x\r\n", b"*1\r\n+4\r\n", b"*-1\r\n", b"*99999999\r\n", b"*1\r\n$4\r\nPINGxx", b"x" * 2000],
)
def test_what_is_not_resp(sent: bytes) -> None:
    with Process.example("redis_like") as server:
        with connect(server.port()) as client:
            client.sendall(sent)
            assert client.makefile("rb").read().startswith(b"-ERR Protocol error")
        assert server.stop() == 0


# The chat


class Person:
    """Somebody in the chat, who checks the server's certificate."""

    def __init__(self, port: int, host: str = "localhost") -> None:
        context = ssl.create_default_context(cafile=str(CERTIFICATES / "ca.pem"))
        self.socket = context.wrap_socket(connect(port), server_hostname=host)
        self._reader = self.socket.makefile("rb")

    def say(self, line: str) -> None:
        self.socket.sendall(f"{line}\n".encode())

    def hears(self) -> str:
        return self._reader.readline().decode().rstrip("\n")

    def leave(self) -> None:
        self._reader.close()
        self.socket.close()


def certificate(folder: Path, name: str) -> tuple[str, str]:
    for kind in ("pem", "key"):
        (folder / kind).write_bytes((CERTIFICATES / f"{name}.{kind}").read_bytes())
    return str(folder / "pem"), str(folder / "key")


def test_chat(tmp_path: Path) -> None:
    with Process.example("tls_chat", *certificate(tmp_path, "localhost")) as server:
        port = server.port()
        ann, bob = Person(port), Person(port)
        assert ann.hears() == "Who are you?"
        ann.say("Ann")
        assert bob.hears() == "Who are you?"
        bob.say("Ann")
        assert bob.hears() == "Who else?"
        bob.say("Bob")
        assert ann.hears() == "* Bob is here"
        bob.say("hello \x1b[2J there")
        assert ann.hears() == "Bob: hello ?[2J there"
        ann.say("hi")
        assert bob.hears() == "Ann: hi"

        certificate(tmp_path, "other.test")
        server.send(signal.SIGHUP)
        server.line("reloaded")
        cem = Person(port, "other.test")
        assert cem.hears() == "Who are you?"
        cem.say("Cem")
        assert ann.hears() == bob.hears() == "* Cem is here"

        (tmp_path / "key").write_text("broken")
        server.send(signal.SIGHUP)
        server.line("the old certificate stays")

        bob.leave()
        assert ann.hears() == cem.hears() == "* Bob has left"
        for person in (ann, cem):
            person.leave()
        assert server.stop() == 0


def test_chat_with_somebody_who_does_not_speak_tls(tmp_path: Path) -> None:
    with Process.example("tls_chat", *certificate(tmp_path, "localhost")) as server:
        port = server.port()
        with connect(port) as client:
            client.sendall(b"hello\n")
            server.line("TLS handshake with 127.0.0.1:")
        ann = Person(port)
        assert ann.hears() == "Who are you?"
        ann.leave()
        assert server.stop() == 0
