"""The targets that the project set itself, and whether a session met them."""

from dataclasses import dataclass

from . import figures
from .results import Entry
from .results import RowResult
from .results import Session

PEERS = "peers"
"""Stands for the best peer of a row, whoever that is in this session."""


@dataclass(frozen=True)
class Target:
    """``ours`` must cost at most ``limit`` times what the best of ``against`` costs.

    With ``against`` empty the limit is on the figure itself, in the unit of the row. ``row`` and
    ``against_row`` may differ: growth is the ratio of two rows.
    """

    text: str
    row: str
    ours: str
    limit: float
    against: tuple[str, ...] = ()
    against_row: str = ""
    but: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """A target and what was measured for it."""

    target: Target
    measured: figures.Summary
    noise: tuple[str, ...]

    @property
    def words(self) -> str:
        """met, missed, or not to be concluded from."""
        word = "met" if self.measured.median <= self.target.limit else "missed"
        return f"{word}, but too noisy to conclude" if self.noise else word


def _beats_peers(row: str, what: str, ours: str = "ours", suffix: str = "") -> Target:
    return Target(f"{what}: less than every peer{suffix}", row, ours, 1.0, (PEERS,))


TARGETS = (
    Target("small GET, pure, asyncio: × floor", "get", "ours", 2.0, ("floor",)),
    Target(
        "small GET, pure, asyncio: less than every Python peer but socketify",
        "get", "ours", 1.0, (PEERS,), but=("socketify", "nginx"),
    ),
    Target("small GET, compiled, asyncio: × floor", "get", "ours-compiled", 1.5, ("floor",)),
    Target(
        "small GET, compiled, uvloop: × socketify", "get", "ours-compiled-uvloop", 1.0,
        ("socketify",),
    ),
    Target(
        "ASGI, pure, uvloop: × the better of uvicorn and granian",
        "asgi",
        "ours-asgi-uvloop",
        1.0,
        (PEERS,),
    ),
    Target(
        "ASGI, compiled, uvloop: × the better of uvicorn and granian",
        "asgi",
        "ours-asgi-compiled-uvloop",
        0.75,
        (PEERS,),
    ),
    Target(
        "tornado.web on ours: × on its own server", "tornado", "ours-tornado", 0.6,
        ("tornado-web",),
    ),
    _beats_peers("post", "POST 1 KiB"),
    _beats_peers("connections", "new connection for each request"),
    _beats_peers("upload", "POST 8 MiB", "ours-streaming"),
    Target("POST 8 MiB: × bare socket loop", "upload", "ours-streaming", 1.15, ("socket",)),
    _beats_peers("download", "GET 8 MiB"),
    Target("GET 8 MiB: × bare socket loop", "download", "ours", 1.15, ("socket",)),
    Target("16 pipelined GETs: × best peer", "pipelined", "ours", 0.5, (PEERS,)),
    _beats_peers("tls", "small GET over TLS"),
    _beats_peers("tls-download", "GET 8 MiB over TLS"),
    Target("idle connection, KB", "idle", "ours", 4.0),
    Target("one-byte chunks, CPU µs a chunk", "chunks", "ours-streaming", 12.0),
    Target("line echo, asyncio: × asyncio streams", "echo", "ours-echo", 0.95, ("streams",)),
    Target(
        "line echo, uvloop: × asyncio streams", "echo", "ours-echo-uvloop", 0.95,
        ("streams-uvloop",),
    ),
    Target(
        "growth: 10,000 open connections × 64", "growth-10000", "ours", 1.15, ("ours",),
        against_row="growth-64",
    ),
    Target("import httpserver: × import asyncio", "import", "import-httpserver", 1.5, ("import-asyncio",)),
)  # fmt: skip


def judge(session: Session) -> list[Verdict]:
    """The verdict on each target whose rows and contenders were measured."""
    found = []
    for target in TARGETS:
        row = session.row(target.row)
        other_row = session.row(target.against_row or target.row)
        if row is None or other_row is None or (ours := row.entry(target.ours)) is None:
            continue
        if not target.against:
            measured: figures.Summary | None = figures.summarize(ours.values())
        elif (theirs := _best(other_row, target)) is not None:
            measured = figures.ratio(ours.values(), theirs.values())
        else:
            continue
        if measured is not None:
            noise = dict.fromkeys(row.noise() + other_row.noise())
            found.append(Verdict(target, measured, tuple(noise)))
    return found


def _best(row: RowResult, target: Target) -> Entry | None:
    """The cheapest of those that the target compares with."""
    if target.against == (PEERS,):
        wanted = [entry.key for entry in row.entries if entry.family == "peer"]
    else:
        wanted = list(target.against)
    entries = [row.entry(key) for key in wanted if key not in target.but]
    measured = [entry for entry in entries if entry is not None]
    return min(measured, key=lambda entry: entry.median("value"), default=None)
