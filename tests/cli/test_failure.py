"""What is read, and what exit code is returned, when something goes wrong."""

import errno
import io
import warnings

import click
import pytest
from rich.console import Console

from genlab import errors
from genlab.cli.failure import report_failure
from genlab.cli.lazy_group import LazyCommand
from genlab.cli.main import main
from genlab.cli.session import Session


def report(failure: BaseException, *, verbose: bool = False) -> tuple[int, str]:
    text = io.StringIO()
    session = Session(err=Console(file=text, width=200), verbose=verbose)
    try:
        raise failure
    except BaseException as raised:
        return report_failure(raised, session), text.getvalue()


class OutOfMemoryError(RuntimeError):
    """Named like torch's."""


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.GenlabError, 1),
        (errors.DataError, 1),
        (errors.RunFolderError, 1),
        (errors.UsageError, 2),
        (errors.IncompatibleError, 3),
        (errors.ComponentError, 4),
        (errors.DeviceError, 5),
    ],
)
def test_an_expected_error_is_its_message_and_its_code(kind, code):
    assert report(kind("steps must be 1, got 0.\nUse [1].")) == (code, "steps must be 1, got 0.\nUse [1].\n")


def test_all_faults_of_a_recipe_are_printed():
    faults = [errors.Fault("a.toml:3", "train.steps", "must be 1."), errors.Fault("a.toml:4", "seed", "must be 2.")]
    code, text = report(errors.RecipeError("a.toml", faults))
    assert code == 3
    assert text.splitlines() == [
        "a.toml: 2 problems",
        "  a.toml:3: train.steps: must be 1.",
        "  a.toml:4: seed: must be 2.",
    ]


def test_a_network_that_cannot_be_compiled_says_how_to_do_without():
    failure = type("InductorError", (RuntimeError,), {"__module__": "torch._inductor.exc"})("no C++ compiler\nmore")
    code, text = report(failure)
    assert code == 1
    assert text.splitlines() == [
        "a network could not be compiled: InductorError: no C++ compiler",
        "Set accelerator.compile = false; `genlab -v ...` shows all.",
    ]


def test_an_unexpected_error_is_called_a_bug_and_has_no_traceback():
    code, text = report(ZeroDivisionError("division by zero"))
    assert code == 1
    assert text.startswith("ZeroDivisionError: division by zero\nThis is a bug")
    assert "Traceback" not in text


def test_a_verbose_invocation_shows_the_traceback():
    assert "Traceback (most recent call last)" in report(ZeroDivisionError("division by zero"), verbose=True)[1]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_is_130(interruption):
    assert report(interruption) == (130, "interrupted.\n")


def test_a_file_that_cannot_be_used_is_named():
    denied = OSError(errno.EACCES, "Permission denied", "runs/x")
    assert report(denied) == (1, "Permission denied (runs/x).\n")


@pytest.mark.parametrize(
    "failure",
    [MemoryError(), OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory")],
)
def test_running_out_of_memory_says_what_to_make_smaller(failure):
    code, text = report(failure)
    assert code == 1
    assert text.startswith("out of memory. Use a smaller data.batch_size")


def fake(monkeypatch: pytest.MonkeyPatch, action: click.Command) -> None:
    """Put a command in the place of all others."""
    monkeypatch.setattr(LazyCommand, "load", lambda self: action)


def test_a_command_that_is_interrupted_ends_with_130(monkeypatch, capsys):
    def interrupt() -> None:
        raise KeyboardInterrupt

    fake(monkeypatch, click.command("env")(interrupt))
    assert main(["env"]) == 130
    assert "interrupted." in capsys.readouterr().err


def test_a_warning_of_genlab_is_printed_once_as_one_line(monkeypatch, capsys):
    def warn() -> None:
        for _ in range(3):
            warnings.warn("beta is [large].", errors.GenlabWarning, stacklevel=1)

    fake(monkeypatch, click.command("env")(warn))
    assert main(["env"]) == 0
    assert capsys.readouterr().err == "warning: beta is [large].\n"


def test_the_warnings_of_others_are_left_to_python(monkeypatch):
    def warn() -> None:
        warnings.warn("old", DeprecationWarning, stacklevel=1)

    fake(monkeypatch, click.command("env")(warn))
    with pytest.warns(DeprecationWarning, match="old"):
        main(["env"])
