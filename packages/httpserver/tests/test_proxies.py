"""Who the client is: every point of the list of what goes wrong, and properties of the walk."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from httpserver import TrustedProxies
from httpserver._proxies import XHeaders

PEER = "10.0.0.1"
TRUSTED = ["10.0.0.0/8"]


class Fields:
    """Request fields with the one method that a policy may call."""

    def __init__(self, *fields: tuple[str, str]) -> None:
        self.fields = fields

    def get_list(self, name: str, /) -> list[str]:
        return [value for field, value in self.fields if field == name]


def forwarded_for(*lines: str) -> Fields:
    return Fields(*(("X-Forwarded-For", line) for line in lines))


def walk(*lines: str, networks: list[str] = TRUSTED, peer: str = PEER) -> str:
    return TrustedProxies(networks).resolve(peer, "http", forwarded_for(*lines)).remote_ip


class TestXForwardedFor:
    @pytest.mark.parametrize(
        ("lines", "expected"),
        [
            (["203.0.113.9"], "203.0.113.9"),
            (["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
            (["1.1.1.1, 203.0.113.9, 10.1.1.1"], "203.0.113.9"),
            (["1.1.1.1", "203.0.113.9", "10.1.1.1, 10.1.1.2"], "203.0.113.9"),
            (["10.3.3.3, 10.2.2.2, 10.1.1.1"], "10.3.3.3"),
            (["203.0.113.9,\t10.1.1.1 ,,"], "203.0.113.9"),
            ([", ,"], PEER),
            ([""], PEER),
            ([], PEER),
        ],
        ids=repr,
    )
    def test_first_untrusted_from_the_right(self, lines: list[str], expected: str) -> None:
        assert walk(*lines) == expected

    @pytest.mark.parametrize(
        "junk",
        [
            "unknown",
            "_hidden",
            "localhost",
            "example.org",
            "127.1",
            "0x7f000001",
            "2130706433",
            "0177.0.0.1",
            "1.2.3.4.5",
            "256.1.1.1",
            "1.2.3.4/8",
            "1.2.3.4:",
            "1.2.3.4:65536",
            "1.2.3.4:+80",
            "1.2.3.4:\uff18\uff10",
            "\u0661.2.3.4",
            "1.2.3.4\x0b",
            "1.2.3.4\x00",
            "\xa01.2.3.4",
            "fe80::1%eth0",
            "[fe80::1%25eth0]",
            "[2001:db8::1",
            "2001:db8::1]",
            "[2001:db8::1]443",
            "[2001:db8::1]:",
            "[1.2.3.4]",
            "2001:db8::1::2",
            '"1.2.3.4"',
            "4.4.4.4<script>",
        ],
    )
    def test_junk_ends_the_walk_at_the_last_good_hop(self, junk: str) -> None:
        assert walk(junk) == PEER
        assert walk(f"1.1.1.1, {junk}") == PEER
        assert walk(f"1.1.1.1, {junk}, 10.1.1.1") == "10.1.1.1"

    @pytest.mark.parametrize(
        ("element", "expected"),
        [
            ("1.2.3.4:5678", "1.2.3.4"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("2001:DB8:0::1", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("1.2.3.4:_obfuscated", "1.2.3.4"),
        ],
    )
    def test_spellings(self, element: str, expected: str) -> None:
        assert walk(element) == expected

    def test_untrusted_peer_is_not_believed(self) -> None:
        assert walk("1.1.1.1", peer="192.0.2.1") == "192.0.2.1"

    def test_mapped_addresses_are_compared_as_ipv4(self) -> None:
        assert walk("1.1.1.1, ::ffff:10.1.1.1", peer="::ffff:10.0.0.1") == "1.1.1.1"
        assert walk("1.1.1.1", networks=["::ffff:10.0.0.0/104"]) == "1.1.1.1"

    def test_unix_peer_is_trusted_by_name_only(self) -> None:
        assert walk("1.1.1.1", peer="unix") == "unix"
        assert walk("1.1.1.1", peer="unix", networks=["unix"]) == "1.1.1.1"
        assert walk("1.1.1.1", peer="10.0.0.1", networks=["unix"]) == "10.0.0.1"

    def test_only_the_named_field_is_looked_at(self) -> None:
        fields = Fields(
            ("X-Real-Ip", "1.1.1.1"),
            ("Forwarded", "for=2.2.2.2"),
            ("X-Forwarded-For", "3.3.3.3"),
        )
        for header, expected in [
            ("X-Real-Ip", "1.1.1.1"),
            ("Forwarded", "2.2.2.2"),
            ("X-Forwarded-For", "3.3.3.3"),
        ]:
            policy = TrustedProxies(TRUSTED, header=header)  # type: ignore[arg-type]
            assert policy.resolve(PEER, "http", fields).remote_ip == expected

    def test_long_lists_are_read_only_as_far_as_needed(self) -> None:
        class Line(str):
            """Counts the characters that are looked at."""

            seen = 0

            def rfind(self, *args: object) -> int:
                found = super().rfind(*args)  # type: ignore[arg-type]
                Line.seen += args[2] - max(found, 0)  # type: ignore[operator]
                return found

        line = Line(", ".join(["junk"] * 10_000 + ["1.1.1.1"]))
        assert walk(line) == "1.1.1.1"
        assert Line.seen < 20
        Line.seen = 0
        assert walk(Line("10.1.1.1," * 10_000 + "10.1.1.2")) == "10.1.1.1"
        assert Line.seen < len(line) * 3

    @given(st.lists(st.ip_addresses(), min_size=1), st.data())
    def test_what_stands_left_of_the_untrusted_hop_does_not_matter(
        self, hops: list[ipaddress.IPv4Address | ipaddress.IPv6Address], data: st.DataObject
    ) -> None:
        clean = ", ".join(map(str, hops))
        spoofed = data.draw(st.text(st.characters(max_codepoint=255))) + "," + clean
        trusted = TrustedProxies(TRUSTED)
        first = trusted.resolve(PEER, "http", forwarded_for(clean)).remote_ip
        if ipaddress.ip_address(first) not in ipaddress.ip_network("10.0.0.0/8"):
            assert trusted.resolve(PEER, "http", forwarded_for(spoofed)).remote_ip == first

    @given(st.lists(st.text(st.characters(max_codepoint=255))))
    def test_whatever_is_sent_the_answer_is_an_address(self, lines: list[str]) -> None:
        for policy in (
            TrustedProxies(TRUSTED),
            TrustedProxies(TRUSTED, header="Forwarded"),
            XHeaders(),
        ):
            fields = Fields(
                *(("X-Forwarded-For", line) for line in lines),
                *(("Forwarded", line) for line in lines),
                *(("X-Forwarded-Proto", line) for line in lines),
            )
            client = policy.resolve(PEER, "http", fields)
            ipaddress.ip_address(client.remote_ip)
            assert client.protocol in ("http", "https")


class TestScheme:
    @pytest.mark.parametrize(
        ("addresses", "schemes", "expected"),
        [
            ("1.1.1.1", "https", "https"),
            ("1.1.1.1", "HTTPS", "https"),
            ("1.1.1.1", "wss", "http"),
            ("1.1.1.1", "http, https", "https"),
            ("1.1.1.1, 10.1.1.1", "https, http", "https"),
            ("1.1.1.1, 10.1.1.1", "http, https", "http"),
            ("9.9.9.9, 1.1.1.1, 10.1.1.1", "http, https, http", "https"),
            ("1.1.1.1, 10.1.1.1", "https", "https"),
            ("unknown, 10.1.1.1", "http, https", "https"),
            ("unknown", "https", "https"),
            ("", "https", "https"),
            ("", "", "http"),
        ],
    )
    def test_is_that_of_the_same_hop(self, addresses: str, schemes: str, expected: str) -> None:
        fields = Fields(("X-Forwarded-For", addresses), ("X-Forwarded-Proto", schemes))
        assert TrustedProxies(TRUSTED).resolve(PEER, "http", fields).protocol == expected

    def test_untrusted_peer_is_not_believed(self) -> None:
        fields = Fields(("X-Forwarded-Proto", "https"))
        assert TrustedProxies(TRUSTED).resolve("192.0.2.1", "http", fields).protocol == "http"

    def test_field_can_be_named_or_switched_off(self) -> None:
        fields = Fields(("X-Forwarded-Proto", "https"), ("X-Scheme", "http"))
        named = TrustedProxies(TRUSTED, scheme_header="X-Scheme")
        assert named.resolve(PEER, "https", fields).protocol == "http"
        off = TrustedProxies(TRUSTED, scheme_header=None)
        assert off.resolve(PEER, "http", fields).protocol == "http"


class TestForwarded:
    def resolve(self, *lines: str, protocol: str = "http") -> tuple[str, str]:
        policy = TrustedProxies(TRUSTED, header="Forwarded")
        return policy.resolve(PEER, protocol, Fields(*(("Forwarded", line) for line in lines)))

    @pytest.mark.parametrize(
        ("line", "remote_ip", "protocol"),
        [
            ("for=1.1.1.1", "1.1.1.1", "http"),
            ("For=1.1.1.1;Proto=HTTPS", "1.1.1.1", "https"),
            ('for="1.1.1.1:80";proto="https"', "1.1.1.1", "https"),
            ('for="[2001:db8::1]:4711"', "2001:db8::1", "http"),
            ('for="[2001:db8::1]"', "2001:db8::1", "http"),
            (r'for="\1\.1\.1\.1"', "1.1.1.1", "http"),
            ("by=10.0.0.1; for=1.1.1.1 ;host=a.example;", "1.1.1.1", "http"),
            ('for=1.1.1.1;ext="a, b;c\\"d"', "1.1.1.1", "http"),
            ("for=9.9.9.9, for=1.1.1.1;proto=https", "1.1.1.1", "https"),
            ("for=1.1.1.1;proto=https, for=10.1.1.1;proto=http", "1.1.1.1", "https"),
            ("for=10.2.2.2, for=10.1.1.1;proto=https", "10.2.2.2", "http"),
            ("for=unknown, for=10.1.1.1;proto=https", "10.1.1.1", "https"),
            ("for=_secret;proto=https", PEER, "https"),
            ("for=unknown", PEER, "http"),
            ("proto=https", PEER, "https"),
            ("", PEER, "http"),
        ],
    )
    def test_elements(self, line: str, remote_ip: str, protocol: str) -> None:
        assert self.resolve(line) == (remote_ip, protocol)

    @pytest.mark.parametrize(
        "junk",
        [
            "for",
            "for=",
            "=1.1.1.1",
            "for=1.1.1.1;for=1.1.1.1",
            "for = 1.1.1.1",
            "for=[2001:db8::1]",
            "for=2001:db8::1",
            'for="2001:db8::1"',
            'for="[2001:db8::1]:x"',
            'for="1.1.1.1:99999"',
            'for="1.1.1.1"x',
            'for="1.1.1.1',
            "for=1.1.1.1 proto=https",
            'for="fe80::1%eth0"',
        ],
    )
    def test_junk_ends_the_walk(self, junk: str) -> None:
        assert self.resolve(junk) == (PEER, "http")
        assert self.resolve(f"{junk}, for=10.1.1.1") == ("10.1.1.1", "http")

    def test_an_open_quote_on_the_left_hides_nothing(self) -> None:
        assert self.resolve('for="evil, for=1.1.1.1') == ("1.1.1.1", "http")
        assert self.resolve('for="evil', "for=1.1.1.1") == ("1.1.1.1", "http")
        assert self.resolve('for="evil', 'for=1.1.1.1;by="x,y"') == ("1.1.1.1", "http")

    @pytest.mark.parametrize("filler", [" ", "\t;", ";", '"', "\\", ",", "a=b;", '"a,b"', "x"])
    def test_long_fields_take_linear_time(self, filler: str) -> None:
        # Nothing is timed: with quadratic steps this takes minutes.
        assert self.resolve("for=1.1.1.1;" + filler * 60_000 + "(")[0] == PEER

    def test_scheme_of_the_connection_is_kept_when_none_is_told(self) -> None:
        assert self.resolve("for=1.1.1.1", protocol="https") == ("1.1.1.1", "https")

    _values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8)

    @given(st.lists(st.tuples(st.ip_addresses(), _values), min_size=1))
    def test_reading_from_the_right_finds_the_elements(
        self, hops: list[tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, str]]
    ) -> None:
        elements = []
        for address, text in hops:
            escaped = text.replace("\\", "\\\\").replace('"', '\\"')
            node = f"[{address}]" if address.version == 6 else str(address)
            elements.append(f'ext="{escaped}";for="{node}"')
        policy = TrustedProxies(["0.0.0.0/0", "::/0"], header="Forwarded")
        client = policy.resolve(PEER, "http", Fields(("Forwarded", ", ".join(elements))))
        first = hops[0][0]
        mapped = first.ipv4_mapped if isinstance(first, ipaddress.IPv6Address) else None
        assert ipaddress.ip_address(client.remote_ip) == (mapped or first)


class TestXHeaders:
    """``xheaders=True``, as Tornado documents it."""

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ([], PEER),
            ([("X-Real-Ip", "4.4.4.4")], "4.4.4.4"),
            ([("X-Forwarded-For", "127.0.0.1, 4.4.4.4")], "4.4.4.4"),
            ([("X-Real-Ip", "2620:0:1cfe:face:b00c::3")], "2620:0:1cfe:face:b00c::3"),
            ([("X-Forwarded-For", "::1, 2620:0:1cfe:face:b00c::3")], "2620:0:1cfe:face:b00c::3"),
            ([("X-Real-Ip", "4.4.4.4<script>")], PEER),
            ([("X-Forwarded-For", "4.4.4.4, 5.5.5.5<script>")], PEER),
            ([("X-Real-Ip", "www.google.com")], PEER),
            ([("X-Real-Ip", "1.1.1.1"), ("X-Forwarded-For", "2.2.2.2")], "1.1.1.1"),
            ([("X-Real-Ip", "1.1.1.1"), ("X-Real-Ip", "2.2.2.2")], PEER),
            ([("Forwarded", "for=1.1.1.1")], PEER),
        ],
    )
    def test_address(self, fields: list[tuple[str, str]], expected: str) -> None:
        assert XHeaders().resolve(PEER, "http", Fields(*fields)).remote_ip == expected

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ([("X-Scheme", "https")], "https"),
            ([("X-Forwarded-Proto", "https")], "https"),
            ([("X-Forwarded-Proto", "https , http")], "http"),
            ([("X-Forwarded-Proto", "http,https ")], "https"),
            ([("X-Forwarded-Proto", "unknown")], "http"),
            ([("X-Scheme", "http"), ("X-Forwarded-Proto", "https")], "http"),
        ],
    )
    def test_scheme(self, fields: list[tuple[str, str]], expected: str) -> None:
        assert XHeaders().resolve(PEER, "http", Fields(*fields)).protocol == expected

    def test_trusted_downstream(self) -> None:
        policy = XHeaders(["10.0.0.0/8", "5.5.5.5"])
        fields = forwarded_for("127.0.0.1, 4.4.4.4, 5.5.5.5")
        assert policy.resolve(PEER, "http", fields).remote_ip == "4.4.4.4"
        assert policy.resolve("192.0.2.1", "http", fields).remote_ip == "192.0.2.1"


class TestPolicyArguments:
    @pytest.mark.parametrize(
        "member",
        ["proxy.example", "10.0.0.1/8", "10.0.0.0/33", "127.1", "", "fe80::1%eth0", "unix:"],
    )
    def test_networks_are_checked(self, member: str) -> None:
        with pytest.raises(ValueError, match=r"address|scope"):
            TrustedProxies([member])

    def test_a_single_string_is_refused(self) -> None:
        with pytest.raises(TypeError, match="list of addresses"):
            TrustedProxies("10.0.0.0/8")
        with pytest.raises(TypeError, match="as a string"):
            TrustedProxies([10])  # type: ignore[list-item]

    def test_field_names_are_checked(self) -> None:
        with pytest.raises(ValueError, match="header must be one of"):
            TrustedProxies(TRUSTED, header="X-Client-Ip")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="scheme_header must be one of"):
            TrustedProxies(TRUSTED, scheme_header="X-Proto")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="Forwarded tells the scheme itself"):
            TrustedProxies(TRUSTED, header="Forwarded", scheme_header="X-Scheme")
