"""Where the results go: a folder of its own, or the performance page of the documentation."""

from pathlib import Path

from . import charts
from . import report
from .environment import ROOT
from .results import Session

PAGE = ROOT / "docs" / "performance.md"
CHARTS = ROOT / "docs" / "performance"

BEGIN = "<!-- results: written by `hatch run bench --publish`, not by hand -->"
END = "<!-- end of results -->"


def write(session: Session, folder: Path) -> None:
    """Write ``results.json``, ``results.md`` and the charts into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    session.save(folder / "results.json")
    (folder / "results.md").write_text(report.render(session))
    charts.draw(session, folder)
    print(f"Results: {folder}/results.md, results.json and charts")


def publish(session: Session) -> None:
    """Put the results between the two marks of the page, the charts beside it.

    Rows that were not measured this time stay as they are.
    """
    CHARTS.mkdir(parents=True, exist_ok=True)
    stored = CHARTS / "results.json"
    if stored.exists():
        session = Session.load(stored).merge(session)
    session.save(stored)
    drawn = {path.stem for path in charts.draw(session, CHARTS)}
    PAGE.write_text(replaced(PAGE.read_text(), report.render(session, drawn)))


def replaced(page: str, results: str) -> str:
    """The page with what stands between the marks exchanged; ValueError when there are none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} ... {END}")
    return f"{before}{BEGIN}\n\n{results}\n{END}{after}"
