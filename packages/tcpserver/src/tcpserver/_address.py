"""Addresses of peers, in words."""

# What `accept` gives: a tuple for IPv4 and IPv6, a str or bytes (mostly empty) for Unix sockets.
Address = tuple[str, int] | tuple[str, int, int, int] | str | bytes


def format_address(address: Address) -> str:
    """``127.0.0.1:80``, ``[::1]:80``, or ``unix:/path``, for a log line."""
    if isinstance(address, tuple):
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        return f"{host}:{address[1]}"
    return f"unix:{address!r}" if address else "unix socket"
