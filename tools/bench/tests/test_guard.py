import subprocess
import sys

import pytest
from tools.bench import guard
from tools.bench.request_loop import SHAPES
from tools.bench.request_loop import request


def test_growth_within_the_tolerance_passes() -> None:
    (comparison,) = guard.compare({"get calls": 100.0}, {"get calls": 102.0, "new": 1.0})
    assert not comparison.failed
    assert str(comparison).split() == [
        "get",
        "calls",
        "recorded",
        "100.00",
        "now",
        "102.00",
        "+2.0%",
    ]


def test_growth_beyond_the_tolerance_fails() -> None:
    (comparison,) = guard.compare({"get calls": 100.0}, {"get calls": 104.0})
    assert comparison.failed
    assert str(comparison).endswith("GREW")


def test_what_became_less_should_be_recorded() -> None:
    (comparison,) = guard.compare({"get calls": 100.0}, {"get calls": 90.0})
    assert not comparison.failed
    assert "record it" in str(comparison)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_floor_makes_the_same_calls_each_time(shape: str) -> None:
    command = [*guard.command("floor", shape, 4), "--calls"]
    assert len({guard.run(command).stdout for _ in range(2)}) == 1


def test_requests_differ_and_are_complete() -> None:
    assert request(1, b"") != request(2, b"")
    head, _, body = request(3, b"xyz").partition(b"\r\n\r\n")
    assert body == b"xyz"
    assert head.count(b"\r\n") == 8


def test_an_interpreter_without_a_record_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(guard, "VERSION", "2.7")
    monkeypatch.setattr(guard, "measure", dict)
    monkeypatch.setattr(sys, "argv", ["guard"])
    assert guard.main() == 0
    assert "Nothing is recorded for Python 2.7" in capsys.readouterr().out


def test_a_failing_loop_is_an_error() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        guard.run([sys.executable, "-c", "raise SystemExit(1)"])


@pytest.mark.slow
@pytest.mark.timeout(300)  # twenty seconds on a machine of its own
def test_no_request_costs_more_than_recorded() -> None:
    """The guard itself. After a change that is worth its price: `python -m tools.bench.guard --record`."""
    if guard.VERSION not in (records := guard.records()):
        pytest.skip(f"nothing is recorded for Python {guard.VERSION}")
    comparisons = guard.compare(records[guard.VERSION], guard.measure())
    assert comparisons
    assert not [str(comparison) for comparison in comparisons if comparison.failed]
