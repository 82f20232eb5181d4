"""Find the programs in a Markdown page, and what the page says they do.

A fence whose language is `python` holds a whole program. The fence after it may tell more:

- `output`: what the program prints before it ends;
- `console`: the program is a server; each line that begins with `$ ` is typed while it serves, and the
  lines up to the next one are what the command prints.

In both, `...` stands for anything. A program that is not whole, or can't run here, has the comment
`<!-- fragment -->` on a line above its fence: it is compiled, not run.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

_FENCE = re.compile(
    r"^(?P<fragment><!-- fragment -->\n+)?(?P<ticks>```+)(?P<language>\w*)[^\n]*\n(?P<text>.*?)^(?P=ticks)$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Exchange:
    """A command, and what it is said to print."""

    command: str
    printed: str


@dataclass(frozen=True)
class Snippet:
    """One program of a page, and what the page says of it."""

    page: Path
    line: int
    code: str
    fragment: bool
    output: str | None
    session: tuple[Exchange, ...]


def find(page: Path) -> Iterator[Snippet]:
    """Yield the programs of a page in order."""
    text = page.read_text()
    fences = list(_FENCE.finditer(text))
    for fence, following in pairwise([*fences, None]):
        if fence is None or fence["language"] != "python":
            continue
        language, said = (following["language"], following["text"]) if following else ("", "")
        yield Snippet(
            page=page,
            line=text.count("\n", 0, fence.start("ticks")) + 1,
            code=fence["text"],
            fragment=fence["fragment"] is not None,
            output=said if language == "output" else None,
            session=tuple(_exchanges(said)) if language == "console" else (),
        )


def _exchanges(text: str) -> Iterator[Exchange]:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield Exchange(command, printed)
