import pytest
from tools.bench import targets
from tools.bench.contenders import ALL
from tools.bench.contenders import CONTENDERS
from tools.bench.results import Session
from tools.bench.rows import BY_KEY
from tools.bench.rows import Row

from .sessions import entry
from .sessions import small_session


def judged(session: Session) -> dict[str, str]:
    return {verdict.target.text: verdict.words for verdict in targets.judge(session)}


def test_what_was_not_measured_is_not_judged() -> None:
    assert judged(Session({}, {})) == {}


def test_met() -> None:
    assert judged(small_session()) == {
        "small GET, pure, asyncio: × floor": "met",
        "small GET, pure, asyncio: less than every Python peer but socketify": "met",
    }


def test_missed() -> None:
    session = small_session()
    session.rows[0].entries[1] = entry("ours", "ours", 25.0, 25.0, 25.0)
    assert set(judged(session).values()) == {"missed"}


def test_noise_is_said() -> None:
    session = small_session()
    session.rows[0].foreign_shares = [0.4]
    assert set(judged(session).values()) == {"met, but too noisy to conclude"}


@pytest.mark.parametrize("target", targets.TARGETS, ids=lambda target: target.text)
def test_targets_name_rows_and_contenders_that_exist(target: targets.Target) -> None:
    row = BY_KEY[target.row]
    assert target.ours in row.contenders + row.others
    against = BY_KEY[target.against_row or target.row]
    for key in target.against:
        assert key == targets.PEERS or key in against.contenders + against.others


def test_no_key_is_used_twice() -> None:
    assert len(CONTENDERS) == len(ALL)


@pytest.mark.parametrize("row", BY_KEY.values(), ids=lambda row: row.key)
def test_rows_name_contenders_that_exist(row: Row) -> None:
    keys = row.contenders + row.others
    assert CONTENDERS.keys() >= set(keys)
    assert len(keys) == len(set(keys))
    assert row.reference in keys
