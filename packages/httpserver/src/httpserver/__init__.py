"""An HTTP/1.x server for asyncio: callbacks, delegates, TLS, proxies' headers."""

from ._proxies import Client
from ._proxies import TrustedProxies

__all__ = [
    "Client",
    "TrustedProxies",
]

__version__ = "1!0.1.0"
