"""The live screen: what it shows while a run goes on, and that it leaves the terminal as it was."""

import io
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console
from toy import toy_assembly

from genlab.cli.screen import LiveScreen
from genlab.run import LedgerRow, Progress


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=120, color_system=None)


@pytest.fixture
def progress() -> Progress:
    run = Progress("toy", toy_assembly(), None, 0, 0, 1000)
    run.ledger = (
        LedgerRow("likelihood", "local", -90.5, None, False),
        LedgerRow("kl", "global", 4.25, None, True),
    )
    return run


def picture(screen: LiveScreen, console: Console) -> str:
    with console.capture() as capture:
        console.print(screen._picture())
    return capture.get()


def test_before_the_run_begins_it_says_what_takes_so_long(console):
    assert "reading the recipe and the data" in picture(LiveScreen(console), console)


def test_it_shows_the_step_that_the_run_is_at_when_it_looks(console, progress):
    screen = LiveScreen(console)
    screen.genlab_run_started(run=progress)
    assert "step 0 of 1,000" in picture(screen, console)
    progress.step = 250
    assert "step 250 of 1,000" in picture(screen, console)


def test_it_shows_the_bound_its_terms_the_surrogate_speed_and_memory(console, progress):
    screen = LiveScreen(console)
    screen.genlab_run_started(run=progress)
    logged = {"bits_per_dim": 2.5, "objective_simple": 0.03, "examples_per_second": 1234.0, "peak_memory_bytes": 2**30}
    screen.genlab_step_logged(metrics=logged)
    text = picture(screen, console)
    assert all(words in text for words in ("2.5000 bits/dim", "simple 0.030000", "1,234 examples/s", "1.0 GiB"))
    assert all(words in text for words in ("likelihood", "-90.500", "global"))


def test_a_bound_on_validation_data_stays_until_the_next(console, progress):
    screen = LiveScreen(console)
    screen.genlab_run_started(run=progress)
    screen.genlab_step_logged(metrics={"elbo_nats": -3.0, "validation_elbo_nats": -4.25})
    screen.genlab_step_logged(metrics={"elbo_nats": -2.0})
    assert "-4.2500 nats an example" in picture(screen, console)


def test_after_the_last_step_it_says_what_follows(console, progress):
    screen = LiveScreen(console)
    screen.genlab_run_started(run=progress)
    screen.genlab_training_finished(status="finished")
    assert "evaluating on the test split" in picture(screen, console)


def test_an_interrupted_run_promises_nothing(console, progress):
    screen = LiveScreen(console)
    screen.genlab_run_started(run=progress)
    screen.genlab_training_finished(status="interrupted")
    assert "evaluating" not in picture(screen, console)


def test_a_run_that_fails_says_where_its_folder_is(console, progress):
    progress.folder = SimpleNamespace(path=Path("runs/toy/1"))
    screen = LiveScreen(console)
    screen.genlab_run_started(run=progress)
    with pytest.raises(ZeroDivisionError), screen:
        raise ZeroDivisionError
    assert "the run ended at step 0; what it left is in runs/toy/1" in console.file.getvalue()


def test_it_shows_the_cursor_again_though_the_run_failed(console):
    with pytest.raises(ZeroDivisionError), LiveScreen(console):
        raise ZeroDivisionError
    hidden, shown = "\x1b[?25l", "\x1b[?25h"
    assert console.file.getvalue().rfind(shown) > console.file.getvalue().rfind(hidden) >= 0
