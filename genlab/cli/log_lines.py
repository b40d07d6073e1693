"""What a log sees while a run goes on: a line at the start, every 30 seconds or tenth of the way, at the end."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from genlab import numbers
from genlab.cli.candidate_table import candidate_line
from genlab.cli.pace import Pace
from genlab.plugin import hookimpl
from genlab.records import bounds

EVERY_SECONDS = 30.0
EVERY_FRACTION = 0.1
LOOK_SECONDS = 0.25


class LogLines:
    """Plain lines, written by a timer that reads where the run stands; a context manager around the run."""

    def __init__(self, console: Console, *, verbose: bool = False) -> None:
        """Make one.

        Args:
            console: where to write.
            verbose: whether each checkpoint has a line too.
        """
        self._console, self._verbose = console, verbose
        self._progress: Any = None
        self._metrics: dict[str, Any] = {}
        self._pace = Pace()
        self._ended = threading.Event()
        self._timer: threading.Thread | None = None
        self._said_at, self._said_tenth = 0.0, 0

    def __enter__(self) -> "LogLines":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    @hookimpl
    def genlab_run_started(self, run: Any) -> None:
        """Write the first line and start the timer; a run with candidates does so for each."""
        self._stop()
        self._progress, self._metrics, self._pace = run, {}, Pace()
        self._said_at, self._said_tenth = time.monotonic(), self._tenth()
        self._pace.look(run.step, now=self._said_at)
        where = "" if run.folder is None else f", in {run.folder.path}"
        at = f"from step {numbers.count(run.first_step)} " if run.first_step else ""
        device = run.assembly.accelerator.describe()
        self._say(f"{run.name}: {at}to step {numbers.count(run.steps)} on {device}{where}")
        self._ended = threading.Event()
        self._timer = threading.Thread(target=self._watch, args=(self._ended,), daemon=True)
        self._timer.start()

    @hookimpl
    def genlab_step_logged(self, metrics: Mapping[str, float | None]) -> None:
        """Remember the newest numbers; a bound on validation data stays until the next one."""
        self._metrics = {**self._metrics, **metrics}  # replaced, for the timer may be reading the old one

    @hookimpl
    def genlab_checkpoint_saved(self, path: Path) -> None:
        """Write a line where every checkpoint shall have one."""
        if self._verbose:
            self._say(f"{self._progress.name}: checkpoint {path}")

    @hookimpl
    def genlab_training_finished(self, status: str) -> None:
        """Write the last line."""
        self._stop()
        self._say(f"{self._where_it_stands()}: {status}")

    @hookimpl
    def genlab_candidate_finished(self, candidate: Mapping[str, Any], number: int, count: int) -> None:
        """Write how good a candidate is."""
        self._say(candidate_line(candidate, number, count))

    def _stop(self) -> None:
        self._ended.set()
        if self._timer is not None and self._timer.is_alive():
            self._timer.join()

    def _watch(self, ended: threading.Event) -> None:
        while not ended.wait(LOOK_SECONDS):
            now = time.monotonic()
            self._pace.look(self._progress.step, now=now)
            if now - self._said_at >= EVERY_SECONDS or self._tenth() > self._said_tenth:
                self._said_at, self._said_tenth = now, self._tenth()
                left = numbers.duration(self._pace.seconds_left(self._progress.steps))
                self._say(f"{self._where_it_stands()}, {left} left")

    def _tenth(self) -> int:
        return int(self._progress.step / max(self._progress.steps, 1) / EVERY_FRACTION)

    def _where_it_stands(self) -> str:
        run, metrics = self._progress, self._metrics
        validation = bounds.bound_words(metrics, "validation_")
        words = [
            f"{run.name}: step {numbers.count(run.step)} of {numbers.count(run.steps)}",
            bounds.bound_words(metrics),
            validation and f"validation {validation}",
            bounds.surrogate_words(metrics),
            bounds.rate_words(metrics),
        ]
        return ", ".join(word for word in words if word)

    def _say(self, line: str) -> None:
        self._console.print(line, soft_wrap=True)
