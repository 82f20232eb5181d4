import pytest

from tcpserver._address import format_address


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (("127.0.0.1", 80), "127.0.0.1:80"),
        (("::1", 80, 0, 0), "[::1]:80"),
        ("", "unix socket"),
        (b"", "unix socket"),
        ("/run/client", "unix:'/run/client'"),
        (b"\0abstract", "unix:b'\\x00abstract'"),
    ],
)
def test_words(address: object, text: str) -> None:
    assert format_address(address) == text  # type: ignore[arg-type]  # of many shapes
