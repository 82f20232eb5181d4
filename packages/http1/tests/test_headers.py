import copy
import pickle
from collections.abc import MutableMapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine
from hypothesis.stateful import initialize
from hypothesis.stateful import invariant
from hypothesis.stateful import rule

from http1 import HTTPHeaders
from http1 import HTTPInputError
from http1._headers import headers_from_wire

# --- what it is made from


def test_from_nothing() -> None:
    headers = HTTPHeaders()
    assert len(headers) == 0
    assert not headers
    assert list(headers.get_all()) == []
    assert str(headers) == ""
    assert repr(headers) == "HTTPHeaders([])"


def test_from_mappings_pairs_and_keywords() -> None:
    expected = [("Content-Type", "a"), ("X-Y", "b")]
    pairs = {"content-type": "a", "X-Y": "b"}
    assert list(HTTPHeaders(pairs).get_all()) == expected
    assert list(HTTPHeaders(pairs.items()).get_all()) == expected
    assert list(HTTPHeaders(HTTPHeaders(pairs)).get_all()) == expected
    assert list(HTTPHeaders({"content-type": "a"}, x="b").get_all()) == [
        ("Content-Type", "a"),
        ("X", "b"),
    ]


def test_pairs_keep_what_is_repeated() -> None:
    headers = HTTPHeaders([("a", "1"), ("A", "2")])
    assert headers.get_list("a") == ["1", "2"]
    assert eval(repr(headers)) == headers


def test_a_copy_has_fields_of_its_own() -> None:
    headers = HTTPHeaders({"A": "1"})
    headers.add("A", "2")
    for other in (headers.copy(), copy.copy(headers), copy.deepcopy(headers)):
        assert other == headers
        other.add("A", "3")
        assert headers.get_list("A") == ["1", "2"]


# --- what comes from a parser is read when somebody asks


@pytest.mark.parametrize(
    "ask",
    [
        lambda headers: headers["a"],
        lambda headers: headers.get("A"),
        lambda headers: "a" in headers,
        lambda headers: list(headers),
        lambda headers: len(headers),
        lambda headers: headers.get_list("a"),
        lambda headers: list(headers.get_all()),
        lambda headers: str(headers),
        lambda headers: repr(headers),
        lambda headers: headers == {},
        lambda headers: headers.copy(),
        lambda headers: pickle.loads(pickle.dumps(headers)),
        lambda headers: headers.add("b", "c"),
        lambda headers: headers.__setitem__("b", "c"),
        lambda headers: headers.parse_line("b: c"),
        lambda headers: headers.pop("b", None),
    ],
)
def test_fields_of_a_parser(ask: object) -> None:
    headers = headers_from_wire(
        [b"a", b"b", b"A", b"c", b"d"], [b"1", b" \t2 ", b" 3", b"", b" \xe4"]
    )
    assert callable(ask)
    ask(headers)
    assert headers["A"] == "1,3"
    assert headers.get_list("a") == ["1", "3"]
    assert headers["C"] == ""
    assert headers["D"] == "ä"


def test_deleting_is_the_first_thing() -> None:
    headers = headers_from_wire([b"a", b"A", b"b"], [b"1", b"2", b"3"])
    del headers["A"]
    assert list(headers.get_all()) == [("B", "3")]
    with pytest.raises(KeyError):
        del headers["A"]


@given(st.lists(st.tuples(st.sampled_from(["a", "A", "b-C"]), st.sampled_from(["", "x", "\xe4"]))))
def test_raw_fields(pairs: list[tuple[str, str]]) -> None:
    names = [name.encode() for name, _ in pairs]
    values = [f"  {value}\t".encode("latin-1") for _, value in pairs]
    expected = [(name.lower().encode(), value.encode("latin-1")) for name, value in pairs]
    headers = headers_from_wire(names, values)
    assert headers.raw_fields() == expected
    # Once the map is made, repeated fields stand together.
    len(headers)
    assert sorted(headers.raw_fields()) == sorted(expected)


# --- text


def test_parse() -> None:
    headers = HTTPHeaders.parse("Content-Type: text/html\r\nA: b\nA:c\r\n\r\n")
    assert dict(headers) == {"Content-Type": "text/html", "A": "b,c"}


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_parse_line(end: str) -> None:
    headers = HTTPHeaders()
    headers.parse_line(f"A: b{end}")
    assert headers["A"] == "b"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "A",
        " A: b",
        "\tb",
        "A : b",
        ": b",
        "Ä: b",
        "A: \x00",
        "A: b\rc",
        "A: b\nc",
        "A: b\r\r\n",
    ],
)
def test_parse_line_refuses(line: str) -> None:
    with pytest.raises(HTTPInputError):
        HTTPHeaders().parse_line(line)


def test_separators_of_lines_are_crlf_and_lf_only() -> None:
    # What str.splitlines takes for the end of a line, and HTTP does not.
    assert HTTPHeaders.parse("A: b\x85c\xa0")["A"] == "b\x85c\xa0"


