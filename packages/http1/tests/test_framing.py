import pytest

from http1 import HTTPInputError
from http1._framing import CHUNKED
from http1._framing import UNTIL_CLOSE
from http1._framing import parse_content_length
from http1._framing import request_body_length
from http1._framing import response_body_length


@pytest.mark.parametrize(
    ("values", "length"),
    [(["0"], 0), (["5"], 5), (["0005"], 5), (["9" * 18], 10**18 - 1), (["0" * 5000 + "1"], 1)],
)
def test_content_length(values: list[str], length: int) -> None:
    assert parse_content_length(values) == length


@pytest.mark.parametrize("values", [["1" + "0" * 18], ["9" * 5000]])
def test_content_length_out_of_range(values: list[str]) -> None:
    with pytest.raises(HTTPInputError) as info:
        parse_content_length(values)
    assert info.value.status_code == 413


@pytest.mark.parametrize("values", [["5", "5"], ["5, 5"], [""], ["٥"], ["5 "], ["+5"]])
def test_content_length_malformed(values: list[str]) -> None:
    with pytest.raises(HTTPInputError) as info:
        parse_content_length(values)
    assert info.value.status_code == 400


# RFC 9112 section 6.3, step by step; the vectors have the rest.
@pytest.mark.parametrize(
    ("method", "status", "content_length", "transfer_encoding", "length"),
    [
        # 1
        ("HEAD", 200, ["5"], [], 0),
        ("HEAD", 200, [], ["chunked"], 0),
        ("GET", 100, ["5"], [], 0),
        ("GET", 204, ["5"], [], 0),
        ("GET", 304, ["5"], [], 0),
        # 2
        ("CONNECT", 200, ["5"], ["chunked"], 0),
        ("CONNECT", 299, [], [], 0),
        ("CONNECT", 404, ["5"], [], 5),
        # 4
        ("GET", 200, [], ["chunked"], CHUNKED),
        ("GET", 200, [], ["Chunked"], CHUNKED),
        # 6
        ("GET", 200, ["5"], [], 5),
        # 8
        ("GET", 200, [], [], UNTIL_CLOSE),
        ("POST", 404, [], [], UNTIL_CLOSE),
    ],
)
def test_responses(
    method: str, status: int, content_length: list[str], transfer_encoding: list[str], length: int
) -> None:
    assert (
        response_body_length(method, status, "HTTP/1.1", content_length, transfer_encoding)
        == length
    )


@pytest.mark.parametrize(
    ("version", "content_length", "transfer_encoding"),
    [
        ("HTTP/1.1", ["5"], ["chunked"]),
        ("HTTP/1.0", [], ["chunked"]),
        ("HTTP/1.1", ["5", "6"], []),
        ("HTTP/1.1", [], ["chunked", "chunked"]),
    ],
)
def test_responses_that_are_refused(
    version: str, content_length: list[str], transfer_encoding: list[str]
) -> None:
    with pytest.raises(HTTPInputError):
        response_body_length("GET", 200, version, content_length, transfer_encoding)


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
def test_a_request_that_announces_no_body_has_none(version: str) -> None:
    assert request_body_length("POST", version, [], []) == 0
    assert request_body_length("CONNECT", version, [], []) == 0


@pytest.mark.parametrize("content_length", ["0", "5"])
def test_connect_announces_nothing(content_length: str) -> None:
    with pytest.raises(HTTPInputError):
        request_body_length("CONNECT", "HTTP/1.1", [content_length], [])
