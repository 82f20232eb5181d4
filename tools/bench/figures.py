"""The arithmetic of the report: medians, spreads, ratios. Pure functions of numbers."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

NOISY_SPREAD = 0.10
"""Rounds of one and the same program that differ by more than this are not to be concluded from."""

NOISY_FOREIGN_SHARE = 0.05
"""Nor are rounds during which others used more than this share of the two cores."""


@dataclass(frozen=True)
class Summary:
    """Some rounds of one figure."""

    median: float
    low: float
    high: float

    @property
    def spread(self) -> float:
        """(highest - lowest) / median, 0 when there was nothing to measure."""
        return (self.high - self.low) / self.median if self.median else 0.0


def summarize(values: Sequence[float]) -> Summary:
    """The median and the extremes of at least one value."""
    return Summary(statistics.median(values), min(values), max(values))


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Summary | None:
    """Ours over theirs, round by round: what two programs did in one round shares the machine's mood.

    None when there is no common round or theirs is nought.
    """
    pairs = [one / other for one, other in zip(ours, theirs, strict=False) if other]
    return summarize(pairs) if pairs else None


def noise(reference: Sequence[float], foreign_shares: Sequence[float]) -> list[str]:
    """Why a row must not be concluded from; empty when it may be.

    ``reference`` are the rounds of the program that has least to do (the floor), ``foreign_shares`` the
    shares of the cores that went to other processes in each round.
    """
    reasons = []
    if len(reference) > 1 and (spread := summarize(reference).spread) > NOISY_SPREAD:
        reasons.append(f"rounds of the reference differ by {spread:.0%}")
    if foreign_shares and (share := statistics.median(foreign_shares)) > NOISY_FOREIGN_SHARE:
        reasons.append(f"other processes took {share:.0%} of the two cores")
    return reasons
