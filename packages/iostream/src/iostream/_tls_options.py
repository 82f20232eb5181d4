"""What users give as ``ssl_options``, made into an `ssl.SSLContext`."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any
from typing import TypeAlias

SSLOptions: TypeAlias = ssl.SSLContext | Mapping[str, Any]

_KEYS = frozenset({"ca_certs", "cert_reqs", "certfile", "ciphers", "keyfile", "ssl_version"})


def ssl_options_to_context(
    ssl_options: SSLOptions, server_side: bool | None = None
) -> ssl.SSLContext:
    """An `ssl.SSLContext` as it is, or a new one made from a dict.

    The dict may have ``certfile`` and ``keyfile`` (paths, PEM), ``ca_certs`` (path of the
    authorities to trust; by default the system's, for a client), ``cert_reqs``
    (`ssl.VerifyMode`), ``ciphers`` (OpenSSL's notation, up to TLS 1.2) and ``ssl_version`` (an
    ``ssl.PROTOCOL_*``; without it TLS 1.2 and up). The rest is `ssl.create_default_context`'s
    choice: a client checks the server's certificate and host name, unless ``cert_reqs`` is
    `ssl.CERT_NONE`; a server asks for no certificate.

    ``server_side`` None is taken for a client without ``certfile`` and for a server with it.

    Raises `ValueError` for an unknown key, and what `ssl` raises for a file that is not there, a
    key that does not match, and so on: `OSError`, of which `ssl.SSLError` is one.
    """
    if isinstance(ssl_options, ssl.SSLContext):
        return ssl_options
    unknown = ssl_options.keys() - _KEYS
    if unknown:
        raise ValueError(f"unknown ssl_options: {', '.join(sorted(map(str, unknown)))}")
    certfile = ssl_options.get("certfile")
    if server_side and certfile is None:
        raise ValueError("a TLS server needs a certificate: ssl_options has no certfile")
    if server_side is None:
        server_side = certfile is not None
    context = _default_context(server_side, ssl_options)
    if certfile is not None:
        context.load_cert_chain(certfile, ssl_options.get("keyfile"))
    if "cert_reqs" in ssl_options:
        if ssl_options["cert_reqs"] != ssl.CERT_REQUIRED:
            context.check_hostname = False
        context.verify_mode = ssl_options["cert_reqs"]
    if "ciphers" in ssl_options:
        context.set_ciphers(ssl_options["ciphers"])
    # A peer that renegotiates makes us work for free; TLS 1.3 has done away with it.
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context


def _default_context(server_side: bool, ssl_options: Mapping[str, Any]) -> ssl.SSLContext:
    purpose = ssl.Purpose.CLIENT_AUTH if server_side else ssl.Purpose.SERVER_AUTH
    ca_certs = ssl_options.get("ca_certs")
    if "ssl_version" not in ssl_options:
        return ssl.create_default_context(purpose, cafile=ca_certs)
    context = ssl.SSLContext(ssl_options["ssl_version"])
    if ca_certs is not None:
        context.load_verify_locations(ca_certs)
    elif not server_side:
        context.load_default_certs(purpose)
    return context


def check_server_hostname(
    context: ssl.SSLContext, server_side: bool, server_hostname: str | None
) -> None:
    """Raise `ValueError` if ``context`` is to check a name and there is none to check for."""
    if not server_side and context.check_hostname and not server_hostname:
        raise ValueError("server_hostname is needed to check the server's certificate")
