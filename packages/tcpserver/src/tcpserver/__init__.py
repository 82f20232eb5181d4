"""A TCP server for asyncio: accept, TLS, hand each stream to a handler, stop, drain."""

__version__ = "1!0.1.0"
