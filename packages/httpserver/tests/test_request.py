"""`HTTPServerRequest`: its attributes, and that nothing is worked out before somebody asks."""

import pytest

from http1 import HTTPHeaders
from http1 import RequestStartLine
from httpserver import HTTPRequest
from httpserver import HTTPServerRequest


def make_request(
    target: str = "/", headers: dict[str, str] | None = None, body: bytes = b"", method: str = "GET"
) -> HTTPServerRequest:
    return HTTPServerRequest(
        start_line=RequestStartLine(method, target, "HTTP/1.1"),
        headers=HTTPHeaders(headers or {}),
        body=body,
    )


class TestTarget:
    @pytest.mark.parametrize(
        ("target", "path", "query"),
        [
            ("/", "/", ""),
            ("/a%20b", "/a%20b", ""),
            ("/a?", "/a", ""),
            ("/a?b=c?d", "/a", "b=c?d"),
            ("*", "*", ""),
        ],
    )
    def test_path_and_query(self, target: str, path: str, query: str) -> None:
        request = make_request(target)
        assert (request.uri, request.path, request.query) == (target, path, query)

    def test_url_of_connect(self) -> None:
        headers = HTTPHeaders({"Host": "proxy.example"})
        request = HTTPServerRequest("CONNECT", "a.example:81", headers=headers)
        assert request.full_url() == "http://a.example:81"

    def test_can_be_rewritten(self) -> None:
        request = make_request("/prefix/a?b=c", {"Host": "a.example"})
        request.path, request.query = "/a", "b=d"
        request.host, request.protocol, request.remote_ip = "b.example", "https", "192.0.2.1"
        assert (request.path, request.query) == ("/a", "b=d")
        assert request.query_arguments == {"b": [b"d"]}
        assert request.full_url() == "https://b.example/prefix/a?b=c"
        assert request.remote_ip == "192.0.2.1"


class TestHost:
    @pytest.mark.parametrize(
        ("host", "host_name"),
        [
            ("Example.ORG", "example.org"),
            ("example.org:8080", "example.org"),
            ("[2001:DB8::1]", "[2001:db8::1]"),
            ("[2001:db8::1]:443", "[2001:db8::1]"),
        ],
    )
    def test_name_is_lower_case_and_without_port(self, host: str, host_name: str) -> None:
        request = make_request(headers={"Host": host})
        assert (request.host, request.host_name) == (host, host_name)

    def test_request_without_host(self) -> None:
        assert make_request().host == "127.0.0.1"


class TestArguments:
    def test_query_and_body_are_merged_in_this_order(self) -> None:
        request = make_request(
            "/?a=1&b=2&b=&c",
            {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
            b"a=3&%C3%BC=%FF+x",
            "POST",
        )
        assert request.query_arguments == {"a": [b"1"], "b": [b"2", b""], "c": [b""]}
        assert request.body_arguments == {"a": [b"3"], "\u00fc": [b"\xff x"]}
        assert request.arguments == {
            "a": [b"1", b"3"],
            "b": [b"2", b""],
            "c": [b""],
            "\u00fc": [b"\xff x"],
        }
        assert request.query_arguments["a"] == [b"1"], "merging must not change its sources"
        assert request.files == {}

    def test_the_same_dict_is_given_each_time(self) -> None:
        request = make_request()
        request.arguments["a"] = [b"1"]
        request.body_arguments["b"] = [b"2"]
        assert request.arguments == {"a": [b"1"]}
        assert request.body_arguments == {"b": [b"2"]}
        assert request.files is request.files

    def test_nothing_is_parsed_before_it_is_asked_for(self) -> None:
        request = make_request("/?" + "&" * 5000)
        assert request.path == "/"
        assert "FormError" not in repr(request)


class TestCookies:
    @pytest.mark.parametrize(
        ("field", "expected"),
        [
            ("", {}),
            ("a=1; b=2", {"a": "1", "b": "2"}),
            ("a=1;b=2;", {"a": "1", "b": "2"}),
            ("a=1; a=2", {"a": "2"}),
            ("a=b=c", {"a": "b=c"}),
            ("a=", {"a": ""}),
            ("junk; a=1", {"a": "1"}),
            ("=x; a=1", {"a": "1"}),
            ("b@d=1; path=/; a=1", {"a": "1"}),
            (r'a="x\054y\"z"', {"a": 'x,y"z'}),
            ('a="x y"', {"a": "x y"}),
            ('a="', {"a": '"'}),
        ],
    )
    def test_parsing(self, field: str, expected: dict[str, str]) -> None:
        request = make_request(headers={"Cookie": field})
        assert {name: morsel.value for name, morsel in request.cookies.items()} == expected
        assert request.cookies is request.cookies


class TestWithoutConnection:
    def test_defaults(self) -> None:
        request = HTTPServerRequest("PUT", "/x")
        assert (request.method, request.uri, request.version) == ("PUT", "/x", "HTTP/1.0")
        assert (request.remote_ip, request.protocol, request.body) == (None, "http", b"")
        assert list(request.headers) == []
        assert request.get_ssl_certificate() is None
        assert request.request_time() >= 0

    def test_host_and_files_of_the_constructor(self) -> None:
        request = HTTPServerRequest(host="a.example", files={"a": []})
        assert request.host == "a.example"
        assert request.files == {"a": []}
        assert request.body_arguments == {}

    def test_old_name(self) -> None:
        assert HTTPRequest is HTTPServerRequest

    def test_repr(self) -> None:
        assert repr(make_request("/a?b", {"Host": "a.example"})) == (
            "HTTPServerRequest(protocol='http', host='a.example', method='GET', uri='/a?b',"
            " version='HTTP/1.1', remote_ip=None)"
        )

    def test_further_attributes_can_be_set(self) -> None:
        request = make_request()
        request.user = "somebody"  # type: ignore[attr-defined]
        assert request.user == "somebody"  # type: ignore[attr-defined]
