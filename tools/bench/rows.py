"""The rows of the report: which work, asked of whom, driven how."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from .load import Generator
from .load import Program
from .load import Wrk

OURS = ("ours", "ours-uvloop", "ours-compiled", "ours-compiled-uvloop")

Figure = Literal["cpu", "memory", "import", "scaling"]

UNITS: dict[Figure, str] = {
    "cpu": "CPU µs",
    "memory": "KB",
    "import": "CPU ms",
    "scaling": "core µs",
}


SMALL_GETS = Wrk()


@dataclass(frozen=True)
class Row:
    """One kind of work.

    ``figure`` says what is measured per ``unit``. ``reference`` is the contender that has least to do:
    ratios are to it, and its rounds tell how steady the machine was. ``scaling`` is the time of the cores
    that was left for the server, ``cpu`` that which it used. ``contenders`` take part always,
    ``others`` in a full run. ``idle`` connections are held open beside the load.
    """

    key: str
    title: str
    unit: str
    reference: str
    contenders: tuple[str, ...]
    others: tuple[str, ...] = ()
    generator: Generator = SMALL_GETS
    figure: Figure = "cpu"
    tls: bool = False
    idle: int = 0
    full_only: bool = False


def variants(key: str) -> tuple[str, ...]:
    """The keys of one of our programs on each loop, pure and compiled."""
    return tuple(key + name.removeprefix("ours") for name in OURS)


GROWTH = ("floor", "ours", "uvicorn-uvloop")


def growth(idle: int, *, full_only: bool) -> Row:
    """The small GET on 64 connections while others are open and silent."""
    return Row(
        key=f"growth-{idle + 64}",
        title=f"Small GET, {idle + 64:,} connections open, 64 of them busy",
        unit="request",
        reference="floor",
        contenders=GROWTH,
        others=("tornado", "aiohttp", "ours-compiled"),
        idle=idle,
        full_only=full_only,
    )


ROWS = (
    Row(
        key="get",
        title="Small GET, keep-alive, 64 connections",
        unit="request",
        reference="floor",
        contenders=(
            "floor", "floor-uvloop", *OURS, "uvicorn-uvloop", "uvicorn", "granian-rsgi",
            "granian-asgi", "aiohttp", "tornado", "nginx", "socketify",
        ),
        others=("aiohttp-uvloop", "uvicorn-h11", "hypercorn", "gunicorn", "tornado-web"),
    ),
    Row(
        key="post",
        title="POST 1 KiB, keep-alive, 64 connections",
        unit="request",
        reference="floor",
        contenders=("floor", *OURS, "uvicorn-uvloop", "granian-rsgi", "aiohttp"),
        others=("uvicorn", "granian-asgi", "tornado"),
        generator=Wrk(method="POST"),
    ),
    Row(
        key="upload",
        title="POST 8 MiB, counted and dropped, 4 connections",
        unit="request",
        reference="socket",
        contenders=("socket", *variants("ours-streaming"), "uvicorn-uvloop", "aiohttp"),
        others=("floor-upload", "uvicorn", "granian-asgi", "aiohttp-uvloop", "tornado-streaming"),
        generator=Program("bulk", ("--shape", "upload")),
    ),
    Row(
        key="download",
        title="GET 8 MiB from memory, 4 connections",
        unit="request",
        reference="socket",
        contenders=("socket", *OURS, "uvicorn-uvloop", "aiohttp"),
        others=("floor-large", "uvicorn", "granian-asgi", "aiohttp-uvloop", "tornado"),
        generator=Program("bulk", ("--shape", "download")),
    ),
    Row(
        key="pipelined",
        title="16 pipelined small GETs, 64 connections",
        unit="request",
        reference="floor-pipelined",
        contenders=("floor-pipelined", *OURS, "uvicorn-uvloop", "granian-rsgi", "aiohttp"),
        others=("uvicorn", "granian-asgi", "tornado"),
        generator=Wrk(pipelined=16),
    ),
    Row(
        key="tls",
        title="Small GET over TLS, keep-alive, 64 connections",
        unit="request",
        reference="floor",
        contenders=("floor", *OURS, "uvicorn-uvloop", "granian-rsgi", "aiohttp"),
        others=("floor-uvloop", "uvicorn", "granian-asgi", "tornado"),
        generator=Wrk(tls=True),
        tls=True,
    ),
    Row(
        key="tls-download",
        title="GET 8 MiB over TLS, 4 connections",
        unit="request",
        reference="floor-large",
        contenders=("floor-large", *OURS, "uvicorn", "aiohttp"),
        others=("uvicorn-uvloop", "granian-asgi", "aiohttp-uvloop", "tornado"),
        generator=Program("bulk", ("--shape", "download", "--tls")),
        tls=True,
    ),
    Row(
        key="connections",
        title="New connection for each request, 64 at a time",
        unit="request",
        reference="floor-close",
        contenders=("floor-close", *OURS, "uvicorn-uvloop", "granian-rsgi", "aiohttp"),
        others=("uvicorn", "granian-asgi", "tornado"),
        generator=Wrk(close=True),
    ),
    Row(
        key="chunks",
        title="A chunked body of one-byte chunks, 4 connections",
        unit="chunk",
        reference="floor-chunks",
        contenders=("floor-chunks", *variants("ours-streaming"), "uvicorn-uvloop", "aiohttp"),
        others=("uvicorn", "granian-asgi", "tornado-streaming"),
        generator=Program("bulk", ("--shape", "chunks")),
    ),
    Row(
        key="asgi",
        title="Small GET through ASGI, 64 connections",
        unit="request",
        reference="floor",
        contenders=("floor", *variants("ours-asgi"), "uvicorn-uvloop", "granian-asgi"),
        others=("uvicorn", "hypercorn"),
    ),
    Row(
        key="wsgi",
        title="Small GET through WSGI, 64 connections",
        unit="request",
        reference="floor",
        contenders=("floor", *variants("ours-wsgi"), "granian-wsgi", "gunicorn"),
    ),
    Row(
        key="tornado",
        title="tornado.web.Application, small GET, 64 connections",
        unit="request",
        reference="floor",
        contenders=("floor", *variants("ours-tornado"), "tornado-web"),
    ),
    Row(
        key="echo",
        title="Line echo, 64 bytes, 64 connections",
        unit="message",
        reference="floor-echo",
        contenders=(
            "floor-echo", *variants("ours-echo"), "streams", "streams-uvloop", "tornado-echo",
        ),
        others=("floor-echo-uvloop",),
        generator=Program("echo"),
    ),
    Row(
        key="connects",
        title="TCP connections, one line echoed on each",
        unit="connection",
        reference="floor-echo",
        contenders=("floor-echo", *variants("ours-echo"), "streams", "tornado-echo"),
        generator=Program("echo", ("--connects",)),
    ),
    Row(
        key="idle",
        title="Memory of an idle keep-alive connection",
        unit="connection",
        reference="floor",
        contenders=("floor", "ours", "ours-compiled", "uvicorn-uvloop", "aiohttp", "tornado"),
        others=("ours-uvloop", "ours-compiled-uvloop", "uvicorn"),
        figure="memory",
        idle=2000,
    ),
    growth(0, full_only=True),
    growth(936, full_only=True),
    growth(9936, full_only=True),
    Row(
        key="import",
        title="Import time",
        unit="import",
        reference="import-asyncio",
        contenders=(
            "import-asyncio", "import-httpserver", "import-tornado.httpserver", "import-uvicorn",
            "import-aiohttp.web",
        ),
        figure="import",
    ),
    Row(
        key="workers",
        title="Two workers against one, the generator's share of the cores subtracted",
        unit="request",
        reference="ours",
        contenders=("ours", "ours-workers"),
        generator=Wrk(connections=128),
        figure="scaling",
        full_only=True,
    ),
    Row(
        key="layers",
        title="Where the microseconds go: the small GET, layer by layer",
        unit="request",
        reference="floor",
        contenders=("floor", "ours-stream", "ours-parser", "ours-connection", "ours"),
        others=(
            "ours-stream-compiled", "ours-parser-compiled", "ours-connection-compiled",
            "ours-compiled",
        ),
        full_only=True,
    ),
)  # fmt: skip

BY_KEY = {row.key: row for row in ROWS}


def choose(
    wanted: Collection[str], only: Collection[str], *, full: bool, compiled: bool
) -> list[tuple[Row, list[str]]]:
    """The rows of a session, each with the keys of those who take part.

    ``wanted`` names the rows; without it those of a quick or a ``full`` session are taken. ``only``
    names contenders, to which the reference of each row is added. Raises SystemExit for a row that
    there is not.
    """
    if unknown := set(wanted) - BY_KEY.keys():
        raise SystemExit(f"no such row: {', '.join(sorted(unknown))}; --list shows them")
    found = []
    for row in ROWS:
        if row.key not in wanted if wanted else row.full_only and not full:
            continue
        keys = [*row.contenders, *(row.others if full or only else ())]
        if only:
            keys = [key for key in keys if key in only or key == row.reference]
        if not compiled:
            keys = [key for key in keys if "-compiled" not in key]
        found.append((row, keys))
    return found
