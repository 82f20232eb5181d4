"""A TCP server for asyncio: accept, TLS, hand each stream to a handler, stop, drain."""

from importlib import import_module
from typing import TYPE_CHECKING

from ._counters import Counters
from ._server import Drained
from ._server import TCPServer
from ._streams import ServerStream
from ._streams import ServerTLSStream

if TYPE_CHECKING:
    from ._proxy_header import ProxyHeader
    from ._proxy_header import ProxyHeaderError
    from ._proxy_header import parse_proxy_header

__all__ = [
    "Counters",
    "Drained",
    "ProxyHeader",
    "ProxyHeaderError",
    "ServerStream",
    "ServerTLSStream",
    "TCPServer",
    "parse_proxy_header",
]

__version__ = "1!0.1.0"

# Imported when they are first asked for (PEP 562): few servers stand behind such a proxy.
_LATER = {
    "ProxyHeader": "._proxy_header",
    "ProxyHeaderError": "._proxy_header",
    "parse_proxy_header": "._proxy_header",
}

if not TYPE_CHECKING:  # or a type checker would take any name for one of ours

    def __getattr__(name: str) -> object:
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(_LATER[name], __name__), name)
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
