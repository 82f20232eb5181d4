"""`HTTP1ConnectionParameters`: the limits and habits of a connection."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING
from typing import Final

from ._limits import KIB
from ._limits import Limits
from ._mypyc import mypyc_attr

if TYPE_CHECKING:
    from ._deadlines import Deadlines

# Timeouts are looked after once a second, or more often when one of them is short.
_LONGEST_TICK: Final = 1.0
_SHORTEST_TICK: Final = 0.01


@mypyc_attr(allow_interpreted_subclasses=True)
class HTTP1ConnectionParameters:
    """Limits and habits of connections, for `HTTP1Connection` and `HTTP1ServerConnection`.

    Every limit has a default that is safe on the open internet: `None` stands for it. Times are
    seconds, and `math.inf` switches one off; sizes are bytes. Times are kept coarsely, to about a
    second or a quarter of the shortest of them. `ValueError` for what makes no sense, `TypeError`
    for what is no number, or no bool where one is asked for.

    no_keep_alive: close every connection after one request.
    chunk_size: the most that one `data_received` hands over; None: what one read brought.
    max_header_size: the whole head (64 KiB). Beyond: 431.
    header_timeout: from the first byte of a head to its last (30). Beyond: 408.
    max_body_size: a body as it comes over the wire (100 MiB). Beyond: 413.
    body_timeout: from the end of a head to the end of the body (no limit). Beyond: 408.
    decompress: hand over bodies without their content coding (gzip, deflate; br and zstd where
        their library is installed).
    idle_timeout: between two messages, and before the first one (75).
    body_idle_timeout: between two pieces of a body (30). Beyond: 408.
    min_body_rate: the least bytes per second that a body comes in at, on average after its first
        five seconds (240). Beyond: 408.
    write_timeout: how long the peer may take nothing of what waits for it (60).
    max_start_line_size: the request line or status line (16 KiB). Beyond: 414.
    max_header_count: the fields of a head or a trailer section (100). Beyond: 431.
    max_field_size: one field (32 KiB). Beyond: 431.
    max_discard_size: how much of a body is read that nobody wants, after an early answer, to keep
        the connection or to let the peer read that answer (256 KiB).
    linger_timeout: how long a connection stays open, after an answer that the peer may not have
        read yet, for what the peer still sends (5).
    max_decompressed_size: a body without its content coding (the limit of the body as it comes,
        be that `max_body_size` or what `set_max_body_size` makes of it). Beyond: 413.
    max_decompression_ratio: decompressed to compressed size, from 1 MiB on (100). Beyond: 413.
    """

    __slots__ = (
        "body_idle_timeout",
        "body_timeout",
        "chunk_size",
        "deadlines",
        "decompress",
        "header_timeout",
        "idle_timeout",
        "limits",
        "linger_timeout",
        "max_body_size",
        "max_decompressed_size",
        "max_decompression_ratio",
        "max_discard_size",
        "min_body_rate",
        "no_keep_alive",
        "tick",
        "write_timeout",
    )

    def __init__(
        self,
        no_keep_alive: bool = False,
        chunk_size: int | None = None,
        max_header_size: int | None = None,
        header_timeout: float | None = None,
        max_body_size: int | None = None,
        body_timeout: float | None = None,
        decompress: bool = False,
        *,
        idle_timeout: float | None = None,
        body_idle_timeout: float | None = None,
        min_body_rate: float | None = None,
        write_timeout: float | None = None,
        max_start_line_size: int | None = None,
        max_header_count: int | None = None,
        max_field_size: int | None = None,
        max_discard_size: int | None = None,
        linger_timeout: float | None = None,
        max_decompressed_size: int | None = None,
        max_decompression_ratio: float | None = None,
    ) -> None:
        self.no_keep_alive = _flag("no_keep_alive", no_keep_alive)
        self.chunk_size = None if chunk_size is None else _size("chunk_size", chunk_size, 0)
        self.header_timeout = _time("header_timeout", header_timeout, 30.0)
        self.body_timeout = _time("body_timeout", body_timeout, inf)
        self.idle_timeout = _time("idle_timeout", idle_timeout, 75.0)
        self.body_idle_timeout = _time("body_idle_timeout", body_idle_timeout, 30.0)
        self.write_timeout = _time("write_timeout", write_timeout, 60.0)
        self.linger_timeout = _time("linger_timeout", linger_timeout, 5.0)
        self.min_body_rate = 240.0 if min_body_rate is None else float(min_body_rate)
        if not 0 <= self.min_body_rate < inf:
            raise ValueError("min_body_rate is bytes per second, 0 or more")
        self.max_body_size = _size("max_body_size", max_body_size, 100 * KIB * KIB, least=0)
        self.max_discard_size = _size("max_discard_size", max_discard_size, 256 * KIB, least=0)
        self.max_decompressed_size = (
            None
            if max_decompressed_size is None
            else _size("max_decompressed_size", max_decompressed_size, 1)
        )
        self.max_decompression_ratio = (
            100.0 if max_decompression_ratio is None else float(max_decompression_ratio)
        )
        if not self.max_decompression_ratio >= 1:
            raise ValueError("max_decompression_ratio must be 1 or more")
        self.decompress = _flag("decompress", decompress)
        header_size = _size("max_header_size", max_header_size, 64 * KIB)
        #: The same limits as the parsers take them.
        self.limits = Limits(
            max_start_line_size=_size("max_start_line_size", max_start_line_size, 16 * KIB),
            max_field_size=_size("max_field_size", max_field_size, 32 * KIB),
            max_header_size=header_size,
            max_header_count=_size("max_header_count", max_header_count, 100),
            max_body_size=self.max_body_size,
        )
        shortest = min(
            self.header_timeout,
            self.body_timeout,
            self.idle_timeout,
            self.body_idle_timeout,
            self.write_timeout,
            self.linger_timeout,
        )
        #: How often timeouts are looked after, in seconds.
        self.tick = min(_LONGEST_TICK, max(_SHORTEST_TICK, shortest / 4))
        #: Looks after the timeouts of all connections that have these parameters.
        self.deadlines: Deadlines | None = None


# What the annotations say is checked here as well: half of these come out of somebody's settings,
# where "no" is easily taken for False, and "75" for 75.


def _flag(name: str, given: bool) -> bool:
    if not isinstance(given, bool):
        raise TypeError(f"{name} is True or False, not {given!r}")
    return given


def _time(name: str, given: float | None, default: float) -> float:
    if given is None:
        return default
    if not isinstance(given, int | float):
        raise TypeError(f"{name} is a number of seconds, not {given!r}")
    if not given > 0:
        raise ValueError(f"{name} is in seconds, more than 0 (math.inf for no limit), not {given}")
    return float(given)


def _size(name: str, given: int | None, default: int, least: int = 1) -> int:
    if given is None:
        return default
    if isinstance(given, bool) or not isinstance(given, int):
        raise TypeError(f"{name} is a whole number of bytes, not {given!r}")
    if given < least:
        raise ValueError(f"{name} is in bytes, {least} or more, not {given}")
    return given


#: Those of all connections that are given none, so that one timer looks after all of them.
DEFAULT_PARAMETERS: Final = HTTP1ConnectionParameters()
