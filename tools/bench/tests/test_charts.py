from pathlib import Path

import pytest

from .sessions import entry
from .sessions import small_session

# The environment that runs the tools' tests need not have it; the benchmark's own has.
pytest.importorskip("matplotlib")

from tools.bench import charts


def test_each_row_has_its_chart_and_older_ones_go(tmp_path: Path) -> None:
    (tmp_path / "older.svg").touch()
    written = charts.draw(small_session(), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["get.svg"]
    (path,) = written
    text = path.read_text()
    assert "the ours" in text
    assert "CPU µs per request" in text
    assert "the granian" not in text


def test_growth_is_one_chart_of_lines(tmp_path: Path) -> None:
    session = small_session()
    (row,) = session.rows
    row.key = "growth-64"
    (more,) = small_session().rows
    more.key = "growth-10000"
    more.entries.append(entry("late", "peer", 30.0))
    session.rows.append(more)
    assert [path.name for path in charts.draw(session, tmp_path)] == ["growth.svg"]
    assert "10,000" in (tmp_path / "growth.svg").read_text()


def test_the_same_results_make_the_same_file(tmp_path: Path) -> None:
    (first,) = charts.draw(small_session(), tmp_path / "first")
    (second,) = charts.draw(small_session(), tmp_path / "second")
    assert first.read_bytes() == second.read_bytes()
