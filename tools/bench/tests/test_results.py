from pathlib import Path

from tools.bench.results import Session

from .sessions import small_session


def test_a_session_survives_its_file(tmp_path: Path) -> None:
    session = small_session()
    session.save(tmp_path / "results.json")
    assert Session.load(tmp_path / "results.json") == session


def test_newer_rows_take_the_place_of_older_ones() -> None:
    older = small_session()
    newer = small_session()
    newer.rows[0].measured = "later"
    newer.rows.append(small_session().rows[0])
    newer.rows[1].key = "post"
    assert [row.measured for row in older.merge(newer).rows] == ["later", ""]
    assert [row.measured for row in newer.merge(older).rows] == ["", ""]


def test_an_entry_without_samples_is_not_found() -> None:
    (row,) = small_session().rows
    assert row.entry("granian") is None
    assert row.entry("nobody") is None
    ours = row.entry("ours")
    assert ours is not None
    assert ours.median("value") == 12.2


def test_a_steady_row_is_not_noisy() -> None:
    (row,) = small_session().rows
    assert row.noise() == []


def test_a_row_knows_when_it_is_noisy() -> None:
    (row,) = small_session().rows
    row.foreign_shares = [0.5]
    assert row.noise() == ["other processes took 50% of the two cores"]
