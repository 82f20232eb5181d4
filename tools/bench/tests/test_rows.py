import pytest
from tools.bench.rows import BY_KEY
from tools.bench.rows import ROWS
from tools.bench.rows import choose


def test_a_full_session_has_everything() -> None:
    chosen = choose([], [], full=True, compiled=True)
    assert [row for row, _ in chosen] == list(ROWS)
    assert all(keys == [*row.contenders, *row.others] for row, keys in chosen)


def test_a_quick_session_leaves_out_what_takes_long() -> None:
    chosen = choose([], [], full=False, compiled=True)
    assert {row.key for row, _ in chosen} == {row.key for row in ROWS if not row.full_only}
    assert all(keys == [*row.contenders] for row, keys in chosen)


def test_rows_that_are_asked_for_are_measured_in_a_quick_session_too() -> None:
    assert [row.key for row, _ in choose(["layers"], [], full=False, compiled=False)] == ["layers"]


def test_contenders_that_are_asked_for_meet_the_reference() -> None:
    chosen = choose(["get"], ["uvicorn-h11", "ours"], full=False, compiled=False)
    assert chosen == [(BY_KEY["get"], ["floor", "ours", "uvicorn-h11"])]


def test_without_wheels_nothing_compiled_takes_part() -> None:
    ((_, keys),) = choose(["get"], [], full=True, compiled=False)
    assert "ours" in keys
    assert not [key for key in keys if "compiled" in key]


def test_a_row_that_there_is_not_is_refused() -> None:
    with pytest.raises(SystemExit, match="no such row: got"):
        choose(["get", "got"], [], full=False, compiled=False)
