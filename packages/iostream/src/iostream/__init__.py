"""One connection's bytes, in and out: a stream for asyncio, pull and push, plain and TLS."""

__version__ = "1!0.1.0"
