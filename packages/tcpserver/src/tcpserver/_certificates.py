"""The TLS context of a server, checked when it is made, replaced while it is used."""

import ssl
from typing import Any

from iostream import ssl_options_to_context

# What `ssl_options` may be: a context, or the arguments to make one from (`certfile`, ...).
SSLOptions = ssl.SSLContext | dict[str, Any]


class Certificates:
    """Holds the context that new connections get."""

    __slots__ = ("_options", "context")

    def __init__(self, options: SSLOptions) -> None:
        self._options = options
        self.context = _server_context(options)

    def reload(self, options: SSLOptions | None) -> None:
        """Make the context anew. The old one stays in use when that fails."""
        if options is None:
            if isinstance(self._options, ssl.SSLContext):
                raise ValueError(
                    "reload_certificates: the server was given an SSLContext and does not know "
                    "its files; pass a new one"
                )
            options = self._options
        self.context = _server_context(options)
        self._options = options


def _server_context(options: SSLOptions) -> ssl.SSLContext:
    if isinstance(options, ssl.SSLContext):
        if options.protocol == ssl.PROTOCOL_TLS_CLIENT:
            raise ValueError("ssl_options: a context for clients cannot serve")
        return options
    if not isinstance(options, dict):
        raise TypeError(f"ssl_options must be an ssl.SSLContext or a dict, not {options!r}")
    return ssl_options_to_context(options, server_side=True)
