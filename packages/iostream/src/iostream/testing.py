"""For tests of what is built on streams: a pair in memory, and the contract that every stream keeps."""

from ._memory_stream import MemoryStream
from ._memory_stream import memory_pair
from ._recorder import Recorder
from ._stream_contract import StreamContract

__all__ = ["MemoryStream", "Recorder", "StreamContract", "memory_pair"]
