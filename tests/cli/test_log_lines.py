"""The plain lines of a run: at the start, now and then, at the end."""

import io
import time
from pathlib import Path

import pytest
from rich.console import Console
from toy import toy_assembly

from genlab.cli import log_lines
from genlab.cli.log_lines import LogLines
from genlab.run import Progress


@pytest.fixture
def progress(monkeypatch: pytest.MonkeyPatch) -> Progress:
    monkeypatch.setattr(log_lines, "LOOK_SECONDS", 0.001)
    return Progress("toy", toy_assembly(), None, 0, 0, 1000)


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def lines(console: Console) -> list[str]:
    return console.file.getvalue().splitlines()


def wait_for_lines(console: Console, count: int) -> None:
    deadline = time.monotonic() + 10
    while len(lines(console)) < count and time.monotonic() < deadline:
        time.sleep(0.001)


def test_a_run_is_a_line_at_its_start_and_one_at_its_end(console, progress):
    with LogLines(console) as screen:
        screen.genlab_run_started(run=progress)
        progress.step = 1000
        screen.genlab_step_logged(metrics={"elbo_nats": -3.25, "examples_per_second": 50.0})
        screen.genlab_training_finished(status="finished")
    first, *_, last = lines(console)
    assert first.startswith("toy: to step 1,000 on CPU")
    assert last == "toy: step 1,000 of 1,000, -3.2500 nats an example, 50.0 examples/s: finished"


def test_each_tenth_of_the_way_is_a_line(console, progress):
    with LogLines(console) as screen:
        screen.genlab_run_started(run=progress)
        for count, step in enumerate((110, 230, 999), start=2):
            progress.step = step
            wait_for_lines(console, count)
    assert [line.split(",")[0] for line in lines(console)[1:]] == [
        "toy: step 110 of 1",
        "toy: step 230 of 1",
        "toy: step 999 of 1",
    ]


def test_a_slow_run_has_a_line_every_so_many_seconds(console, progress, monkeypatch):
    monkeypatch.setattr(log_lines, "EVERY_SECONDS", 0.0)
    with LogLines(console) as screen:
        screen.genlab_run_started(run=progress)
        progress.step = 1
        wait_for_lines(console, 3)
    assert len(lines(console)) >= 3


def test_a_resumed_run_says_where_it_goes_on(console, progress):
    progress.first_step = progress.step = 400
    with LogLines(console) as screen:
        screen.genlab_run_started(run=progress)
    assert lines(console)[0].startswith("toy: from step 400 to step 1,000")


@pytest.mark.parametrize(("verbose", "count"), [(False, 1), (True, 2)])
def test_checkpoints_are_told_to_those_who_asked(console, progress, verbose, count):
    with LogLines(console, verbose=verbose) as screen:
        screen.genlab_run_started(run=progress)
        screen.genlab_checkpoint_saved(path=Path("checkpoints/5"))
    assert len(lines(console)) == count


def test_a_run_that_never_began_leaves_no_thread(console):
    with pytest.raises(ZeroDivisionError), LogLines(console):
        raise ZeroDivisionError
    assert lines(console) == []
