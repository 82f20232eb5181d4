import pytest
from hypothesis import given
from hypothesis import strategies as st

from http1 import HTTPInputError
from http1 import RequestStartLine
from http1 import ResponseStartLine
from http1 import parse_request_start_line
from http1 import parse_response_start_line


def test_request() -> None:
    line = parse_request_start_line("GET /foo HTTP/1.1")
    assert line == RequestStartLine("GET", "/foo", "HTTP/1.1")
    assert (line.method, line.path, line.version) == line


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("", 400),
        ("GET /", 400),
        ("GET  / HTTP/1.1", 400),
        ("GET / HTTP/1.1 ", 400),
        ("GET /\t HTTP/1.1", 400),
        ("GET /ä HTTP/1.1", 400),
        ("GÄT / HTTP/1.1", 400),
        ("GET / HTTP/1.1\n", 400),
        ("GET / HTTP/1.1\r\n", 400),
        ("GET / HTTP/1.１", 400),
        ("GET / HTTP/2.0", 505),
    ],
)
def test_requests_that_are_refused(line: str, status: int) -> None:
    with pytest.raises(HTTPInputError) as info:
        parse_request_start_line(line)
    assert info.value.status_code == status


def test_a_version_that_is_not_spoken() -> None:
    with pytest.raises(HTTPInputError, match=r"HTTP/2\.0 \(HTTP/1\.1 is\)"):
        parse_request_start_line("GET / HTTP/2.0")


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("HTTP/1.1 200 OK", ("HTTP/1.1", 200, "OK")),
        ("HTTP/1.0 404 Not Found", ("HTTP/1.0", 404, "Not Found")),
        ("HTTP/1.1 200 ", ("HTTP/1.1", 200, "")),
        ("HTTP/1.1 200", ("HTTP/1.1", 200, "")),
        ("HTTP/1.1 999 a\tb ä", ("HTTP/1.1", 999, "a\tb ä")),
    ],
)
def test_response(line: str, parts: tuple[str, int, str]) -> None:
    assert parse_response_start_line(line) == ResponseStartLine(*parts)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "HTTP/1.1",
        "HTTP/1.1 20 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 +20 OK",
        "HTTP/1.1 099 OK",
        "HTTP/1.1 ٢٠٠ OK",
        "HTTP/1.1  200 OK",
        "HTTP/1.1\t200 OK",
        " HTTP/1.1 200 OK",
        "http/1.1 200 OK",
        "HTTP/1.1 200OK",
        "HTTP/1.1 200 O\nK",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 \x00",
        "HTTP/1.1 200 €",
    ],
)
def test_responses_that_are_refused(line: str) -> None:
    with pytest.raises(HTTPInputError):
        parse_response_start_line(line)


@given(st.text(max_size=40))
def test_nothing_else_comes_out(line: str) -> None:
    for parse in (parse_request_start_line, parse_response_start_line):
        try:
            parse(line)
        except HTTPInputError:
            pass
