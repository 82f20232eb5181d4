"""The progress that the user sees while it runs."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn
from rich.progress import MofNCompleteColumn
from rich.progress import Progress
from rich.progress import TextColumn
from rich.progress import TimeElapsedColumn
from rich.progress import TimeRemainingColumn

from .results import RowResult
from .rows import UNITS
from .rows import Row


class Display:
    """A bar over all samples, and a line for each row that is finished."""

    def __init__(self, samples: int) -> None:
        """``samples`` is how many there will be when every contender starts."""
        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[last]}"),
            console=self._console,
        )
        self._task = self._progress.add_task("", total=samples, last="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        self._console.print(text, highlight=False)

    def sampled(self, row: str, contender: str, value: float) -> None:
        """One sample more."""
        self._progress.update(
            self._task, advance=1, description=row, last=f"{contender}: {value:.3g}"
        )

    def finished(self, row: Row, result: RowResult) -> None:
        """One row more: its medians, and what is wrong with it."""
        measured = [entry for entry in result.entries if entry.samples]
        measured.sort(key=lambda entry: entry.median("value"))
        unit = UNITS[row.figure]
        self.say(f"[bold]{row.title}[/] ({unit} per {row.unit})")
        for entry in measured:
            colour = {"ours": "green", "floor": "dim"}.get(entry.family, "default")
            self.say(f"  [{colour}]{entry.median('value'):9,.2f}  {entry.name}[/]")
        for entry in result.entries:
            if entry.problem:
                self.say(f"  [red]{entry.name}: {entry.problem}[/]")
            if errors := sum(sample.errors for sample in entry.samples):
                self.say(f"  [red]{entry.name}: {errors} errors[/]")
        for reason in result.noise():
            self.say(f"  [yellow]too noisy to conclude: {reason}[/]")