def test_str_can_be_parsed() -> None:
    headers = HTTPHeaders.parse("A: b\nSet-Cookie: c\nSet-Cookie: d\n")
    assert HTTPHeaders.parse(str(headers)) == headers
    assert HTTPHeaders.parse(str(headers)).get_list("Set-Cookie") == ["c", "d"]


def test_equality_is_that_of_a_mapping() -> None:
    assert HTTPHeaders({"a": "b"}) == {"A": "b"}
    assert HTTPHeaders({"a": "b"}) == HTTPHeaders({"A": "b"})
    assert HTTPHeaders({"a": "b"}) != {"A": "c"}


def test_what_is_no_name_is_not_there() -> None:
    names: list[object] = [1, None, b"A"]
    assert not any(name in HTTPHeaders({"A": "b"}) for name in names)
    with pytest.raises(KeyError):
        HTTPHeaders()["A"]


@given(st.text(max_size=20))
def test_any_name_can_be_asked_for(name: str) -> None:
    headers = HTTPHeaders({"A": "b"})
    assert (name in headers) == (name.lower() == "a")
    assert headers.get_list(name) == (["b"] if name in headers else [])


# --- against a naive multi-map

NAMES = st.sampled_from(["a", "A", "b-c", "B-C", "b-C", "x-y-z", "Content-Length"])
VALUES = st.text(alphabet="abc ,", max_size=5)


class NaiveHeaders:
    """A list of pairs."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str]] = []

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key.lower() == name.lower()]

    def remove(self, name: str) -> None:
        self.pairs = [pair for pair in self.pairs if pair[0].lower() != name.lower()]

    def replace(self, name: str, value: str) -> None:
        """A name keeps its place."""
        first = next(
            (i for i, (key, _) in enumerate(self.pairs) if key.lower() == name.lower()), None
        )
        if first is None:
            self.pairs.append((name, value))
        else:
            before = self.pairs[:first]
            behind = [p for p in self.pairs[first:] if p[0].lower() != name.lower()]
            self.pairs = [*before, (name, value), *behind]

    def names(self) -> list[str]:
        return list(dict.fromkeys(name.lower() for name, _ in self.pairs))

    def grouped(self) -> list[tuple[str, str]]:
        return [(name, value) for name in self.names() for value in self.values(name)]


class HeadersMachine(RuleBasedStateMachine):
    """Does the same to both."""

    def __init__(self) -> None:
        super().__init__()
        self.model = NaiveHeaders()
        self.headers: HTTPHeaders = HTTPHeaders()

    @initialize(pairs=st.lists(st.tuples(NAMES, VALUES), max_size=6), wire=st.booleans())
    def begin(self, pairs: list[tuple[str, str]], wire: bool) -> None:
        pairs = [(name, value.strip(" \t")) for name, value in pairs]
        if wire:
            self.headers = headers_from_wire(
                [n.encode() for n, _ in pairs], [f" {v} ".encode() for _, v in pairs]
            )
        else:
            for name, value in pairs:
                self.headers.add(name, value)
        self.model.pairs = list(pairs)

    @rule(name=NAMES, value=VALUES)
    def add(self, name: str, value: str) -> None:
        self.headers.add(name, value)
        self.model.pairs.append((name, value))

    @rule(name=NAMES, value=VALUES)
    def set(self, name: str, value: str) -> None:
        self.headers[name] = value
        self.model.replace(name, value)

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        if self.model.values(name):
            del self.headers[name]
            self.model.remove(name)
        else:
            with pytest.raises(KeyError):
                del self.headers[name]

    @rule()
    def copy(self) -> None:
        self.headers = self.headers.copy()

    @rule()
    def pickle(self) -> None:
        self.headers = pickle.loads(pickle.dumps(self.headers))

    @rule(name=NAMES, value=VALUES)
    def setdefault(self, name: str, value: str) -> None:
        if not self.model.values(name):
            self.model.pairs.append((name, value))
        assert self.headers.setdefault(name, value) == ",".join(self.model.values(name))

    @invariant()
    def same(self) -> None:
        headers: MutableMapping[str, str] = self.headers
        model = self.model
        assert [name.lower() for name in headers] == model.names()
        assert len(headers) == len(model.names())
        for name in ("a", "B-c", "X-Y-Z", "content-length"):
            values = model.values(name)
            assert self.headers.get_list(name) == values
            assert headers.get(name) == (",".join(values) if values else None)
            assert (name in headers) == bool(values)
        pairs = [(name.lower(), value) for name, value in self.headers.get_all()]
        assert pairs == model.grouped()
        # Http-Header-Case, whatever came.
        assert all(
            part[:1].isupper() and part[1:] == part[1:].lower()
            for name in headers
            for part in name.split("-")
        )


TestHeaders = HeadersMachine.TestCase
