"""A session that was made up, for the tests of what is rendered from one."""

from tools.bench.results import Entry
from tools.bench.results import RowResult
from tools.bench.results import Sample
from tools.bench.results import Session


def entry(key: str, family: str, *values: float, problem: str = "") -> Entry:
    samples = [Sample(value, rate=1e6 / value, p50_us=400, p99_us=900) for value in values]
    return Entry(key, f"the {key}", family, samples, problem)


def small_session() -> Session:
    row = RowResult(
        "get",
        "Small GET",
        "request",
        "cpu",
        "floor",
        [
            entry("floor", "floor", 6.0, 6.2, 6.1),
            entry("ours", "ours", 12.0, 12.4, 12.2),
            entry("uvicorn", "peer", 24.0, 24.8, 24.4),
            entry("granian", "peer", problem="did not start: no such file"),
        ],
        [0.01, 0.02, 0.01],
    )
    return Session({"python": "3.11.7"}, {"uvicorn": "0.54.0"}, [row])
