"""What clients send, good and bad, and what has to come of it: data only.

Each vector is run by `test_vectors.py` against the parser alone and against a server's connection
on a socket: whole, byte by byte, and cut in two at every position.
"""

from collections.abc import Iterator
from typing import Final
from typing import NamedTuple

#: Method, path and body of a request that reaches the application.
Request = tuple[str, str, bytes]


class Vector(NamedTuple):
    """Bytes from a client, the requests they hold, and the status of the refusal behind those."""

    name: str
    data: bytes
    requests: tuple[Request, ...]
    #: None: nothing is refused.
    status: int | None
    #: Whether it takes the end of the input to see that something is missing.
    cut_short: bool = False


def taken(name: str, data: bytes, *requests: Request) -> Vector:
    return Vector(name, data, requests, None)


def refused(name: str, data: bytes, status: int = 400, *before: Request) -> Vector:
    return Vector(name, data, before, status)


def cut_short(name: str, data: bytes, *before: Request) -> Vector:
    return Vector(name, data, before, 400, cut_short=True)


GET: Final = ("GET", "/", b"")
POST: Final = ("POST", "/", b"hello")


def get(*lines: bytes) -> bytes:
    """A GET in HTTP/1.1, with Host and more field lines."""
    return b"\r\n".join((b"GET / HTTP/1.1", b"Host: a", *lines, b"", b""))


def post(*lines: bytes, body: bytes = b"hello") -> bytes:
    return b"\r\n".join((b"POST / HTTP/1.1", b"Host: a", *lines, b"", body))


def chunked(body: bytes) -> bytes:
    return post(b"Transfer-Encoding: chunked", body=body)


def line(request_line: bytes) -> bytes:
    """A request with that request line."""
    return request_line + b"\r\nHost: a\r\n\r\n"


def host(*values: bytes) -> bytes:
    """A GET with these Host fields."""
    fields = b"".join([b"Host:" + value + b"\r\n" for value in values])
    return b"GET / HTTP/1.1\r\n" + fields + b"\r\n"


def content_length() -> Iterator[Vector]:
    for name, value, status in (
        ("plus sign", b" +5", 400),
        ("minus sign", b" -5", 400),
        ("minus zero", b" -0", 400),
        ("space inside", b" 5 5", 400),
        ("underscore", b" 5_0", 400),
        ("hexadecimal", b" 0x5", 400),
        ("hexadecimal digits", b" a", 400),
        ("empty", b"", 400),
        ("white space alone", b" \t ", 400),
        ("list of equal values", b" 5, 5", 400),
        ("list without a space", b" 5,5", 400),
        ("list of different values", b" 5, 6", 400),
        ("list with an empty element", b" 5,", 400),
        ("parameter", b" 5;a=b", 400),
        ("quoted", b' "5"', 400),
        ("fraction", b" 5.0", 400),
        ("exponent", b" 5e0", 400),
        ("digit of another script in UTF-8", " ٥".encode(), 400),
        ("superscript digit in latin-1", b" \xb2", 400),
        ("VT before", b" \x0b5", 400),
        ("VT behind", b" 5\x0b", 400),
        ("FF behind", b" 5\x0c", 400),
        ("NBSP before", b" \xa05", 400),
        ("NBSP behind", b" 5\xa0", 400),
        ("NEL behind", b" 5\x85", 400),
        ("NUL behind", b" 5\x00", 400),
        ("bare CR behind", b" 5\r", 400),
        ("more than 64 bits", b" 18446744073709551621", 413),
        ("more than 63 bits", b" 9223372036854775808", 413),
        ("hundreds of digits", b" " + b"9" * 600, 413),
        ("thousands of digits", b" " + b"9" * 5000, 413),
        ("over the limit", b" 104857601", 413),
    ):
        yield refused(f"Content-Length: {name}", post(b"Content-Length:" + value), status)
    yield refused("Content-Length: twice, equal", post(b"Content-Length: 5", b"Content-Length: 5"))
    yield refused("Content-Length: twice, other", post(b"Content-Length: 5", b"content-length: 6"))
    yield refused("Content-Length: space before the colon", post(b"Content-Length : 5"))
    yield refused("Content-Length: tab before the colon", post(b"Content-Length\t: 5"))
    yield refused("Content-Length: on a folded line", post(b"Content-Length:\r\n 5"))
    yield refused("Content-Length: folded onto another field", post(b"A: b\r\n Content-Length: 5"))
    yield taken("Content-Length: leading zeros", post(b"Content-Length: 0005"), POST)
    yield taken("Content-Length: many zeros", post(b"Content-Length: " + b"0" * 300 + b"5"), POST)
    yield taken("Content-Length: OWS around", post(b"Content-Length: \t5 \t"), POST)
    yield taken("Content-Length: no OWS", post(b"content-length:5"), POST)
    yield taken("Content-Length: zero", post(b"Content-Length: 0", body=b""), ("POST", "/", b""))
    yield taken("no length, no body", post(body=b""), ("POST", "/", b""))
    yield taken(
        "Content-Length: only that many",
        post(b"Content-Length: 5") + get(),
        POST,
        GET,
    )
    yield taken("Content_Length is another field", get(b"Content_Length: 5"), GET)
    for method in ("GET", "HEAD", "DELETE", "OPTIONS", "PATCH", "TRACE", "QUERY"):
        data = post(b"Content-Length: 5").replace(b"POST", method.encode())
        yield taken(f"body with {method}", data, (method, "/", b"hello"))
    yield cut_short("body short", post(b"Content-Length: 6"))
    yield cut_short("body missing", post(b"Content-Length: 5", body=b""))


