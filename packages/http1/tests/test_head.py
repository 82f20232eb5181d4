import pytest

from http1 import HTTPInputError
from http1 import Limits
from http1._head import HeadScanner
from http1._head import split_field

from .recorder import in_bytes

HEAD = b"GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n"


def scan(data: bytes, limits: Limits | None = None) -> HeadScanner:
    """A scanner that was fed byte by byte, as far as the head goes."""
    scanner = HeadScanner(Limits() if limits is None else limits, lambda line: None)
    for byte in in_bytes(data):
        if scanner.feed(byte):
            break
    return scanner


def test_head_and_rest() -> None:
    lines: list[str] = []
    scanner = HeadScanner(Limits(), lines.append)
    assert not scanner.feed(b"")
    assert not scanner.feed(b"\r\n" + HEAD[:20])
    assert lines == ["GET / HTTP/1.1"]
    assert scanner.feed(HEAD[20:] + b"rest")
    assert scanner.head() == HEAD[:-4]
    assert scanner.rest() == b"rest"


def test_without_fields() -> None:
    scanner = HeadScanner(Limits(), lambda line: None)
    assert scanner.feed(b"GET / HTTP/1.1\r\n\r\nrest")
    assert scanner.head() == b"GET / HTTP/1.1"
    assert scanner.rest() == b"rest"


@pytest.mark.parametrize(
    ("data", "begun"),
    [(b"", False), (b"\r", False), (b"\r\n", False), (b"G", True), (b"\r\nG", True)],
)
def test_begun(data: bytes, begun: bool) -> None:
    assert scan(data).begun == begun


def test_the_first_error_in_the_order_of_the_bytes() -> None:
    def check(line: str) -> None:
        raise HTTPInputError("start line", 505)

    scanner = HeadScanner(Limits(), check)
    with pytest.raises(HTTPInputError, match="start line"):
        scanner.feed(b"GET\r\nA b\x00\r\n")


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [("A: b", "A", "b"), ("A:", "A", ""), ("A: \tb:c\t ", "A", "b:c"), ("A:\xa0", "A", "\xa0")],
)
def test_split_field(line: str, name: str, value: str) -> None:
    assert split_field(line) == (name, value)


# --- limits: below and at, above; the line counts without CRLF, the head without its last one

START_LINE = b"GET / HTTP/1.1"


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        (Limits(max_start_line_size=15), None),
        (Limits(max_start_line_size=14), None),
        (Limits(max_start_line_size=13), 414),
        (Limits(max_field_size=8), None),
        (Limits(max_field_size=7), None),
        (Limits(max_field_size=6), 431),
        (Limits(max_header_size=30), None),
        (Limits(max_header_size=29), None),
        (Limits(max_header_size=28), 431),
        (Limits(max_header_size=13), 414),
        (Limits(max_header_count=3), None),
        (Limits(max_header_count=2), None),
        (Limits(max_header_count=1), 431),
    ],
)
@pytest.mark.parametrize("before", [b"", b"\r\n"])
def test_limits(limits: Limits, status: int | None, before: bytes) -> None:
    assert len(HEAD) == 29 + 4
    if status is None:
        assert scan(before + HEAD, limits).head() == HEAD[:-4]
    else:
        with pytest.raises(HTTPInputError) as info:
            scan(before + HEAD, limits)
        assert info.value.status_code == status
        assert "max_" in str(info.value)


@pytest.mark.parametrize("data", [b"A" * 15, b"GET / HTTP/1.1\r\n" + b"A" * 15])
def test_a_limit_does_not_wait_for_the_end_of_the_line(data: bytes) -> None:
    limits = Limits(max_start_line_size=14, max_field_size=14)
    scan(data[:-1], limits)
    with pytest.raises(HTTPInputError):
        scan(data, limits)
