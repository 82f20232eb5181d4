"""A TCP server for asyncio: accept, TLS, hand each stream to a handler, stop, drain."""

from ._counters import Counters
from ._proxy_header import ProxyHeader
from ._proxy_header import ProxyHeaderError
from ._proxy_header import parse_proxy_header
from ._server import Drained
from ._server import TCPServer
from ._streams import ServerStream
from ._streams import ServerTLSStream

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