def transfer_encoding() -> Iterator[Vector]:
    body = b"5\r\nhello\r\n0\r\n\r\n"
    for name, value, status in (
        ("empty", b"", 400),
        ("white space alone", b"  ", 400),
        ("chunked twice in a list", b" chunked, chunked", 400),
        ("chunked not last", b" chunked, gzip", 400),
        ("chunked, identity", b" chunked, identity", 400),
        ("parameter", b" chunked;a=b", 400),
        ("parameter behind a space", b" chunked ;a=b", 400),
        ("empty element before", b" , chunked", 400),
        ("empty element behind", b" chunked,", 400),
        ("VT before", b" \x0bchunked", 400),
        ("VT behind", b" chunked\x0b", 400),
        ("NBSP before", b" \xa0chunked", 400),
        ("NEL behind", b" chunked\x85", 400),
        ("NUL behind", b" chunked\x00", 400),
        ("quoted", b' "chunked"', 400),
        ("space inside", b" chun ked", 400),
        ("a word before", b" x chunked", 400),
        ("folded", b"\r\n chunked", 400),
        ("gzip", b" gzip", 501),
        ("gzip, chunked", b" gzip, chunked", 501),
        ("identity", b" identity", 501),
        ("identity, chunked", b" identity, chunked", 501),
        ("unknown", b" xchunked", 501),
        ("unknown with parameters", b" foo;a=b", 501),
        ("gzip with parameters, chunked", b" gzip;a=b, chunked", 501),
    ):
        data = post(b"Transfer-Encoding:" + value, body=body)
        yield refused(f"Transfer-Encoding: {name}", data, status)
    chunked_line = b"Transfer-Encoding: chunked"
    yield refused("Transfer-Encoding: twice", post(chunked_line, chunked_line, body=body))
    yield refused(
        "Transfer-Encoding: gzip in a line of its own",
        post(b"Transfer-Encoding: gzip", chunked_line, body=body),
        501,
    )
    yield refused(
        "Transfer-Encoding and Content-Length",
        post(chunked_line, b"Content-Length: 15", body=body),
    )
    yield refused(
        "Content-Length and Transfer-Encoding",
        post(b"Content-Length: 15", b"TRANSFER-ENCODING: CHUNKED", body=body),
    )
    yield refused(
        "Transfer-Encoding: unknown, and Content-Length",
        post(b"Content-Length: 5", b"Transfer-Encoding: foo"),
    )
    yield refused(
        "Transfer-Encoding in HTTP/1.0",
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + body,
    )
    yield refused("Transfer-Encoding: space before the colon", post(b"Transfer-Encoding : chunked"))
    yield taken("Transfer-Encoding: CHUNKED", post(b"Transfer-Encoding: CHUNKED", body=body), POST)
    yield taken("Transfer-Encoding: OWS", post(b"transfer-encoding:\tchunked \t", body=body), POST)
    yield taken("Transfer_Encoding is another field", get(b"Transfer_Encoding: chunked"), GET)
    yield taken("chunked GET", chunked(body).replace(b"POST", b"GET", 1), ("GET", "/", b"hello"))


