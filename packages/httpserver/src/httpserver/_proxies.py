"""Who the client is, when requests come through proxies: pure functions of peer, fields and
policy."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from itertools import islice
from typing import Final
from typing import Literal
from typing import NamedTuple
from typing import Protocol

from ._address import UNIX_PEER
from ._address import AddressSet
from ._address import PackedAddress
from ._address import format_ip
from ._address import parse_ip
from ._address import parse_node
from ._mypyc import mypyc_attr

AddressHeader = Literal["X-Forwarded-For", "X-Real-Ip", "Forwarded"]
SchemeHeader = Literal["X-Forwarded-Proto", "X-Scheme"]

_ADDRESS_HEADERS: Final = ("X-Forwarded-For", "X-Real-Ip", "Forwarded")
_SCHEME_HEADERS: Final = ("X-Forwarded-Proto", "X-Scheme")


class FieldLines(Protocol):
    """What is needed of a request's headers: all values of a field, in their order."""

    def get_list(self, name: str, /) -> list[str]: ...


class Client(NamedTuple):
    """Who sent a request, as far as it is known."""

    remote_ip: str
    """An IP address in its canonical spelling, or `"unix"` for a peer on a Unix socket."""
    protocol: str
    """The scheme by which that client spoke to the next hop: `"http"` or `"https"`."""


