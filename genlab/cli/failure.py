"""How an invocation ends when something goes wrong: one message on standard error, and an exit code.

0 done    1 failed    2 usage    3 recipe invalid    4 component or plugin unavailable    5 device unavailable
130 interrupted by the keyboard    143 terminated
"""

import errno
import os
import sys
import traceback

import click
from rich.text import Text

from genlab.cli.session import Session
from genlab.errors import GenlabError

FAILED = 1
INTERRUPTED = 130
_ALIKE_IN_ALL_PROCESSES = (2, 3, 4)
"""Errors that one process can report for all of a run's: of usage, of the recipe, of a component."""
_COMPILER = ("torch._dynamo", "torch._inductor")
"""Whose errors mean that `torch.compile` has failed, where no C++ compiler is installed for example."""


def report_failure(failure: BaseException, session: Session) -> int:
    """Print what a user should read of an exception and return the exit code.

    Args:
        failure: whatever left the command.
        session: the invocation it happened in; the traceback is shown where it is verbose.
    """
    if isinstance(failure, click.ClickException):
        failure.show()
        return failure.exit_code
    if isinstance(failure, click.Abort | KeyboardInterrupt):
        _print(session, "interrupted.", "yellow")
        return INTERRUPTED
    if isinstance(failure, OSError) and failure.errno == errno.EPIPE:
        _silence_standard_output()
        return FAILED
    if session.verbose:
        session.err.print("".join(traceback.format_exception(failure)), style="dim", soft_wrap=True)
    if isinstance(failure, GenlabError) and not session.leads and failure.exit_code in _ALIKE_IN_ALL_PROCESSES:
        return failure.exit_code
    if isinstance(failure, GenlabError):
        _print(session, str(failure), "red")
        return failure.exit_code
    _print(session, _unexpected(failure), "red")
    return FAILED


def _unexpected(failure: BaseException) -> str:
    if isinstance(failure, OSError):
        where = f" ({failure.filename})" if failure.filename else ""
        return f"{failure.strerror or failure}{where}."
    if _is_out_of_memory(failure):
        return "out of memory. Use a smaller data.batch_size or eval.batch_size, or a smaller model."
    said = f"{type(failure).__name__}: {failure}".splitlines()[0]
    if type(failure).__module__.startswith(_COMPILER):
        return f"a network could not be compiled: {said}\nSet accelerator.compile = false; `genlab -v ...` shows all."
    return f"{said}\nThis is a bug in genlab or in a plugin; `genlab -v ...` shows where it happened."


def _is_out_of_memory(failure: BaseException) -> bool:
    # torch's own class is named, not imported: reporting a failure must not need torch
    return (
        isinstance(failure, MemoryError)
        or type(failure).__name__ == "OutOfMemoryError"
        or "can't allocate memory" in str(failure)
    )


def _print(session: Session, message: str, style: str) -> None:
    if session.process:
        message = f"{session.process}: {message}"
    first, _, rest = message.partition("\n")
    text = Text(first, style=f"bold {style}")
    session.err.print(text.append(f"\n{rest}" if rest else "", style="not bold default"), soft_wrap=True)


def _silence_standard_output() -> None:
    # whoever read our output has left; the interpreter's last flush must not complain about it
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
