"""An HTTP/1.x server for asyncio: callbacks, delegates, TLS, proxies' headers."""

__version__ = "1!0.1.0"
