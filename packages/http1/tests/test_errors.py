from hypothesis import given
from hypothesis import strategies as st

from http1 import HTTPInputError
from http1 import HTTPOutputError
from http1._errors import printable


def test_status() -> None:
    assert HTTPInputError("x").status_code == 400
    assert HTTPInputError("x", 413).status_code == 413
    assert not issubclass(HTTPOutputError, HTTPInputError)


@given(st.one_of(st.text(), st.binary()), st.integers(1, 50))
def test_printable(data: str | bytes, limit: int) -> None:
    shown = printable(data, limit)
    assert shown.isascii()
    assert shown.isprintable()
    assert '"' not in shown[1:-1].replace('\\"', "")
    assert len(shown) <= 10 * limit + 5
