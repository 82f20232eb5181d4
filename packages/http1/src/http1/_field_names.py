"""Field names seen before: which of them are tokens, and how they are spelled by `HTTPHeaders`.

The same few dozen names come with every request, so that each name is checked against the grammar
and put into its canonical spelling once. The tables are bounded: when they are full, a new name is
checked each time it comes, which is slower and no less correct. Names are put in beforehand that
common clients and applications send, so that a peer that fills the tables with junk slows down
nobody but itself.
"""

from typing import Final

from ._grammar import TOKEN

_MAX_NAMES: Final = 2048
# What is longer is no usual name, and is not remembered.
MAX_NAME_LENGTH: Final = 64

# The names that say where a message ends and what becomes of its connection, in lower case
# (RFC 9112 section 6, RFC 9110 sections 7.2, 7.6.1, 7.8 and 10.1.1): a parser looks at these at
# once, whatever their spelling, and at no others. The usual spellings lead to the lower case.
FRAMING: Final = {
    spelling.encode(): name
    for name in (
        "connection",
        "content-length",
        "expect",
        "host",
        "transfer-encoding",
        "upgrade",
    )
    for spelling in (name, name.title())
}

# Names of valid fields that are none of FRAMING, as spelled on the wire.
ordinary: Final[set[bytes]] = set()

# Names that are tokens, and how they are spelled in `HTTPHeaders`.
known_spellings: Final[dict[str, str]] = {}

# The same for names as they came; filled with those that somebody has asked for.
wire_spellings: dict[bytes, str] = {}

# RFC 9110 section 6.5.1: fields that mean something for framing, routing, authentication, request
# modifiers or the content's form have no place in a trailer section.
FORBIDDEN_TRAILERS: Final = frozenset(
    (
        "age",
        "authorization",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-range",
        "content-type",
        "cookie",
        "date",
        "expect",
        "expires",
        "forwarded",
        "host",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "keep-alive",
        "location",
        "max-forwards",
        "pragma",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "range",
        "retry-after",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "vary",
        "warning",
        "www-authenticate",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-real-ip",
        "x-scheme",
    )
)

# Names in canonical spelling that a writer can send without a further look: they are tokens, and
# none of those in whose values it takes an interest.
plain_names: Final[set[str]] = set()

# All the values of `known_spellings`.
canonical_names: Final[set[str]] = set()
_WRITERS_CONCERN: Final = frozenset(
    ("Connection", "Content-Length", "Date", "Expect", "Host", "Transfer-Encoding")
)


def is_token(name: str) -> bool:
    """Whether `name` is a token (RFC 9110 section 5.6.2), as every field name must be."""
    return TOKEN.fullmatch(name) is not None


def learn_ordinary(name: bytes) -> None:
    """Remember that `name`, a token that is not one of FRAMING, needs no further look."""
    if len(ordinary) < _MAX_NAMES and len(name) <= MAX_NAME_LENGTH:
        ordinary.add(name)


def canonical(name: str) -> str:
    """`name` in the spelling that `HTTPHeaders` uses: `content-TYPE` becomes `Content-Type`."""
    known = known_spellings.get(name)
    if known is not None:
        return known
    spelled = "-".join([word.capitalize() for word in name.split("-")])
    if len(known_spellings) < _MAX_NAMES and len(name) <= MAX_NAME_LENGTH and is_token(name):
        known_spellings[name] = spelled
        if spelled not in _WRITERS_CONCERN:
            plain_names.add(spelled)
        canonical_names.add(spelled)
    return spelled


def canonical_of_wire(name: bytes) -> str:
    """`canonical` for a name as it came, a token."""
    spelled = wire_spellings.get(name)
    if spelled is None:
        spelled = canonical(name.decode("ascii"))
        if len(wire_spellings) < _MAX_NAMES and len(name) <= MAX_NAME_LENGTH:
            wire_spellings[name] = spelled
    return spelled


def _learn_common_names() -> None:
    # All at once: that is many times faster than one by one, and every import waits for it.
    spelled = _COMMON.title().split()
    canonical_names.update(spelled)
    plain_names.update(canonical_names - _WRITERS_CONCERN)
    for names in (_COMMON, _COMMON.lower()):
        known_spellings.update(zip(names.split(), spelled, strict=True))
        ordinary.update(names.encode().split())
    ordinary.difference_update(FRAMING)


_COMMON: Final = """
    Accept Accept-Charset Accept-Encoding Accept-Language Accept-Ranges
    Access-Control-Allow-Credentials Access-Control-Allow-Headers Access-Control-Allow-Methods
    Access-Control-Allow-Origin Access-Control-Expose-Headers Access-Control-Max-Age
    Access-Control-Request-Headers Access-Control-Request-Method Age Allow Alt-Svc Authorization
    Cache-Control CF-Connecting-IP Connection Content-Disposition Content-Encoding
    Content-Language Content-Length Content-Location Content-Range Content-Security-Policy
    Content-Type Cookie Date DNT ETag Expect Expires Forwarded From Host If-Match
    If-Modified-Since If-None-Match If-Range If-Unmodified-Since Keep-Alive Last-Modified Link
    Location Max-Forwards Origin Permissions-Policy Pragma Priority Proxy-Authenticate
    Proxy-Authorization Proxy-Connection Range Referer Referrer-Policy Retry-After
    Sec-CH-UA Sec-CH-UA-Mobile Sec-CH-UA-Platform Sec-Fetch-Dest Sec-Fetch-Mode Sec-Fetch-Site
    Sec-Fetch-User Sec-GPC Sec-WebSocket-Accept Sec-WebSocket-Extensions Sec-WebSocket-Key
    Sec-WebSocket-Protocol Sec-WebSocket-Version Server Server-Timing Set-Cookie
    Strict-Transport-Security TE Traceparent Tracestate Trailer Transfer-Encoding Upgrade
    Upgrade-Insecure-Requests User-Agent Vary Via WWW-Authenticate X-Content-Type-Options
    X-Correlation-ID X-CSRF-Token X-CSRFToken X-Forwarded-For X-Forwarded-Host X-Forwarded-Port
    X-Forwarded-Proto X-Frame-Options X-Real-IP X-Request-ID X-Requested-With X-Scheme
    X-XSRFToken X-XSS-Protection
"""

_learn_common_names()
