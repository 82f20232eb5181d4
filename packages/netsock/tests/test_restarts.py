from hypothesis import given
from hypothesis import strategies as st

from netsock._restarts import Restarts


def test_first_restart_is_immediate_then_delays_double() -> None:
    restarts = Restarts(100)
    delays = [restarts.delay(0, lifetime=0.0) for _ in range(10)]
    assert delays == [0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]


def test_each_task_has_its_own_pace() -> None:
    restarts = Restarts(100)
    assert restarts.delay(0, lifetime=0.0) == 0.0
    assert restarts.delay(0, lifetime=0.0) == 0.1
    assert restarts.delay(1, lifetime=0.0) == 0.0


def test_a_settled_worker_starts_afresh() -> None:
    restarts = Restarts(100)
    for _ in range(5):
        restarts.delay(0, lifetime=0.0)
    assert restarts.delay(0, lifetime=60.0) == 0.0
    assert restarts.delay(0, lifetime=0.0) == 0.1


def test_gives_up_over_all_tasks() -> None:
    restarts = Restarts(2)
    assert restarts.delay(0, lifetime=60.0) == 0.0
    assert restarts.delay(1, lifetime=60.0) == 0.0
    assert restarts.delay(2, lifetime=60.0) is None
    assert restarts.delay(2, lifetime=60.0) is None


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1e6)), max_size=200))
def test_delays_are_bounded(deaths: list[tuple[int, float]]) -> None:
    restarts = Restarts(1000)
    for task, lifetime in deaths:
        delay = restarts.delay(task, lifetime)
        assert delay is not None
        assert 0 <= delay <= 10
