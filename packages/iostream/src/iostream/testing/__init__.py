"""For tests of what is built on streams: a pair in memory, and the contract that every stream keeps."""

from ._contract import StreamContract
from ._memory import MemoryStream
from ._memory import memory_pair
from ._recorder import Recorder

__all__ = ["MemoryStream", "Recorder", "StreamContract", "memory_pair"]