@mypyc_attr(allow_interpreted_subclasses=True)
class TrustedProxies:
    """Which header is believed about the client, and from which peers: the value for `xheaders`.

    A request from a peer in `networks` has the client that this peer's header names. Of a list of
    hops (`X-Forwarded-For`, `Forwarded`) the last one that is not itself in `networks` is taken:
    what stands left of it was written by nobody known. When all are in `networks` it is the first
    one. An element that is no address (`unknown`, a word, `127.1`) ends the walk at the hop before
    it, the peer itself if there is none. Requests of all other peers are from these peers, whatever
    their fields say. Fields that were not named here are never looked at.

    The scheme is taken from the same hop as the address, or from the nearest one when none names an
    address, and only if it is `http` or `https`.

    ```python
    HTTPServer(app, xheaders=TrustedProxies(["10.0.0.0/8"]))
    HTTPServer(app, xheaders=TrustedProxies(["unix"], header="X-Real-Ip"))
    HTTPServer(app, xheaders=TrustedProxies(["192.0.2.7"], header="Forwarded"))
    ```

    Args:
        networks: addresses, networks in CIDR notation, and `"unix"` for peers on Unix sockets.
        header: the field that the proxies set: `"X-Forwarded-For"`, `"X-Real-Ip"` or
            `"Forwarded"` (RFC 7239).
        scheme_header: the field in which they tell the scheme, `"X-Forwarded-Proto"` or
            `"X-Scheme"`; None when they don't. By default `"X-Forwarded-Proto"`, with `Forwarded`
            none, because that field has a `proto` of its own.

    Raises:
        ValueError: an entry of `networks` is no address, network or `"unix"`; an unknown field
            name; a `scheme_header` together with `Forwarded`.
        TypeError: `networks` is not a list of strings.
    """

    def __init__(
        self,
        networks: Iterable[str],
        *,
        header: AddressHeader = "X-Forwarded-For",
        scheme_header: SchemeHeader | Literal["default"] | None = "default",
    ) -> None:
        if header not in _ADDRESS_HEADERS:
            raise ValueError(f"header must be one of {', '.join(_ADDRESS_HEADERS)}, not {header!r}")
        if scheme_header == "default":
            scheme_header = None if header == "Forwarded" else "X-Forwarded-Proto"
        elif scheme_header is not None:
            if scheme_header not in _SCHEME_HEADERS:
                raise ValueError(
                    f"scheme_header must be one of {', '.join(_SCHEME_HEADERS)} or None,"
                    f" not {scheme_header!r}"
                )
            if header == "Forwarded":
                raise ValueError("Forwarded tells the scheme itself: scheme_header must be None")
        self._proxies = AddressSet(networks)
        self._believes_anyone = False
        self._address_headers: tuple[AddressHeader, ...] = (header,)
        self._scheme_headers: tuple[SchemeHeader, ...] = (scheme_header,) if scheme_header else ()

    def resolve(self, peer: str, protocol: str, headers: FieldLines) -> Client:
        """The client behind a request. Nothing is changed by asking, and nothing is remembered.

        Args:
            peer: the address at the other end of the connection, `"unix"` for a Unix socket.
            protocol: the scheme spoken on the connection.
            headers: the request's fields.
        """
        if not self._believes_anyone and not self._is_proxy(peer):
            return Client(peer, protocol)
        for name in self._address_headers:
            lines = headers.get_list(name)
            if not lines:
                continue
            if name == "Forwarded":
                return self._from_forwarded(lines, peer, protocol)
            address, hop = self._from_list(lines, name)
            if address is not None:
                return Client(format_ip(address), self._scheme(headers, hop, protocol))
        return Client(peer, self._scheme(headers, 0, protocol))

    def _is_proxy(self, peer: str) -> bool:
        address = parse_ip(peer)
        return (address is not None or peer == UNIX_PEER) and address in self._proxies

    def _from_list(
        self, lines: Sequence[str], name: AddressHeader
    ) -> tuple[PackedAddress | None, int]:
        """The address that a list of hops names, and how many hops away it is."""
        if name == "X-Real-Ip":
            # One address, not a list. Several are the work of somebody who may not set it.
            return (parse_node(lines[0].strip(" \t")) if len(lines) == 1 else None), 0
        found: PackedAddress | None = None
        hop = 0
        for index, element in enumerate(_from_the_right(lines)):
            address = parse_node(element)
            if address is None:
                break
            found, hop = address, index
            if address not in self._proxies:
                break
        return found, hop

    def _from_forwarded(self, lines: Sequence[str], peer: str, protocol: str) -> Client:
        # Imported here, because few proxies send it.
        from ._forwarded import hops
        from ._forwarded import parse_for

        remote_ip, scheme = peer, ""
        for index, hop in enumerate(hops(lines)):
            if hop is None:
                break
            address = parse_for(hop.node) if hop.node else None
            if index == 0 or address is not None:
                scheme = hop.scheme
            if address is None:
                break
            remote_ip = format_ip(address)
            if address not in self._proxies:
                break
        return Client(remote_ip, _http_scheme(scheme) or protocol)

    def _scheme(self, headers: FieldLines, hop: int, protocol: str) -> str:
        for name in self._scheme_headers:
            schemes = list(islice(_from_the_right(headers.get_list(name)), hop + 1))
            if schemes:
                # A proxy that sets the field instead of adding to it makes this list shorter than
                # that of the addresses; its first entry is then the best that is known of the hops
                # before.
                return _http_scheme(schemes[-1]) or protocol
        return protocol


class XHeaders(TrustedProxies):
    """What `xheaders=True` means: `X-Real-Ip` or else `X-Forwarded-For`, from anybody.

    The scheme is that of `X-Scheme` or else of `X-Forwarded-Proto`. With `trusted_downstream` only
    these peers are believed, and passed over in `X-Forwarded-For`; without, everybody is, so that
    the server must not be reachable but through the proxy.
    """

    def __init__(self, trusted_downstream: Iterable[str] | None = None) -> None:
        super().__init__(trusted_downstream or ())
        self._believes_anyone = not trusted_downstream
        self._address_headers = ("X-Real-Ip", "X-Forwarded-For")
        self._scheme_headers = ("X-Scheme", "X-Forwarded-Proto")


def _from_the_right(lines: Sequence[str]) -> Iterator[str]:
    """The elements of a list-valued field, the last one first; empty ones are skipped.

    Only as much is read as is asked for: a client may send ten thousand elements.
    """
    for line in reversed(lines):
        end = len(line)
        while end >= 0:
            comma = line.rfind(",", 0, end)
            element = line[comma + 1 : end].strip(" \t")
            end = comma
            if element:
                yield element


def _http_scheme(text: str) -> str | None:
    scheme = text.lower()
    return scheme if scheme in ("http", "https") else None
