"""The results as Markdown."""

from collections.abc import Collection
from collections.abc import Sequence

from . import figures
from .results import Entry
from .results import RowResult
from .results import Session
from .rows import UNITS
from .targets import Verdict
from .targets import judge


def render(session: Session, charts: Collection[str] = ()) -> str:
    """The whole report; ``charts`` are the names of the charts that it may show."""
    parts = [about(session), verdicts(session)]
    for row in session.rows:
        parts.append(row_section(row))
        if row.key in charts:
            parts.append(f"![{row.title}](performance/{row.key}.svg)")
    if "growth" in charts:
        parts.append("![CPU per request and open connections](performance/growth.svg)")
    return "\n\n".join(part for part in parts if part) + "\n"


def about(session: Session) -> str:
    """Where it was measured, and against whom."""
    facts = "; ".join(f"{name} {value}" for name, value in session.about.items())
    peers = ", ".join(f"{name} {version}" for name, version in session.peers.items())
    return f"The machine: {facts}.\n\nPeers: {peers}."


def verdicts(session: Session) -> str:
    """The targets, each with what was measured; nothing when none of their rows was."""
    judged = judge(session)
    if not judged:
        return ""
    lines = [_verdict_line(verdict) for verdict in judged]
    return table(("target", "limit", "measured", "verdict"), lines)


def _verdict_line(verdict: Verdict) -> tuple[str, ...]:
    measured = verdict.measured
    spread = f"{measured.median:.2f} ({measured.low:.2f} to {measured.high:.2f})"
    return (verdict.target.text, f"≤ {verdict.target.limit:g}", spread, verdict.words)


def row_section(row: RowResult) -> str:
    """One row: its title, a warning when it was noisy, its table, who could not take part."""
    parts = [f"### {row.title}"]
    if row.measured:
        parts.append(f"Measured {row.measured}.")
    if reasons := row.noise():
        parts.append(f"**Too noisy to conclude from:** {'; '.join(reasons)}.")
    parts.append(row_table(row))
    parts.extend(f"{entry.name}: {entry.problem}." for entry in row.entries if entry.problem)
    return "\n\n".join(parts)


def row_table(row: RowResult) -> str:
    """The table of one row, best first."""
    entries = sorted((entry for entry in row.entries if entry.samples), key=_median)
    driven = row.figure == "cpu"
    reference = row.entry(row.reference)
    ours = next((entry for entry in row.entries if entry.family == "ours" and entry.samples), None)
    header = ["server", f"{UNITS[row.figure]} per {row.unit}", "rounds", "× reference"]
    header.append("ours ÷ this")
    if driven:
        header += [f"{row.unit}s/s", "p50 µs", "p99 µs", "errors"]
    lines = []
    for entry in entries:
        summary = figures.summarize(entry.values())
        line = [
            f"**{entry.name}**" if entry.family == "ours" else entry.name,
            number(summary.median),
            f"{number(summary.low)} to {number(summary.high)}",
            _ratio(entry, reference),
            _ratio(ours, entry),
        ]
        if driven:
            line += [
                f"{entry.median('rate'):,.0f}",
                number(entry.median("p50_us")),
                number(entry.median("p99_us")),
                f"{sum(sample.errors for sample in entry.samples)}",
            ]
        lines.append(line)
    return table(header, lines)


def _median(entry: Entry) -> float:
    return entry.median("value")


def _ratio(one: Entry | None, other: Entry | None) -> str:
    if one is None or other is None or one is other:
        return ""
    found = figures.ratio(one.values(), other.values())
    return f"{found.median:.2f}" if found else ""


def number(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are aligned to the right."""
    rule = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join(f"| {' | '.join(line)} |" for line in (header, rule, *lines))
