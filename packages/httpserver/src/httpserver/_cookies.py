"""The `Cookie` field of a request: RFC 6265 section 5.4, read as leniently as browsers need it."""

import re
from http.cookies import CookieError
from http.cookies import Morsel
from http.cookies import SimpleCookie
from typing import Final

# What `http.cookies` writes into a quoted value: a backslash and three octal digits, or a
# backslash and the character.
_ESCAPED: Final = re.compile(r"\\(?:([0-3][0-7][0-7])|(.))")


def parse_cookies(field: str) -> SimpleCookie:
    """The cookies in `field`, as `http.cookies.Morsel` objects by name.

    A pair that `http.cookies` could not have set, because of its name for instance, is left out;
    the pairs around it are not affected. When a name comes twice the last one counts. Takes time in
    proportion to the length of `field`.
    """
    cookies = SimpleCookie()
    for pair in field.split(";"):
        name, equals, coded = pair.partition("=")
        name = name.strip(" \t")
        coded = coded.strip(" \t")
        if not equals or not name:
            continue
        morsel: Morsel[str] = Morsel()
        try:
            morsel.set(name, _unquote(coded), coded)
        except CookieError:
            continue
        cookies[name] = morsel
    return cookies


def _unquote(coded: str) -> str:
    if len(coded) < 2 or not (coded.startswith('"') and coded.endswith('"')):
        return coded
    return _ESCAPED.sub(_unescape, coded[1:-1])


def _unescape(match: re.Match[str]) -> str:
    octal = match[1]
    return chr(int(octal, 8)) if octal else match[2]
