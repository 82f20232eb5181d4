"""The states of a stream. `BaseIOStream` says what moves it from one to the next.

Each has a name of its own as well. To find a member in its class takes CPython 3.11 some 700
instructions, as much as the rest of most methods that compare with it; a global takes 20.
"""

from __future__ import annotations

import enum
from typing import Final


class Life(enum.Enum):
    """How far the stream's life has come."""

    CONNECTING = enum.auto()  # until the connection, and TLS on it, stand: everything waits
    OPEN = enum.auto()
    CLOSED = enum.auto()  # the descriptor is closed, or given away


class Input(enum.Enum):
    """What happens to bytes that arrive."""

    IDLE = enum.auto()  # nobody wants them: they stay in the kernel
    FLOWING = enum.auto()  # they go to the receiver
    FILLING = enum.auto()  # they go into the buffer that read_into was given
    HELD = enum.auto()  # the inbox goes first, in the loop's next round
    PAUSED = enum.auto()  # pause_reading() was called
    ENDED = enum.auto()  # nothing more will come


class Output(enum.Enum):
    """What happens to bytes that are written."""

    READY = enum.auto()  # the kernel takes them
    BLOCKED = enum.auto()  # it doesn't, for now: they wait
    ENDED = enum.auto()  # shutdown_write() was called: what waits still goes, more is refused


CONNECTING: Final = Life.CONNECTING
OPEN: Final = Life.OPEN
CLOSED: Final = Life.CLOSED

IDLE: Final = Input.IDLE
FLOWING: Final = Input.FLOWING
FILLING: Final = Input.FILLING
HELD: Final = Input.HELD
PAUSED: Final = Input.PAUSED
INPUT_ENDED: Final = Input.ENDED

READY: Final = Output.READY
BLOCKED: Final = Output.BLOCKED
OUTPUT_ENDED: Final = Output.ENDED
