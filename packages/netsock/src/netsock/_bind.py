"""Listening TCP sockets: one for each address that a name stands for."""

import errno
import os
import socket

# A second family may find the port taken that the kernel picked for the first. Another port is
# picked then; the odds of a collision are about one in a thousand, those of eight in a row nil.
_PORT_PICKS = 8

_LACKS_FAMILY = frozenset({errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT})

# What getaddrinfo gives for one address: family and the address as `bind` takes it.
_Target = tuple[int, tuple[str, int] | tuple[str, int, int, int]]


def bind_sockets(
    port: int,
    address: str | None = None,
    family: int = socket.AF_UNSPEC,
    backlog: int = 128,
    flags: int | None = None,
    reuse_port: bool = False,
) -> list[socket.socket]:
    """Listen on a port, on every address that ``address`` stands for.

    Args:
        port: TCP port; ``0`` lets the kernel pick a free one, the same for all addresses.
        address: an IP address (a link-local one with its scope: ``fe80::1%eth0``), a host name, or
            ``""`` or ``None`` for all interfaces.
        family: ``AF_INET`` or ``AF_INET6`` to use only that one; by default both, where an address
            family that the machine lacks is passed over as long as another works.
        backlog: how many connections the kernel keeps until they are accepted.
        flags: a mask of ``AI_*`` flags for ``getaddrinfo``; ``AI_PASSIVE`` by default.
        reuse_port: set ``SO_REUSEPORT``, so that several processes can each bind the port and the
            kernel spreads connections over them.

    Returns:
        Non-blocking listening sockets, at least one. An IPv6 socket takes IPv6 only.

    Raises:
        OSError: what the kernel said, with address and port in the message: the port is in use, is
            privileged, or the address is not of this machine. Nothing stays open then.
        socket.gaierror: the name does not resolve (it is an ``OSError`` too).
        ValueError: ``reuse_port`` on a platform that does not have it.
    """
    if reuse_port and not hasattr(socket, "SO_REUSEPORT"):
        raise ValueError("reuse_port: this platform has no SO_REUSEPORT")
    targets = _resolve(port, address or None, family, flags)
    picks = 1 if port else _PORT_PICKS
    while True:
        picks -= 1
        try:
            return _listen_on_all(targets, backlog, reuse_port)
        except OSError as error:
            if picks == 0 or error.errno != errno.EADDRINUSE:
                raise


def _resolve(port: int, address: str | None, family: int, flags: int | None) -> list[_Target]:
    if flags is None:
        flags = socket.AI_PASSIVE
    if family == socket.AF_UNSPEC and not socket.has_ipv6:
        family = socket.AF_INET
    try:
        found = socket.getaddrinfo(address, port, family, socket.SOCK_STREAM, 0, flags)
    except socket.gaierror as error:
        raise socket.gaierror(
            error.errno, f"cannot listen on {address!r}: {error.strerror}"
        ) from None
    # Resolvers repeat themselves. IPv4 comes first, as a free port there is the scarcer good.
    targets: dict[_Target, None] = {}
    for found_family, _, _, _, sockaddr in sorted(found, key=lambda info: info[0]):
        if isinstance(sockaddr[0], str):  # always, but for a Python built without IPv6
            targets[(found_family, sockaddr)] = None
    return list(targets)


def _listen_on_all(targets: list[_Target], backlog: int, reuse_port: bool) -> list[socket.socket]:
    """Listen on each target, or on none: what was opened is closed when one fails."""
    sockets: list[socket.socket] = []
    lacking: OSError | None = None
    picked_port = 0
    try:
        for family, sockaddr in targets:
            if sockaddr[1] == 0 and picked_port:
                sockaddr = (sockaddr[0], picked_port, *sockaddr[2:])
            try:
                sock = _listen(family, sockaddr, backlog, reuse_port)
            except OSError as error:
                described = _describe(error, sockaddr)
                if _is_lacking(error, family):
                    lacking = described
                    continue
                raise described from None
            sockets.append(sock)
            picked_port = picked_port or sock.getsockname()[1]
        if lacking is not None and not sockets:
            raise lacking
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    return sockets


def _listen(
    family: int,
    sockaddr: tuple[str, int] | tuple[str, int, int, int],
    backlog: int,
    reuse_port: bool,
) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        # On Windows SO_REUSEADDR would let a second server steal the port. Elsewhere it allows a
        # restart while connections of the former process are still in TIME_WAIT.
        if os.name != "nt":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            # Without it the IPv6 socket would take IPv4 as well, and the bind of the IPv4 one fail.
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setblocking(False)
        sock.bind(sockaddr)
        sock.listen(backlog)
    except BaseException:
        sock.close()
        raise
    return sock


def _is_lacking(error: OSError, family: int) -> bool:
    """Whether the machine lacks the family, rather than this one address or port.

    A kernel with IPv6 switched off by ``sysctl`` still makes IPv6 sockets, and refuses the bind.
    """
    if error.errno in _LACKS_FAMILY:
        return True
    return family == socket.AF_INET6 and error.errno == errno.EADDRNOTAVAIL


def _describe(error: OSError, sockaddr: tuple[str, int] | tuple[str, int, int, int]) -> OSError:
    """The same error (and so the same class of it), with the address in its words."""
    host = f"[{sockaddr[0]}]" if ":" in sockaddr[0] else sockaddr[0]
    return OSError(error.errno, f"cannot listen on {host}:{sockaddr[1]}: {error.strerror}")
