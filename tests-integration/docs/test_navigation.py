"""No page of the manual is lost: each is in the navigation of zensical.toml."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def pages(entry: object) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, list):
        for each in entry:
            yield from pages(each)
    elif isinstance(entry, dict):
        for each in entry.values():
            yield from pages(each)


def test_every_page_is_in_the_navigation_once() -> None:
    project = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]
    docs = ROOT / "docs"

    assert sorted(pages(project["nav"])) == sorted(
        str(page.relative_to(docs)) for page in docs.rglob("*.md")
    )
