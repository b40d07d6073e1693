"""The line that says what a command is doing."""

import io

import click
from rich.console import Console

from genlab.cli.busy import busy
from genlab.cli.session import Session


def shown(*, terminal):
    session = Session(err=Console(file=io.StringIO(), force_terminal=terminal, width=80, markup=False))
    with busy(session, "drawing"):
        session.err.print("a warning")
    return session.err.file.getvalue()


def test_a_terminal_shows_what_is_being_done_and_for_how_long():
    assert "drawing" in shown(terminal=True)
    assert "0:00:0" in shown(terminal=True)


def test_nowhere_else_is_anything_added():
    assert shown(terminal=False) == "a warning\n"


def test_results_go_to_standard_output_meanwhile(capsys):
    with busy(Session(err=Console(file=io.StringIO(), force_terminal=True)), "drawing"):
        click.echo("result")
    assert capsys.readouterr().out == "result\n"
