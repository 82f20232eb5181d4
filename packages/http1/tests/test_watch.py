from math import inf

import pytest

from http1 import HTTP1ConnectionParameters
from http1._watch import Phase
from http1._watch import Verdict
from http1._watch import Watch

TICK = 1.0


class Observed:
    """A connection that tells the watch the same thing tick by tick, until told otherwise."""

    def __init__(self, **params: float) -> None:
        self.watch = Watch(HTTP1ConnectionParameters(**params), 0.0)  # type: ignore[arg-type]
        self.now = 1000.0
        self.phase = Phase.IDLE
        self.message = 0
        self.received = 0
        self.sent = 0
        self.unsent = False

    def tick(self, seconds: float = TICK) -> Verdict:
        self.now += seconds
        return self.watch.observe(
            self.now, self.phase, self.message, self.received, self.sent, self.unsent
        )

    def seconds_until(self, verdict: Verdict, rate: float = 0, most: int = 1000) -> int:
        """How many seconds it takes to that verdict, when so many bytes come a second."""
        received = float(self.received)
        for seconds in range(most):
            if self.tick() is verdict:
                return seconds
            received += rate
            self.received = int(received)
        return most


@pytest.mark.parametrize(
    ("phase", "params", "verdict", "seconds"),
    [
        (Phase.IDLE, {"idle_timeout": 10}, Verdict.CLOSE, 11),
        (Phase.HEAD, {"header_timeout": 10}, Verdict.TIMED_OUT, 11),
        (Phase.BODY, {"body_idle_timeout": 4}, Verdict.TIMED_OUT, 5),
        (Phase.BODY, {"body_timeout": 3}, Verdict.TIMED_OUT, 4),
        (Phase.APPLICATION, {"idle_timeout": 1, "header_timeout": 1}, Verdict.CLOSE, 1000),
        (Phase.RESPONSE_BODY, {"body_timeout": 3}, Verdict.TIMED_OUT, 4),
        (Phase.RESPONSE_BODY, {"body_idle_timeout": 3}, Verdict.TIMED_OUT, 1000),
    ],
)
def test_silence(phase: Phase, params: dict[str, float], verdict: Verdict, seconds: int) -> None:
    observed = Observed(**params)
    observed.phase = phase
    assert observed.seconds_until(verdict) == seconds


@pytest.mark.parametrize(
    ("phase", "seconds"), [(Phase.IDLE, 76), (Phase.HEAD, 31), (Phase.BODY, 6)]
)
def test_one_byte_a_second_is_gone_in_bounded_time_by_default(phase: Phase, seconds: int) -> None:
    observed = Observed()
    observed.phase = phase
    verdict = Verdict.CLOSE if phase is Phase.IDLE else Verdict.TIMED_OUT
    assert observed.seconds_until(verdict, rate=1) == seconds


@pytest.mark.parametrize(("rate", "stays"), [(240, True), (230, False), (1_000_000, True)])
def test_the_least_rate_of_a_body(rate: int, stays: bool) -> None:
    observed = Observed()
    observed.phase = Phase.BODY
    assert (observed.seconds_until(Verdict.TIMED_OUT, rate, most=500) == 500) == stays


def test_the_rate_is_an_average() -> None:
    observed = Observed(min_body_rate=100)
    observed.phase = Phase.BODY
    observed.tick()
    observed.received = 1500
    assert observed.seconds_until(Verdict.TIMED_OUT) == 20


def test_the_next_message_begins_anew() -> None:
    observed = Observed(header_timeout=5)
    observed.phase = Phase.HEAD
    for _ in range(20):
        assert observed.tick() is Verdict.FINE
        observed.message += 1


def test_a_change_of_phase_begins_anew() -> None:
    observed = Observed(header_timeout=5, idle_timeout=5)
    for number in range(20):
        observed.phase = Phase.HEAD if number % 2 else Phase.IDLE
        assert observed.tick(4) is Verdict.FINE


def test_the_first_tick_may_be_late() -> None:
    observed = Observed(idle_timeout=5)
    assert observed.tick(100) is Verdict.FINE


@pytest.mark.parametrize("phase", list(Phase))
def test_an_answer_that_is_not_taken(phase: Phase) -> None:
    observed = Observed(write_timeout=10, idle_timeout=inf, header_timeout=inf, min_body_rate=0)
    observed.phase = phase
    observed.unsent = True
    observed.sent = 1000
    for _ in range(30):
        observed.sent += 1
        observed.received += 1
        assert observed.tick() is Verdict.FINE
    assert observed.seconds_until(Verdict.CLOSE, rate=1) == 10


def test_everything_can_be_switched_off() -> None:
    observed = Observed(
        idle_timeout=inf,
        header_timeout=inf,
        body_idle_timeout=inf,
        body_timeout=inf,
        write_timeout=inf,
        min_body_rate=0,
    )
    observed.unsent = True
    for phase in Phase:
        observed.phase = phase
        assert observed.tick(1e9) is Verdict.FINE
        assert observed.tick(1e9) is Verdict.FINE


@pytest.mark.parametrize(
    ("phase", "limit", "params"),
    [
        (Phase.IDLE, "idle_timeout", {}),
        (Phase.HEAD, "header_timeout", {}),
        (Phase.BODY, "body_idle_timeout", {}),
        (Phase.BODY, "body_timeout", {"body_timeout": 60}),
        (Phase.BODY, "min_body_rate", {"body_idle_timeout": 1e9}),
        (Phase.RESPONSE_BODY, "body_timeout", {"body_timeout": 60}),
    ],
)
def test_the_limit_is_named_when_it_is_passed(
    phase: Phase, limit: str, params: dict[str, float]
) -> None:
    observed = Observed(**params)
    observed.phase = phase
    observed.tick()
    assert (observed.watch.limit, observed.watch.reason) == ("", "")
    assert observed.tick(1000) is not Verdict.FINE
    assert observed.watch.limit == limit
    assert limit in observed.watch.reason


@pytest.mark.parametrize("phase", list(Phase))
def test_the_limit_of_what_is_not_taken_is_named(phase: Phase) -> None:
    observed = Observed()
    observed.phase = phase
    observed.unsent = True
    observed.tick()
    assert observed.tick(1000) is Verdict.CLOSE
    assert observed.watch.limit == "write_timeout"
    assert "write_timeout" in observed.watch.reason