def chunks() -> Iterator[Vector]:
    for name, size, status in (
        ("empty size", b"", 400),
        ("plus sign", b"+5", 400),
        ("minus sign", b"-5", 400),
        ("hexadecimal prefix", b"0x5", 400),
        ("underscore", b"0_5", 400),
        ("leading space", b" 5", 400),
        ("inner space", b"0 5", 400),
        ("trailing space", b"5 ", 400),
        ("trailing tab", b"5\t", 400),
        ("letter", b"g", 400),
        ("digit of another script", "٥".encode(), 400),
        ("NUL", b"5\x00", 400),
        ("VT", b"5\x0b", 400),
        ("NBSP", b"5\xa0", 400),
        ("17 digits", b"00000000000000005", 400),
        ("endless zeros", b"0" * 300, 400),
        ("thousands of digits", b"9" * 5000, 400),
        ("overflow of 64 bits", b"10000000000000005", 400),
        ("64 bits", b"ffffffffffffffff", 413),
        ("32 bits", b"ffffffff", 413),
        ("comma", b"5,5", 400),
        ("quoted", b'"5"', 400),
        ("extension without a name", b"5;", 400),
        ("extension: empty name with a value", b"5;=b", 400),
        ("extension: no value", b"5;a=", 400),
        ("extension: space before", b"5 ;a=b", 400),
        ("extension: space behind the semicolon", b"5; a=b", 400),
        ("extension: space around =", b"5;a = b", 400),
        ("extension: control character", b"5;a=\x01", 400),
        ("extension: DEL", b"5;a=\x7f", 400),
        ("extension: open quote", b'5;a="b', 400),
        ("extension: quote behind a token", b'5;a=b"c"', 400),
        ("extension: bare CR", b"5;a=\rb", 400),
        ("extension: bare CR in quotes", b'5;a="\r"', 400),
        ("extension: bare LF in quotes", b'5;a="\n"', 400),
        ("extension: CRLF in quotes", b'5;a="\r\n0\r\n\r\n"', 400),
    ):
        yield refused(f"chunk: {name}", chunked(size + b"\r\nhello\r\n0\r\n\r\n"), status)
    for name, body in (
        ("bare LF behind the size", b"5\nhello\r\n0\r\n\r\n"),
        ("bare CR behind the size", b"5\rhello\r\n0\r\n\r\n"),
        ("CR CR LF behind the size", b"5\r\r\nhello\r\n0\r\n\r\n"),
        ("LF CR behind the size", b"5\n\rhello\r\n0\r\n\r\n"),
        ("data longer than its size", b"5\r\nhello!\r\n0\r\n\r\n"),
        ("data shorter than its size", b"5\r\nhell\r\n0\r\n\r\n"),
        ("no CRLF behind the data", b"5\r\nhello0\r\n\r\n"),
        ("bare LF behind the data", b"5\r\nhello\n0\r\n\r\n"),
        ("bare CR behind the data", b"5\r\nhello\r0\r\n\r\n"),
        ("two CRLF behind the data", b"5\r\nhello\r\n\r\n0\r\n\r\n"),
        ("LF CR behind the data", b"5\r\nhello\n\r0\r\n\r\n"),
        ("an empty line first", b"\r\n5\r\nhello\r\n0\r\n\r\n"),
        ("last chunk ends with LF", b"5\r\nhello\r\n0\n\r\n"),
        ("trailer section ends with LF", b"5\r\nhello\r\n0\r\n\n"),
        ("trailer section ends with CR", b"5\r\nhello\r\n0\r\n\rx"),
        ("trailer without a colon", b"5\r\nhello\r\n0\r\nA\r\n\r\n"),
        ("trailer without a name", b"5\r\nhello\r\n0\r\n: b\r\n\r\n"),
        ("trailer: space before the colon", b"5\r\nhello\r\n0\r\nA : b\r\n\r\n"),
        ("trailer: bad name", b"5\r\nhello\r\n0\r\nA(: b\r\n\r\n"),
        ("trailer: folded", b"5\r\nhello\r\n0\r\nA: b\r\n c\r\n\r\n"),
        ("trailer: leading space", b"5\r\nhello\r\n0\r\n A: b\r\n\r\n"),
        ("trailer: NUL", b"5\r\nhello\r\n0\r\nA: \x00\r\n\r\n"),
        ("trailer: bare CR", b"5\r\nhello\r\n0\r\nA: b\rc\r\n\r\n"),
        ("trailer: bare LF", b"5\r\nhello\r\n0\r\nA: b\nC: d\r\n\r\n"),
        ("a request instead of a trailer", b"5\r\nhello\r\n0\r\n" + get()),
        ("extensions too long in sum", (b"5;" + b"a" * 5000 + b"\r\nhello\r\n") * 4),
        ("endless extension", b"5;" + b"a" * 17000),
        ("endless quoted extension", b'5;a="' + b"b" * 17000),
    ):
        yield refused(f"chunk: {name}", chunked(body))
    for name, trailers in (
        ("too many trailers", b"A: b\r\n" * 101),
        ("too many forbidden trailers", b"Host: b\r\n" * 101),
        ("trailer too long", b"A: " + b"b" * 32766 + b"\r\n"),
        ("endless trailer", b"A: " + b"b" * 33000),
        ("endless name of a trailer", b"A" * 33000),
        ("trailers too long in sum", (b"A: " + b"b" * 3000 + b"\r\n") * 22),
    ):
        yield refused(f"chunk: {name}", chunked(b"0\r\n" + trailers + b"\r\n"), 431)
    for name, body in (
        ("plain", b"5\r\nhello\r\n0\r\n\r\n"),
        ("several", b"1\r\nh\r\n2\r\nel\r\n2\r\nlo\r\n0\r\n\r\n"),
        ("leading zeros", b"0005\r\nhello\r\n0000\r\n\r\n"),
        ("16 digits", b"0000000000000005\r\nhello\r\n0\r\n\r\n"),
        ("extension", b"5;a\r\nhello\r\n0;b=c\r\n\r\n"),
        ("extensions", b'5;a=b;c="d;e\\"f";g\r\nhello\r\n0\r\n\r\n'),
        ("trailer", b"5\r\nhello\r\n0\r\nA: b\r\n\r\n"),
        ("trailers", b"5\r\nhello\r\n0\r\nA: b\r\nContent-Length: 9\r\nA:c\r\n\r\n"),
    ):
        yield taken(f"chunk: {name}", chunked(body) + get(), POST, GET)
    body = b"A\r\n\r\n0\r\n\r\nabc\r\n0\r\n\r\n"
    yield taken("chunk: CRLF as data", chunked(body), ("POST", "/", b"\r\n0\r\n\r\nabc"))
    yield taken("chunk: none", chunked(b"0\r\n\r\n"), ("POST", "/", b""))
    for name, body in (
        ("nothing", b""),
        ("half a size", b"5"),
        ("half a CRLF", b"5\r"),
        ("half of the data", b"5\r\nhe"),
        ("no last chunk", b"5\r\nhello\r\n"),
        ("no end of the trailer section", b"5\r\nhello\r\n0\r\n"),
        ("half a trailer", b"5\r\nhello\r\n0\r\nA: b"),
        ("half of the last CRLF", b"5\r\nhello\r\n0\r\n\r"),
    ):
        yield cut_short(f"chunk: cut short: {name}", chunked(body))


