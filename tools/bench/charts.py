"""The results as SVG charts."""

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
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
)


def draw(session: Session, folder: Path) -> list[Path]:
    """Draw a bar chart for each row, and growth as lines; return the files that were written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = [bars(row, folder) for row in session.rows if any(e.samples for e in row.entries)]
    if any(row.key.startswith("growth-") for row in session.rows):
        written.append(growth(session, folder))
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


def growth(session: Session, folder: Path) -> Path:
    """CPU per request against the number of open connections."""
    fig, axes = plt.subplots(figsize=(7.5, 3.5))
    rows = [row for row in session.rows if row.key.startswith("growth-")]
    keys = {entry.key: entry for row in rows for entry in row.entries if entry.samples}
    for key, entry in keys.items():
        points = []
        for row in rows:
            measured = row.entry(key)
            if measured is not None:
                opened = int(row.key.removeprefix("growth-"))
                points.append((opened, measured.median("value")))
        axes.plot(*zip(*points, strict=True), marker="o", label=entry.name)
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("open connections (64 of them busy)")
    axes.set_ylabel("CPU µs per request")
    axes.set_title("Growth", loc="left", fontsize=10)
    axes.legend(frameon=False)
    return _save(fig, folder / "growth.svg")


def _save(fig: Figure, path: Path) -> Path:
    fig.savefig(path, format="svg", bbox_inches="tight", metadata={"Date": None})
    plt.close(fig)
    return path
