"""The grammar of the `Forwarded` field (RFC 7239 section 4), read from the right.

The right end is what the nearest proxy wrote, the left end may be anything that a client made up.
So elements are taken from the right and only as far as somebody asks. An element that is not well
formed is given as None; what stands left of it can not be told apart any more, so the reading ends
there.

Why this finds the same elements as reading from the left, whenever the whole field is well formed:
a comma separates elements unless it stands in a quoted string, that is, unless an odd number of
quotes (those that no backslash escapes) stands between it and the next separating comma. So pieces
between commas are joined, from the right, until their quotes are even.
"""

import re
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Final
from typing import NamedTuple

from ._address import PackedAddress
from ._address import is_port
from ._address import parse_bracketed
from ._address import parse_ip

_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED: Final = r'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'

# forwarded-element = [ forwarded-pair ] *( ";" [ forwarded-pair ] )
# forwarded-pair = token "=" value, value = token / quoted-string
# White space around ";" is not in this grammar; proxies write it all the same, and it can't be taken
# for anything else. Possessive quantifiers: nothing is ever gained by giving white space back, and
# 60 KB of it must not be tried in every split.
_PAIR: Final = re.compile(rf"[ \t]*+(?:({_NAME})=({_NAME}|{_QUOTED}))?+[ \t]*+(?:;|\Z)")
_ESCAPED: Final = re.compile(r"\\(.)")


class Hop(NamedTuple):
    """What one proxy says about who spoke to it."""

    node: str | None
    """The `for` parameter, unquoted, or None when there is none."""
    scheme: str
    """The `proto` parameter, unquoted, or an empty string."""


def hops(lines: Sequence[str]) -> Iterator[Hop | None]:
    """The elements of all `lines` of the `Forwarded` field, the last one first.

    Empty elements are skipped (RFC 9110 section 5.6.1). The iterator ends after the first None,
    which stands for an element that is not well formed.
    """
    for line in reversed(lines):
        for element in _elements(line):
            hop = _parse_element(element)
            yield hop
            if hop is None:
                return


def parse_for(node: str) -> PackedAddress | None:
    """The address in a `for` parameter, or None for `unknown`, an obfuscated name or junk.

    RFC 7239 section 6: an IPv6 address stands in brackets, always.
    """
    if node.startswith("["):
        return parse_bracketed(node)
    host, colon, port = node.partition(":")
    if colon and not is_port(port):
        return None
    return parse_ip(host)


def _elements(line: str) -> Iterator[str]:
    pieces: list[str] = []
    quotes = 0
    end = len(line)
    while end >= 0:
        comma = line.rfind(",", 0, end)
        piece = line[comma + 1 : end]
        end = comma
        pieces.append(piece)
        quotes += _ESCAPED.sub("", piece).count('"')
        if quotes % 2:
            continue
        element = ",".join(reversed(pieces)).strip(" \t")
        pieces.clear()
        if element:
            yield element
    if pieces:
        yield ",".join(reversed(pieces))


def _parse_element(element: str) -> Hop | None:
    pairs: dict[str, str] = {}
    position = 0
    while position < len(element):
        match = _PAIR.match(element, position)
        if match is None:
            return None
        position = match.end()
        name, value = match.groups()
        if name is None:
            continue
        name = name.lower()
        if name in pairs:
            # RFC 7239 section 4: a parameter occurs at most once in an element.
            return None
        pairs[name] = _ESCAPED.sub(r"\1", value[1:-1]) if value.startswith('"') else value
    return Hop(pairs.get("for"), pairs.get("proto", ""))