def fields() -> Iterator[Vector]:
    for name, field in (
        ("no colon", b"A"),
        ("no colon, spaces", b"A b c"),
        ("no name", b": b"),
        ("only a colon", b":"),
        ("space before the colon", b"A : b"),
        ("tab before the colon", b"A\t: b"),
        ("NUL before the colon", b"A\x00: b"),
        ("space in the name", b"A B: c"),
        ("leading space", b" A: b"),
        ("leading tab", b"\tA: b"),
        ("folded with a space", b"A: b\r\n c"),
        ("folded with a tab", b"A: b\r\n\tc"),
        ("folded, with a colon", b"A: b\r\n c: d"),
        ("a line of white space", b"A: b\r\n \r\nC: d"),
        ("CR and LF apart, LF at the end", b"A: b\rC: d\n"),
        ("LF and CR apart, CR at the end", b"A: b\nC: d\r"),
        ("two LF, one at the end", b"A: b\nC: d\n"),
        ("CR, LF, CR, LF", b"A: b\rC: d\nE: f\rG: h\n"),
        ("LF at the end", b"A: b\n"),
        ("CR, tab, LF at the end", b"A: b\r\t\n"),
        ("NUL in the value", b"A: b\x00c"),
        ("NUL alone", b"A:\x00"),
        ("bare CR in the value", b"A: b\rc"),
        ("bare CR before the end", b"A: b\r"),
        ("bare LF", b"A: b\nC: d"),
        ("LF CR", b"A: b\n\rC: d"),
        ("BEL", b"A: \x07"),
        ("ESC", b"A: \x1b[31m"),
        ("VT", b"A: \x0b"),
        ("FF", b"A: \x0c"),
        ("DEL", b"A: \x7f"),
        ("brackets in the name", b"A[]: b"),
        ("parentheses in the name", b"A(): b"),
        ("quotes in the name", b'"A": b'),
        ("slash in the name", b"A/B: c"),
        ("comma in the name", b"A,B: c"),
        ("at sign in the name", b"A@: b"),
        ("latin-1 in the name", b"\xc4: b"),
        ("NBSP in the name", b"A\xa0: b"),
        ("UTF-8 in the name", "Ä: b".encode()),
        ("soft hyphen in the name", b"Content-Length\xad: 5"),
    ):
        yield refused(f"field: {name}", get(field))
        yield refused(f"field: {name}, last of the pipelined", get() + get(field), 400, GET)
    yield refused("field: LF instead of the empty line", b"GET / HTTP/1.1\r\nHost: a\r\n\n")
    yield refused("field: CR instead of the empty line", b"GET / HTTP/1.1\r\nHost: a\r\n\rx")
    yield refused("field: all LF", b"GET / HTTP/1.1\nHost: a\n\n")
    yield refused("field: all CR", b"GET / HTTP/1.1\rHost: a\r\r")
    yield refused("field: space before the first", b"GET / HTTP/1.1\r\n Host: a\r\n\r\n")
    yield refused("field: tab before the first", b"GET / HTTP/1.1\r\n\tHost: a\r\n\r\n")
    yield refused("field: too many", get(*[b"A: b"] * 100), 431)
    yield refused("field: too long", get(b"A: " + b"b" * 32766), 431)
    yield refused("fields: too long in sum", get(*[b"A: " + b"b" * 3000] * 22), 431)
    yield refused("field: endless name", b"GET / HTTP/1.1\r\n" + b"a" * 33000, 431)
    yield refused("field: endless value", b"GET / HTTP/1.1\r\nA:" + b" " * 33000, 431)
    for name, field in (
        ("empty value", b"A:"),
        ("white space as value", b"A: \t "),
        ("no space behind the colon", b"A:b"),
        ("all kinds of token characters", b"!#$%&'*+-.^_`|~09azAZ: b"),
        ("tab in the value", b"A: b\tc"),
        ("latin-1 in the value", b"A: \xe4\xa0"),
        ("UTF-8 in the value", "A: ä€".encode()),
        ("quotes, brackets, colons", b'A: "b" (c) [d] {e} f:g'),
        ("as many as allowed", b"\r\n".join([b"A: b"] * 99)),
        ("as long as allowed", b"A: " + b"b" * 32765),
    ):
        yield taken(f"field: {name}", get(field), GET)


