"""One connection's bytes, in and out: streams for asyncio, pull and push, plain and TLS."""

from ._base import BaseIOStream
from ._errors import StreamBufferFullError
from ._errors import StreamClosedError
from ._errors import UnsatisfiableReadError
from ._pipe_stream import PipeIOStream
from ._receiver import Receiver
from ._socket_stream import IOStream
from ._tls_options import ssl_options_to_context
from ._tls_stream import SSLIOStream

__all__ = [
    "BaseIOStream",
    "IOStream",
    "PipeIOStream",
    "Receiver",
    "SSLIOStream",
    "StreamBufferFullError",
    "StreamClosedError",
    "UnsatisfiableReadError",
    "ssl_options_to_context",
]

__version__ = "1!0.1.0"
