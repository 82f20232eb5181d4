"""The results as SVG charts."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from . import figures
from .results import RowResult
from .results import Session
from .rows import UNITS

COLOURS = {"floor": "#8a8f98", "ours": "#1f6feb", "peer": "#d4a72c"}

mpl.rcParams.update(
    {
        # The same figures make the same file: element ids come from the content, not from chance.
        "svg.hashsalt": "bench",
        # Text stays text: a tenth of the size, and the reader's fonts.
        "svg.fonttype": "none",
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
)


def draw(session: Session, folder: Path) -> list[Path]:
    """Draw a bar chart for each row, growth as lines; return the files, which replace older ones."""
    folder.mkdir(parents=True, exist_ok=True)
    for older in folder.glob("*.svg"):
        older.unlink()
    rows = [row for row in session.rows if any(entry.samples for entry in row.entries)]
    growing = [row for row in rows if row.key.startswith("growth-")]
    written = [bars(row, folder) for row in rows if row not in growing]
    if growing:
        written.append(growth(growing, folder))
    return written


def bars(row: RowResult, folder: Path) -> Path:
    """One horizontal bar for each contender, cheapest on top (layers: in the order of the layers)."""
    entries = [entry for entry in row.entries if entry.samples]
    if row.key != "layers":
        entries.sort(key=lambda entry: entry.median("value"))
    summaries = [figures.summarize(entry.values()) for entry in entries]
    fig, axes = plt.subplots(figsize=(7.5, 0.8 + 0.28 * len(entries)))
    positions = range(len(entries))
    axes.barh(
        positions,
        [summary.median for summary in summaries],
        xerr=[
            [summary.median - summary.low for summary in summaries],
            [summary.high - summary.median for summary in summaries],
        ],
        color=[COLOURS[entry.family] for entry in entries],
        ecolor="#57606a",
        height=0.7,
    )
    axes.set_yticks(positions, [entry.name for entry in entries])
    axes.invert_yaxis()
    for position, summary in zip(positions, summaries, strict=True):
        axes.annotate(
            f"{summary.median:,.3g}" if summary.median < 1000 else f"{summary.median:,.0f}",
            (summary.high, position),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )
    axes.margins(x=0.1)
    axes.set_xlabel(f"{UNITS[row.figure]} per {row.unit}")
    axes.set_title(row.title, loc="left", fontsize=10)
    return _save(fig, folder / f"{row.key}.svg")


def growth(rows: Sequence[RowResult], folder: Path) -> Path:
    """CPU per request against the number of open connections."""
    fig, axes = plt.subplots(figsize=(7.5, 3.5))
    opened = [int(row.key.removeprefix("growth-")) for row in rows]
    keys = {entry.key: entry for row in rows for entry in row.entries if entry.samples}
    for key, entry in keys.items():
        points = []
        for row, connections in zip(rows, opened, strict=True):
            measured = row.entry(key)
            if measured is not None:
                points.append((connections, measured.median("value")))
        axes.plot(*zip(*points, strict=True), marker="o", label=entry.name)
    axes.set_xscale("log")
    axes.set_xticks(opened, [f"{connections:,}" for connections in opened])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel("open connections (64 of them busy)")
    axes.set_ylabel("CPU µs per request")
    axes.set_title("Growth", loc="left", fontsize=10)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    return _save(fig, folder / "growth.svg")


def _save(fig: Figure, path: Path) -> Path:
    fig.savefig(path, format="svg", bbox_inches="tight", metadata={"Date": None})
    plt.close(fig)
    return path