def hosts() -> Iterator[Vector]:
    yield refused("Host: missing", b"GET / HTTP/1.1\r\n\r\n")
    yield refused("Host: missing, other fields", b"GET / HTTP/1.1\r\nA: b\r\n\r\n")
    yield refused("Host: missing in 1.2", b"GET / HTTP/1.2\r\n\r\n")
    yield refused("Host: twice, equal", host(b" a", b" a"))
    yield refused("Host: twice, different", host(b" a", b" b"))
    yield refused("Host: twice in 1.0", b"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n")
    for name, value in (
        ("path", b"a/b"),
        ("scheme", b"http://a"),
        ("user", b"u@a"),
        ("user and password", b"u:p@a"),
        ("query", b"a?b"),
        ("fragment", b"a#b"),
        ("space", b"a b"),
        ("tab", b"a\tb"),
        ("list", b"a, b"),
        ("backslash", b"a\\b"),
        ("quotes", b'"a"'),
        ("angle brackets", b"<a>"),
        ("latin-1", b"\xe4"),
        ("bad percent-encoding", b"a%4"),
        ("port with a letter", b"a:8o"),
        ("port with a sign", b"a:+80"),
        ("port too big", b"a:65536"),
        ("port of six digits", b"a:000080"),
        ("port twice", b"a:80:80"),
        ("port of another script", "a:٨٠".encode()),
        ("port alone", b":80"),
        ("colon alone", b":"),
        ("empty port", b"a:"),
        ("IPv6 without brackets", b"::1"),
        ("IPv6, open bracket", b"[::1"),
        ("IPv6, closed bracket", b"::1]"),
        ("IPv6, empty", b"[]"),
        ("IPv6, too many groups", b"[1:2:3:4:5:6:7:8:9]"),
        ("IPv6, two gaps", b"[1::2::3]"),
        ("IPv6, group too long", b"[12345::]"),
        ("IPv6, zone", b"[fe80::1%25eth0]"),
        ("IPv6, junk behind", b"[::1]a"),
        ("IPv6, IPv4 tail out of range", b"[::ffff:1.2.3.256]"),
        ("IPv6, IPv4 tail with leading zeros", b"[::ffff:1.2.3.04]"),
        ("IPv4 in brackets", b"[1.2.3.4]"),
        ("IPvFuture", b"[v1.a]"),
    ):
        yield refused(f"Host: {name}", host(b" " + value))
    for name, value in (
        ("name", b" example.com"),
        ("no space", b"example.com"),
        ("upper case", b" EXAMPLE.COM"),
        ("trailing dot", b" example.com."),
        ("underscore", b" my_host"),
        ("port", b" a:80"),
        ("largest port", b" a:65535"),
        ("IPv4", b" 127.0.0.1:8080"),
        ("a name that only looks like IPv4", b" 1.2.3.256"),
        ("IPv6", b" [::1]"),
        ("IPv6 with a port", b" [2001:db8::1]:443"),
        ("IPv6 with an IPv4 tail", b" [::ffff:1.2.3.4]"),
        ("empty", b""),
        ("percent-encoding", b" %61"),
        ("sub-delimiters", b" a!$&'()*+,;="),
    ):
        yield taken(f"Host: {name}", host(value), GET)
    yield refused("Host: malformed in 1.0", b"GET / HTTP/1.0\r\nHost: a/b\r\n\r\n")
    yield refused("Host: malformed, absolute form", b"GET http://a/ HTTP/1.1\r\nHost: a/b\r\n\r\n")
    yield taken("Host: HTTP/1.0 may do without", b"GET / HTTP/1.0\r\n\r\n", GET)
    yield taken("Host: differs from the absolute form", line(b"GET http://b/ HTTP/1.1"), GET)
    yield refused("Host: missing, absolute form", b"GET http://a/ HTTP/1.1\r\n\r\n")
    yield refused("Host: empty, absolute form", b"GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n")
    yield refused("Host: empty, CONNECT", b"CONNECT a:1 HTTP/1.1\r\nHost:\r\n\r\n")


