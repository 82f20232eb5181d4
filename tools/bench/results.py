"""What a session found out, and how it is kept as JSON."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any

from . import figures
from .rows import Figure


@dataclass(frozen=True)
class Sample:
    """One contender in one round. ``value`` is in the unit of the row, lower is better."""

    value: float
    rate: float = 0.0
    p50_us: float = 0.0
    p99_us: float = 0.0
    errors: int = 0
    memory_kilobytes: float = 0.0
    generator_us: float = 0.0


@dataclass
class Entry:
    """One contender in one row; ``problem`` says why it has no samples, or too few."""

    key: str
    name: str
    family: str
    samples: list[Sample] = field(default_factory=list)
    problem: str = ""

    def values(self) -> list[float]:
        """The figure of each round."""
        return [sample.value for sample in self.samples]

    def median(self, attribute: str) -> float:
        """The median of another attribute of the samples, e.g. ``rate``."""
        return figures.summarize([getattr(sample, attribute) for sample in self.samples]).median


@dataclass
class RowResult:
    """One row; ``measured`` says when, of which commit, and in how many rounds."""

    key: str
    title: str
    unit: str
    figure: Figure
    reference: str
    entries: list[Entry] = field(default_factory=list)
    foreign_shares: list[float] = field(default_factory=list)
    measured: str = ""

    def entry(self, key: str) -> Entry | None:
        """The entry of this contender, when it has samples."""
        for entry in self.entries:
            if entry.key == key and entry.samples:
                return entry
        return None

    def noise(self) -> list[str]:
        """Why this row must not be concluded from."""
        reference = self.entry(self.reference)
        return figures.noise(reference.values() if reference else [], self.foreign_shares)


@dataclass
class Session:
    """Everything of one run of the tool."""

    about: dict[str, str]
    peers: dict[str, str]
    rows: list[RowResult] = field(default_factory=list)

    def row(self, key: str) -> RowResult | None:
        """The row of this key, when it was measured."""
        return next((row for row in self.rows if row.key == key), None)

    def merge(self, newer: "Session") -> "Session":
        """This session with the rows of a newer one in the place of its own."""
        rows = {row.key: row for row in (*self.rows, *newer.rows)}
        return Session(newer.about, newer.peers, list(rows.values()))

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(dataclasses.asdict(self), indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> "Session":
        """Read what ``save`` wrote."""
        stored = json.loads(path.read_text())
        return cls(stored["about"], stored["peers"], [_row(row) for row in stored["rows"]])


def _row(stored: Mapping[str, Any]) -> RowResult:
    entries = [
        Entry(**{**entry, "samples": [Sample(**sample) for sample in entry["samples"]]})
        for entry in stored["entries"]
    ]
    return RowResult(**{**stored, "entries": entries})
