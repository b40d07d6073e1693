"""What a person at a terminal sees while a run goes on.

The picture is redrawn by a timer that reads where the run stands; the run itself never waits for the terminal.
"""

import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from genlab import numbers
from genlab.cli.candidate_table import candidate_line
from genlab.cli.pace import Pace
from genlab.cli.tables import facts, plain_table
from genlab.plugin import hookimpl
from genlab.records import bounds

REFRESHES_PER_SECOND = 4
BAR_WIDTH = 40


class LiveScreen:
    """A progress bar, the bound and its terms, in place; a context manager around the run."""

    def __init__(self, console: Console) -> None:
        """Make one.

        Args:
            console: where to draw, a terminal.
        """
        self._progress: Any = None
        self._title = Text()
        self._metrics: dict[str, Any] = {}
        self._pace = Pace()
        self._phase = "reading the recipe and the data"
        self._spinner = Spinner("dots")
        self._live = Live(
            get_renderable=self._picture, console=console, refresh_per_second=REFRESHES_PER_SECOND, transient=True
        )

    def __enter__(self) -> "LiveScreen":
        self._live.start()
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        self._live.stop()
        if failure is not None and self._progress is not None and self._progress.folder is not None:
            step, folder = numbers.count(self._progress.step), self._progress.folder.path
            self._live.console.print(f"the run ended at step {step}; what it left is in {folder}", soft_wrap=True)

    @hookimpl
    def genlab_run_started(self, run: Any) -> None:
        """Begin to look at the run, or at its next candidate."""
        self._metrics, self._pace = {}, Pace()
        self._title = Text(f"{run.name} on {run.assembly.accelerator.describe()}", style="bold")
        self._progress, self._phase = run, ""

    @hookimpl
    def genlab_step_logged(self, metrics: Mapping[str, float | None]) -> None:
        """Show the newest numbers; a bound on validation data stays until the next one."""
        self._metrics = {**self._metrics, **metrics}  # replaced, for the timer may be reading the old one

    @hookimpl
    def genlab_training_finished(self, status: str) -> None:
        """Say what follows the last step."""
        if status not in ("failed", "interrupted"):
            self._phase = "evaluating on the test split and drawing samples"

    @hookimpl
    def genlab_candidate_finished(self, candidate: Mapping[str, Any], number: int, count: int) -> None:
        """Leave a line above the picture that says how good a candidate is."""
        self._live.console.print(candidate_line(candidate, number, count), soft_wrap=True)

    def _picture(self) -> RenderableType:
        if self._progress is None:
            self._spinner.update(text=self._phase)
            return self._spinner
        run = self._progress
        self._pace.look(run.step, now=time.monotonic())
        known = facts((name, words) for name, words in self._lines() if words)
        parts: list[RenderableType] = [self._title, self._bar(run), known]
        if run.ledger:
            parts += ["", self._terms(run)]
        if self._phase:
            self._spinner.update(text=self._phase)
            parts += ["", self._spinner]
        return Group(*parts)

    def _bar(self, run: Any) -> Table:
        grid = Table.grid(padding=(0, 2))
        elapsed = time.monotonic() - run.started
        grid.add_row(
            ProgressBar(total=max(run.steps, 1), completed=run.step, width=BAR_WIDTH),
            f"step {numbers.count(run.step)} of {numbers.count(run.steps)}",
            f"{numbers.duration(elapsed)} elapsed",
            f"{numbers.duration(self._pace.seconds_left(run.steps))} left",
        )
        return grid

    def _lines(self) -> tuple[tuple[str, str], ...]:
        return (
            ("bound", bounds.bound_words(self._metrics)),
            ("on validation data", bounds.bound_words(self._metrics, "validation_")),
            ("minimised instead", bounds.surrogate_words(self._metrics)),
            ("speed", bounds.rate_words(self._metrics)),
            ("memory", bounds.memory_words(self._metrics)),
        )

    @staticmethod
    def _terms(run: Any) -> Table:
        rows = [(row.name, numbers.value(row.nats), row.scope) for row in run.ledger]
        return plain_table(("term", "nats", "scope"), rows, right=("nats",))
