import pytest

from http1 import HTTPHeaders
from http1 import HTTPOutputError
from http1._request_head import encode_request_head
from http1._writing import Afterwards
from http1._writing import Writing


def encode(
    method: str, target: str, *fields: tuple[str, str], closing: bool = False
) -> tuple[bytes, int, Writing, Afterwards, bool]:
    return encode_request_head(method, target, HTTPHeaders(fields), closing)


HOST = ("Host", "example.org")


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/"),
        ("GET", "/a/b;c?d=e&f=%20"),
        ("GET", "http://example.org/a?b"),
        ("BREW", "/pot"),
        ("OPTIONS", "*"),
        ("OPTIONS", "/"),
        ("CONNECT", "example.org:443"),
        ("CONNECT", "[2001:db8::1]:443"),
    ],
)
def test_request_line(method: str, target: str) -> None:
    head, length, writing, afterwards, expects = encode(method, target, HOST)
    assert head == f"{method} {target} HTTP/1.1\r\nHost: example.org\r\n\r\n".encode()
    assert (length, writing, afterwards) == (-1, Writing.NO_BODY, Afterwards.KEEP_ALIVE)
    assert not expects


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("", "/"),
        ("GET ", "/"),
        ("G\r\nT", "/"),
        ("GÉT", "/"),
        ("GET", ""),
        ("GET", "a"),
        ("GET", "/a b"),
        ("GET", "/a\r\nb"),
        ("GET", "/a#b"),
        ("GET", "/é"),
        ("GET", "*"),
        ("GET", "http:///a"),
        ("GET", "http://:80/"),
        ("GET", "http://user@example.org/"),
        ("GET", "ftp://example.org/"),
        ("GET", "http://example.org/#a"),
        ("GET", "example.org:443"),
        ("CONNECT", "/"),
        ("CONNECT", "example.org"),
        ("CONNECT", "example.org:99999"),
        ("CONNECT", "example.org:0"),
        ("CONNECT", "example.org:"),
    ],
)
def test_bad_request_line(method: str, target: str) -> None:
    with pytest.raises(HTTPOutputError):
        encode(method, target, HOST)


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        ["example.org", "example.org"],
        ["example.org/"],
        ["user@example.org"],
        ["a b"],
        ["example.org:x"],
        ["[::1"],
    ],
)
def test_bad_host(hosts: list[str]) -> None:
    with pytest.raises(HTTPOutputError):
        encode("GET", "/", *[("Host", host) for host in hosts])


@pytest.mark.parametrize("host", ["example.org", "example.org:80", "[::1]:80", "127.0.0.1", ""])
def test_good_host(host: str) -> None:
    assert f"\r\nHost: {host}\r\n".encode() in encode("GET", "/", ("Host", host))[0]


@pytest.mark.parametrize(
    ("target", "host", "good"),
    [
        ("http://example.org/", "example.org", True),
        ("http://Example.org/", "example.ORG", True),
        ("http://example.org:80/", "example.org:80", True),
        ("http://example.org:80/", "example.org", False),
        ("http://example.org/", "other.example", False),
        ("http://example.org/", "", False),
        ("/", "other.example", True),
    ],
)
def test_host_is_that_of_the_target(target: str, host: str, good: bool) -> None:
    if good:
        assert encode("GET", target, ("Host", host))[0].startswith(f"GET {target} ".encode())
    else:
        with pytest.raises(HTTPOutputError, match="Host"):
            encode("GET", target, ("Host", host))


def test_the_tunnel_of_connect_has_a_port_where_its_host_has_none() -> None:
    assert encode("CONNECT", "example.org:443", HOST)[0].endswith(b"\r\nHost: example.org\r\n\r\n")


@pytest.mark.parametrize(
    "fields",
    [
        [("Content-Length", "5"), ("Transfer-Encoding", "chunked")],
        [("Content-Length", "5"), ("content-length", "5")],
        [("Transfer-Encoding", "gzip, chunked")],
        [("Transfer-Encoding", "chunked, chunked")],
        [("A", "b\r\n c")],
        [("A", "b\rc")],
        [(" A", "b")],
        [("A ", "b")],
    ],
)
def test_fields_that_are_refused(fields: list[tuple[str, str]]) -> None:
    class Fields:
        def get_all(self) -> list[tuple[str, str]]:
            return [HOST, *fields]

    with pytest.raises(HTTPOutputError):
        encode_request_head("POST", "/", Fields(), False)


@pytest.mark.parametrize(
    ("method", "field", "line", "length", "writing"),
    [
        ("PUT", ("Content-Length", "5"), b"Content-Length: 5", 5, Writing.SIZED),
        ("GET", ("content-length", "0"), b"Content-Length: 0", 0, Writing.SIZED),
        (
            "GET",
            ("Transfer-Encoding", "chunked"),
            b"Transfer-Encoding: chunked",
            -1,
            Writing.CHUNKED,
        ),
        ("PUT", ("X", "y"), b"Transfer-Encoding: chunked", -1, Writing.CHUNKED),
        ("DELETE", ("X", "y"), b"X: y", -1, Writing.NO_BODY),
    ],
)
def test_framing(
    method: str, field: tuple[str, str], line: bytes, length: int, writing: Writing
) -> None:
    head, announced, state, _, _ = encode(method, "/", HOST, field)
    assert head.count(b"\r\n" + line + b"\r\n") == 1
    assert (announced, state) == (length, writing)


@pytest.mark.parametrize("method", ["CONNECT", "TRACE"])
@pytest.mark.parametrize("field", [("Content-Length", "5"), ("Transfer-Encoding", "chunked")])
def test_methods_without_body(method: str, field: tuple[str, str]) -> None:
    target = "x:1" if method == "CONNECT" else "/"
    encode(method, target, HOST)
    with pytest.raises(HTTPOutputError, match=method):
        encode(method, target, HOST, field)


def test_expectation() -> None:
    expect = ("Expect", "100-continue")
    assert encode("PUT", "/", HOST, expect)[-1]
    assert encode("GET", "/", HOST, ("Content-Length", "1"), expect)[-1]
    with pytest.raises(HTTPOutputError, match="Expect"):
        encode("GET", "/", HOST, expect)


@pytest.mark.parametrize(
    ("closing", "options", "lines"),
    [
        (False, [], []),
        (True, [], ["close"]),
        (True, ["close"], ["close"]),
        (True, ["x, Close"], ["x, Close"]),
        (True, ["x"], ["x", "close"]),
    ],
)
def test_connection(closing: bool, options: list[str], lines: list[str]) -> None:
    fields = [("Connection", option) for option in options]
    head, _, _, afterwards, _ = encode("GET", "/", HOST, *fields, closing=closing)
    sent = [line.partition(": ") for line in head.decode().split("\r\n")]
    assert [value for name, _, value in sent if name == "Connection"] == lines
    assert afterwards is (Afterwards.CLOSE if lines else Afterwards.KEEP_ALIVE)
