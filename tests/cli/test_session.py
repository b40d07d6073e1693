"""Consoles: for a person they fit the terminal, for a pipe they fold nothing."""

import io
import sys

import pytest

from genlab.cli.session import make_console


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    """Print a green word to a terminal and return what it receives."""
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stdout", stream)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", **environment}.items():
        monkeypatch.setenv(name, value)
    make_console(stderr=False).print("fine", style="green")
    return stream.getvalue()


def test_a_pipe_is_never_folded(monkeypatch, capsys):
    monkeypatch.delenv("COLUMNS", raising=False)
    make_console(stderr=False).print(100 * "word ")
    assert capsys.readouterr().out.count("\n") == 1


def test_columns_is_heeded_in_a_pipe(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "50")
    make_console(stderr=False).print(100 * "word ")
    assert capsys.readouterr().out.count("\n") == 10


def test_a_terminal_has_colors(monkeypatch):
    assert "\x1b[32m" in on_a_terminal(monkeypatch)


def test_no_color_is_heeded(monkeypatch):
    assert on_a_terminal(monkeypatch, NO_COLOR="1") == "fine\n"
