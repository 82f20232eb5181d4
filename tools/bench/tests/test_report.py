import pytest
from tools.bench import publication
from tools.bench import report

from .sessions import small_session


def test_the_row_is_a_table_with_the_cheapest_first() -> None:
    text = report.row_section(small_session().rows[0])
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert [line.split(" | ")[0] for line in lines] == [
        "| server",
        "| ---",
        "| the floor",
        "| **the ours**",
        "| the uvicorn",
    ]
    assert "| 24.4 | 24.0 to 24.8 | 4.00 | 0.50 |" in lines[-1]


def test_who_could_not_take_part_is_named() -> None:
    assert "the granian: did not start: no such file." in report.render(small_session())


def test_each_row_says_when_it_was_measured() -> None:
    (row,) = small_session().rows
    row.measured = "yesterday of abc1234"
    assert "Measured yesterday of abc1234." in report.row_section(row)


def test_noise_is_said_above_the_table() -> None:
    (row,) = small_session().rows
    row.foreign_shares = [0.3]
    assert "**Too noisy to conclude from:** other processes took 30%" in report.row_section(row)


def test_charts_are_shown_where_they_were_drawn() -> None:
    assert "![Small GET](performance/get.svg)" in report.render(small_session(), {"get"})
    assert "performance/get.svg" not in report.render(small_session())


@pytest.mark.parametrize(
    ("value", "text"), [(0.123, "0.12"), (9.876, "9.88"), (12.34, "12.3"), (1234.5, "1,234")]
)
def test_three_digits(value: float, text: str) -> None:
    assert report.number(value) == text


def test_only_what_is_between_the_marks_is_replaced() -> None:
    page = f"before\n{publication.BEGIN}\nold\n{publication.END}\nafter\n"
    new = publication.replaced(page, "new\n")
    assert new == f"before\n{publication.BEGIN}\n\nnew\n\n{publication.END}\nafter\n"
    assert publication.replaced(new, "new\n") == new


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="the page has no"):
        publication.replaced("before", "new")
