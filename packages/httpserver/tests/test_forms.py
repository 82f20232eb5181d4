"""Forms in queries and bodies: what is in them, and what is too much or malformed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from httpserver import FormError
from httpserver import FormLimits
from httpserver import HTTPFile
from httpserver._forms import Arguments
from httpserver._forms import Files
from httpserver._forms import parse_form
from httpserver._forms import parse_urlencoded

URLENCODED = "application/x-www-form-urlencoded"
LIMITS = FormLimits()


def multipart_body(*parts: tuple[str, bytes], boundary: str = "B") -> bytes:
    pieces = [
        b"--" + boundary.encode() + b"\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n"
        for head, content in parts
    ]
    return b"".join(pieces) + b"--" + boundary.encode() + b"--\r\n"


class TestUrlencoded:
    def test_too_many_arguments(self) -> None:
        limits = FormLimits(max_arguments=2)
        assert len(parse_urlencoded("a&b", limits)) == 2
        with pytest.raises(FormError, match="max_arguments") as caught:
            parse_urlencoded("a&b&c", limits)
        assert caught.value.status_code == 413

    @given(st.binary())
    def test_any_bytes_are_a_form(self, body: bytes) -> None:
        arguments, files = parse_form(URLENCODED, "", body, LIMITS)
        assert all(values for values in arguments.values())
        assert files == {}

    def test_content_type_is_compared_without_case_and_parameters(self) -> None:
        form: tuple[Arguments, Files] = ({"a": [b"1"]}, {})
        assert parse_form(URLENCODED.upper(), "", b"a=1", LIMITS) == form
        assert parse_form(URLENCODED + " ; charset=x", "identity", b"a=1", LIMITS) == form
        assert parse_form(URLENCODED + "x", "", b"a=1", LIMITS) == ({}, {})
        assert parse_form("", "", b"a=1", LIMITS) == ({}, {})

    def test_coded_bodies_are_refused(self) -> None:
        with pytest.raises(FormError, match="decompress_request") as caught:
            parse_form(URLENCODED, "gzip", b"\x1f\x8b", LIMITS)
        assert caught.value.status_code == 415


class TestMultipart:
    CONTENT_TYPE = "multipart/form-data; boundary=B"

    @pytest.fixture(autouse=True)
    def _extra(self) -> None:
        pytest.importorskip("multipart")

    def test_arguments_and_files(self) -> None:
        body = multipart_body(
            ('Content-Disposition: form-data; name="a"', b"1"),
            ('Content-Disposition: form-data; name="a"', b"\xff\r\n--C"),
            (
                'Content-Disposition: form-data; name="f"; filename="\u00fc.txt"\r\nContent-Type: a/b; c=d',
                b"content",
            ),
            ('Content-Disposition: form-data; name="f"; filename="raw"', b""),
            ('Content-Disposition: form-data; name="none"; filename=""', b""),
        )
        arguments, files = parse_form(self.CONTENT_TYPE, "", body, LIMITS)
        assert arguments == {"a": [b"1", b"\xff\r\n--C"], "none": [b""]}
        first, second = files["f"]
        assert first.filename == first["filename"] == "\u00fc.txt"
        assert first.content_type == first["content_type"] == "a/b; c=d"
        assert first.body == first["body"] == b"content"
        assert (second.filename, second.content_type) == ("raw", "application/unknown")
        with pytest.raises(KeyError):
            first["size"]  # type: ignore[call-overload]

    def test_quoted_boundary(self) -> None:
        body = multipart_body(('Content-Disposition: form-data; name="a"', b"1"), boundary="a b")
        content_type = 'Multipart/Form-Data; charset=x; boundary="a b"'
        assert parse_form(content_type, "", body, LIMITS) == ({"a": [b"1"]}, {})

    @pytest.mark.parametrize(
        "limits",
        [
            FormLimits(max_parts=3),
            FormLimits(max_part_size=10),
            FormLimits(max_part_header_size=40),
            FormLimits(max_part_headers=1),
        ],
    )
    def test_at_the_limits(self, limits: FormLimits) -> None:
        head = "Content-Disposition: form-data; name="
        parts = multipart_body(
            (head + '"a"', b"1"), (head + '"b"', b"2" * 10), (head + '"c"', b"3")
        )
        assert len(parse_form(self.CONTENT_TYPE, "", parts, limits)[0]) == 3

    @pytest.mark.parametrize(
        ("limits", "what"),
        [
            (FormLimits(max_parts=2), "count"),
            (FormLimits(max_part_size=9), "size"),
            (FormLimits(max_part_header_size=39), "header"),
            (FormLimits(max_part_headers=0), "header"),
        ],
    )
    def test_limits(self, limits: FormLimits, what: str) -> None:
        body = multipart_body(
            ('Content-Disposition: form-data; name="a"', b"1"),
            ('Content-Disposition: form-data; name="b"', b"2" * 10),
            ('Content-Disposition: form-data; name="c"', b"3"),
        )
        assert len(parse_form(self.CONTENT_TYPE, "", body, LIMITS)[0]) == 3
        with pytest.raises(FormError, match=what) as caught:
            parse_form(self.CONTENT_TYPE, "", body, limits)
        assert caught.value.status_code == 413

    @pytest.mark.parametrize(
        ("content_type", "body"),
        [
            ("multipart/form-data", multipart_body()),
            ("multipart/form-data; boundary=", multipart_body()),
            (CONTENT_TYPE, b""),
            (CONTENT_TYPE, b"--C--\r\n"),
            (CONTENT_TYPE, multipart_body(("X: y", b""))),
            (CONTENT_TYPE, multipart_body(("no colon", b""))),
            (CONTENT_TYPE, multipart_body(("Content-Disposition: form-data", b""))),
            (CONTENT_TYPE, multipart_body(('Content-Disposition: attachment; name="a"', b""))),
            (CONTENT_TYPE, multipart_body(('Content-Disposition: form-data; name="a"', b""))[:-5]),
        ],
    )
    def test_malformed(self, content_type: str, body: bytes) -> None:
        with pytest.raises(FormError) as caught:
            parse_form(content_type, "", body, LIMITS)
        assert caught.value.status_code == 400

    @given(
        st.lists(
            st.sampled_from(
                [
                    b"--B",
                    b"--B--",
                    b"\r\n",
                    b"Content-Disposition: ",
                    b"form-data",
                    b"; name=",
                    b'"a"',
                    b"\xff",
                    b"Content-Length: 9",
                ]
            )
        )
    )
    def test_anything_else_is_a_form_error(self, pieces: list[bytes]) -> None:
        try:
            parse_form(self.CONTENT_TYPE, "", b"".join(pieces), LIMITS)
        except FormError:
            pass


def test_file_is_printed_without_its_content() -> None:
    printed = repr(HTTPFile("a.txt", b"secret", "text/plain"))
    assert printed == "HTTPFile(filename='a.txt', content_type='text/plain', body=<6 bytes>)"
