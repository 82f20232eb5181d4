from tools.bench import figures
from tools.bench.figures import Summary


def test_summary_is_the_median_and_the_extremes() -> None:
    assert figures.summarize([3.0, 1.0, 2.0]) == Summary(2.0, 1.0, 3.0)


def test_spread_is_relative_to_the_median() -> None:
    assert figures.summarize([9.0, 10.0, 12.0]).spread == 0.3
    assert figures.summarize([0.0]).spread == 0.0


def test_ratio_pairs_the_rounds() -> None:
    # Both took twice as long in the second round: the ratio is as steady as in a quiet one.
    assert figures.ratio([2.0, 4.0], [1.0, 2.0]) == Summary(2.0, 2.0, 2.0)


def test_ratio_uses_the_rounds_that_both_have() -> None:
    assert figures.ratio([2.0, 4.0, 100.0], [1.0, 2.0]) == Summary(2.0, 2.0, 2.0)


def test_ratio_to_nothing_is_none() -> None:
    assert figures.ratio([1.0], []) is None
    assert figures.ratio([1.0], [0.0]) is None


def test_steady_rounds_are_not_noisy() -> None:
    assert figures.noise([6.0, 6.1, 6.2], [0.01, 0.2, 0.02]) == []


def test_a_wide_spread_of_the_reference_is_noise() -> None:
    (reason,) = figures.noise([6.0, 7.0], [])
    assert reason == "rounds of the reference differ by 15%"


def test_busy_neighbours_are_noise() -> None:
    (reason,) = figures.noise([6.0, 6.0], [0.1, 0.2, 0.3])
    assert reason == "other processes took 20% of the two cores"