def request_lines() -> Iterator[Vector]:
    for name, request_line, status in (
        ("two spaces before the target", b"GET  / HTTP/1.1", 400),
        ("two spaces behind the target", b"GET /  HTTP/1.1", 400),
        ("tab before the target", b"GET\t/ HTTP/1.1", 400),
        ("tab behind the target", b"GET /\tHTTP/1.1", 400),
        ("VT before the target", b"GET\x0b/ HTTP/1.1", 400),
        ("FF behind the target", b"GET /\x0cHTTP/1.1", 400),
        ("NBSP before the target", b"GET\xa0/ HTTP/1.1", 400),
        ("leading space", b" GET / HTTP/1.1", 400),
        ("leading tab", b"\tGET / HTTP/1.1", 400),
        ("trailing space", b"GET / HTTP/1.1 ", 400),
        ("trailing tab", b"GET / HTTP/1.1\t", 400),
        ("trailing CR", b"GET / HTTP/1.1\r", 400),
        ("bare CR inside", b"GET /\r HTTP/1.1", 400),
        ("bare LF inside", b"GET /\n HTTP/1.1", 400),
        ("NUL in the target", b"GET /\x00 HTTP/1.1", 400),
        ("DEL in the target", b"GET /\x7f HTTP/1.1", 400),
        ("latin-1 in the target", b"GET /\xe4 HTTP/1.1", 400),
        ("UTF-8 in the target", "GET /ä HTTP/1.1".encode(), 400),
        ("fragment", b"GET /#a HTTP/1.1", 400),
        ("fragment behind a query", b"GET /?a#b HTTP/1.1", 400),
        ("quotes in the target", b'GET /" HTTP/1.1', 400),
        ("angle brackets in the target", b"GET /<a> HTTP/1.1", 400),
        ("backslash in the path", b"GET /\\a HTTP/1.1", 400),
        ("bad percent-encoding in the path", b"GET /%4 HTTP/1.1", 400),
        ("percent sign in the path", b"GET /%zz HTTP/1.1", 400),
        ("no target", b"GET HTTP/1.1", 400),
        ("empty target", b"GET  HTTP/1.1", 400),
        ("relative path", b"GET a HTTP/1.1", 400),
        ("query alone", b"GET ?a HTTP/1.1", 400),
        ("HTTP/0.9 style", b"GET /", 400),
        ("method alone", b"GET", 400),
        ("no method", b"/ HTTP/1.1", 400),
        ("empty method", b" / HTTP/1.1", 400),
        ("HTTP/1.10", b"GET / HTTP/1.10", 400),
        ("HTTP/01.1", b"GET / HTTP/01.1", 400),
        ("HTTP/1.", b"GET / HTTP/1.", 400),
        ("HTTP/1", b"GET / HTTP/1", 400),
        ("HTTP/1,1", b"GET / HTTP/1,1", 400),
        ("HTTP/ 1.1", b"GET / HTTP/ 1.1", 400),
        ("HTTP /1.1", b"GET / HTTP /1.1", 400),
        ("HTTP/+1.1", b"GET / HTTP/+1.1", 400),
        ("HTTP/-1.1", b"GET / HTTP/-1.1", 400),
        ("lower case http", b"GET / http/1.1", 400),
        ("mixed case Http", b"GET / Http/1.1", 400),
        ("HTTPS/1.1", b"GET / HTTPS/1.1", 400),
        ("digit of another script", "GET / HTTP/1.١".encode(), 400),
        ("superscript digit", b"GET / HTTP/1.\xb9", 400),
        ("HTTP/2.0", b"GET / HTTP/2.0", 505),
        ("HTTP/0.9", b"GET / HTTP/0.9", 505),
        ("HTTP/9.9", b"GET / HTTP/9.9", 505),
        ("method with a bracket", b"GET[] / HTTP/1.1", 400),
        ("method with quotes", b'"GET" / HTTP/1.1', 400),
        ("method with a colon", b"GET: / HTTP/1.1", 400),
        ("method with a slash", b"GET/ / HTTP/1.1", 400),
        ("method with a NUL", b"GET\x00 / HTTP/1.1", 400),
        ("method in latin-1", b"G\xc4T / HTTP/1.1", 400),
        ("very long method", b"A" * 65 + b" / HTTP/1.1", 501),
        ("very long target", b"GET /" + b"a" * 16400 + b" HTTP/1.1", 414),
        ("very long query", b"GET /?" + b"a" * 16400 + b" HTTP/1.1", 414),
        ("authority form outside CONNECT", b"GET a:80 HTTP/1.1", 400),
        ("host alone outside CONNECT", b"GET example.com HTTP/1.1", 400),
        ("asterisk outside OPTIONS", b"GET * HTTP/1.1", 400),
        ("asterisk with more", b"OPTIONS *a HTTP/1.1", 400),
        ("CONNECT without a port", b"CONNECT a HTTP/1.1", 400),
        ("CONNECT without a port, to a number", b"CONNECT 80 HTTP/1.1", 400),
        ("CONNECT without a port, to IPv4", b"CONNECT 127.0.0.1 HTTP/1.1", 400),
        ("CONNECT without a port, to IPv6", b"CONNECT [::1] HTTP/1.1", 400),
        ("CONNECT with an empty port", b"CONNECT a: HTTP/1.1", 400),
        ("CONNECT without a host", b"CONNECT :80 HTTP/1.1", 400),
        ("CONNECT with a path", b"CONNECT a:80/ HTTP/1.1", 400),
        ("CONNECT in origin form", b"CONNECT / HTTP/1.1", 400),
        ("CONNECT in absolute form", b"CONNECT http://a:80 HTTP/1.1", 400),
        ("CONNECT with a user", b"CONNECT u@a:80 HTTP/1.1", 400),
        ("CONNECT, port too big", b"CONNECT a:65536 HTTP/1.1", 400),
        ("CONNECT, port zero", b"CONNECT a:0 HTTP/1.1", 400),
        ("CONNECT, port of zeros", b"CONNECT a:00000 HTTP/1.1", 400),
        ("absolute form: other scheme", b"GET ftp://a/ HTTP/1.1", 400),
        ("absolute form: no scheme", b"GET ://a/ HTTP/1.1", 400),
        ("absolute form: no host", b"GET http:///a HTTP/1.1", 400),
        ("absolute form: port alone", b"GET http://:80/ HTTP/1.1", 400),
        ("absolute form: user", b"GET http://u@a/ HTTP/1.1", 400),
        ("absolute form: user and password", b"GET http://u:p@a/ HTTP/1.1", 400),
        ("absolute form: fragment", b"GET http://a/#b HTTP/1.1", 400),
        ("absolute form: bad port", b"GET http://a:b/ HTTP/1.1", 400),
        ("absolute form: empty port", b"GET http://a:/ HTTP/1.1", 400),
        ("absolute form: bad percent-encoding", b"GET http://a/%4 HTTP/1.1", 400),
        ("absolute form: one slash", b"GET http:/a HTTP/1.1", 400),
        ("absolute form: backslash", b"GET http://a\\b/ HTTP/1.1", 400),
        ("PROXY line", b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2", 400),
    ):
        yield refused(f"request line: {name}", line(request_line), status)
    yield refused("request line: empty line in place of a method", b"\r\n\r\n" + get())
    yield refused("request line: three empty lines", b"\r\n\r\n\r\n" + get())
    yield refused("request line: LF before", b"\n" + get())
    yield refused("request line: CR before", b"\r" + get())
    yield refused("request line: endless method", b"A" * 16400, 414)
    yield refused("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505)
    yield refused("TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(99)))
    yield refused("PROXY protocol, second version", b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c")
    for name, request_line, request in (
        ("HTTP/1.0", b"GET / HTTP/1.0", GET),
        ("later minor version", b"GET / HTTP/1.9", GET),
        ("unknown method", b"BREW / HTTP/1.1", ("BREW", "/", b"")),
        ("lower case method", b"get / HTTP/1.1", ("get", "/", b"")),
        ("method of odd characters", b"!#$%&'*+-.^_`|~ / HTTP/1.1", ("!#$%&'*+-.^_`|~", "/", b"")),
        ("longest method", b"A" * 64 + b" / HTTP/1.1", ("A" * 64, "/", b"")),
        ("query", b"GET /a?b=c&d HTTP/1.1", ("GET", "/a?b=c&d", b"")),
        ("empty query", b"GET /? HTTP/1.1", ("GET", "/?", b"")),
        (
            "all that a path and a query may hold",
            b"GET /-._~!$&'()*+,;=:@%20//?-._~!$&'()*+,;=:@/?%20 HTTP/1.1",
            ("GET", "/-._~!$&'()*+,;=:@%20//?-._~!$&'()*+,;=:@/?%20", b""),
        ),
        (
            "8,000 bytes",
            b"GET /" + b"a" * (8000 - len(b"GET / HTTP/1.1")) + b" HTTP/1.1",
            ("GET", "/" + "a" * (8000 - len(b"GET / HTTP/1.1")), b""),
        ),
        ("question marks", b"GET /?a?b HTTP/1.1", ("GET", "/?a?b", b"")),
        ("percent-encoding", b"GET /%41%2f%00 HTTP/1.1", ("GET", "/%41%2f%00", b"")),
        ("what browsers send", b"GET /[^`{|}]?%zz\\ HTTP/1.1", ("GET", "/[^`{|}]?%zz\\", b"")),
        ("two slashes", b"GET //a HTTP/1.1", ("GET", "//a", b"")),
        ("dots", b"GET /../a HTTP/1.1", ("GET", "/../a", b"")),
        ("path with an authority in it", b"GET /http://b HTTP/1.1", ("GET", "/http://b", b"")),
        ("absolute form", b"GET http://a/b?c HTTP/1.1", ("GET", "/b?c", b"")),
        ("absolute form, upper case", b"GET HTTPS://A:1/ HTTP/1.1", GET),
        ("absolute form, no path", b"GET http://a HTTP/1.1", GET),
        ("absolute form, query alone", b"GET http://a?b HTTP/1.1", ("GET", "/?b", b"")),
        ("absolute form, IPv6", b"GET http://[::1]:1/ HTTP/1.1", GET),
        ("absolute form, OPTIONS", b"OPTIONS http://a HTTP/1.1", ("OPTIONS", "*", b"")),
        ("absolute form, OPTIONS /", b"OPTIONS http://a/ HTTP/1.1", ("OPTIONS", "/", b"")),
        ("asterisk", b"OPTIONS * HTTP/1.1", ("OPTIONS", "*", b"")),
        ("CONNECT", b"CONNECT a:80 HTTP/1.1", ("CONNECT", "a:80", b"")),
        ("CONNECT, IPv6", b"CONNECT [::1]:80 HTTP/1.1", ("CONNECT", "[::1]:80", b"")),
        ("CONNECT, leading zeros", b"CONNECT a:00080 HTTP/1.1", ("CONNECT", "a:00080", b"")),
    ):
        yield taken(f"request line: {name}", line(request_line), request)
    yield taken("an empty line before the request line", b"\r\n" + get(), GET)
    yield taken("an empty line between requests", get() + b"\r\n" + get(), GET, GET)
    yield taken("an empty line behind a body", post(b"Content-Length: 5") + b"\r\n", POST)
    yield taken("an empty line alone", b"\r\n")
    yield cut_short("half a request line", b"GET / HT")
    yield cut_short("half a head", b"GET / HTTP/1.1\r\nHost: a\r\n")
    yield cut_short("no end of a head", b"GET / HTTP/1.1\r\nHost: a\r\n\r")
    yield refused(
        "CONNECT with Content-Length",
        b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    )
    yield refused(
        "CONNECT with Transfer-Encoding",
        b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    )


def several() -> Iterator[Vector]:
    yield taken("pipelined", get() + post(b"Content-Length: 5") + get(), GET, POST, GET)
    yield taken("pipelined, chunked", chunked(b"5\r\nhello\r\n0\r\n\r\n") * 3, POST, POST, POST)
    yield refused("junk behind a good request", get() + b"\x00\x01\x02", 400, GET)
    yield refused("junk behind a good body", post(b"Content-Length: 5") + b"hello\x00", 400, POST)
    yield refused("good, bad, good", get() + get(b"A") + get(), 400, GET)
    yield refused(
        "smuggled behind both lengths",
        post(b"Content-Length: 6", b"Transfer-Encoding: chunked", body=b"0\r\n\r\nX"),
    )
    yield taken(
        "Expect: 100-continue, body there",
        post(b"Content-Length: 5", b"Expect: 100-continue"),
        POST,
    )
    yield taken("Expect, mixed case", post(b"Content-Length: 5", b"EXPECT: 100-Continue"), POST)
    yield taken("Expect without a body", get(b"Expect: 100-continue"), GET)
    yield taken("Expect in HTTP/1.0", b"GET / HTTP/1.0\r\nExpect: foo\r\n\r\n", GET)
    for value in (
        b"foo",
        b"",
        b"100-continue, foo",
        b"100-continue,",
        b"100",
        b"100-continue;a=b",
        b"100-continue\xa0",
    ):
        data = post(b"Content-Length: 5", b"Expect: " + value)
        yield refused(f"Expect: {value.decode('latin-1')!r}", data, 417)


REQUESTS: Final = (
    *content_length(),
    *transfer_encoding(),
    *chunks(),
    *fields(),
    *hosts(),
    *request_lines(),
    *several(),
)
