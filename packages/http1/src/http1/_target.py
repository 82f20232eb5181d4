"""The request target and the host: RFC 9112 section 3.2, RFC 9110 section 7.2, RFC 3986."""

import re
from typing import Final

from ._errors import HTTPInputError
from ._errors import printable
from ._grammar import ABSOLUTE_FORM
from ._grammar import AUTHORITY
from ._grammar import ORIGIN_FORM
from ._grammar import OWS

_MAX_PORT = 65535

_MAX_KNOWN_HOSTS: Final = 512
_MAX_KNOWN_HOST_LENGTH: Final = 256


class Hosts:
    """Values of Host found valid, as they came, with the white space around them.

    A server is asked for a few names again and again; bounded, never evicted.
    """

    __slots__ = ("known", "latest")

    def __init__(self) -> None:
        #: The usual ones.
        self.known: set[bytes] = set()
        #: The one that was found valid last. Most requests have the same; comparing with it takes
        #: no hash.
        self.latest = b""

    def check(self, value: bytes) -> None:
        """Raise `HTTPInputError` unless `value` may stand in a Host field; it may be empty."""
        if value not in self.known:
            host = value.decode("latin-1").strip(OWS)
            if host:
                check_authority(host)
            if len(self.known) < _MAX_KNOWN_HOSTS and len(value) <= _MAX_KNOWN_HOST_LENGTH:
                self.known.add(value)
        self.latest = value


#: The hosts that this process has been asked for.
hosts: Final = Hosts()


def parse_target(method: str, target: str) -> tuple[str, str]:
    """The path that is asked for, and the authority that goes before the Host field ("" if none).

    Of the four forms (RFC 9112 section 3.2), the origin form and the asterisk of OPTIONS stay as
    they are; of the absolute form the path and query are left, and the authority is the other
    part; for CONNECT the path is the authority itself. Raises `HTTPInputError` for a form that
    does not go with the method and for what is no valid target.
    """
    if method == "CONNECT":
        # RFC 9110 section 9.3.6: there is no default port, and nobody listens on port 0.
        if not check_authority(target).strip("0"):
            raise HTTPInputError("CONNECT needs a port in its target")
        return target, target
    if ORIGIN_FORM.fullmatch(target):
        return target, ""
    if target == "*" and method == "OPTIONS":
        return target, ""
    match = re.fullmatch(ABSOLUTE_FORM, target)
    if match is None:
        raise HTTPInputError(f"malformed request target: {printable(target)}")
    authority = match.group(2)
    check_authority(authority)
    rest = match.group(3) or ""
    if not rest and method == "OPTIONS":
        # RFC 9112 section 3.2.4: the last proxy makes an asterisk of an empty path.
        return "*", authority
    if not rest.startswith("/"):
        rest = f"/{rest}"
    if not ORIGIN_FORM.fullmatch(rest):
        raise HTTPInputError(f"malformed request target: {printable(target)}")
    return rest, authority


def check_scheme(target: str, scheme: str) -> None:
    """Raise `HTTPInputError` unless `target`, in absolute form, names `scheme`."""
    named = target.partition(":")[0].lower()
    if named != scheme:
        raise HTTPInputError(f"request for {named} on a connection that speaks {scheme}", 421)


def check_authority(authority: str) -> str:
    """The port in `authority`, "" if there is none.

    Raises `HTTPInputError` unless it is a host and, perhaps, a port.
    """
    match = AUTHORITY.fullmatch(authority)
    if match is None or not match.group(1):
        raise HTTPInputError(f"malformed host: {printable(authority)}")
    host, port = match.groups()
    if port is not None and int(port) > _MAX_PORT:
        raise HTTPInputError(f"port out of range: {printable(authority)}")
    if host.startswith("[") and not _is_ipv6(host[1:-1]):
        raise HTTPInputError(f"malformed IPv6 address: {printable(authority)}")
    return port or ""


def _is_ipv6(text: str) -> bool:
    # Imported when the first literal comes: most servers never see one, and it takes as long to
    # import as the rest of this package.
    from ipaddress import IPv6Address

    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True
