"""What the commands of one invocation share: where to print, and which plugins to use."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import click
from rich.console import Console

from genlab.discovery import Registry, discover

WIDE = 1000
"""Columns assumed where nobody watches: a table in a pipe is never folded."""


def make_console(*, stderr: bool) -> Console:
    """Return a console; `NO_COLOR`, `FORCE_COLOR` and `COLUMNS` have their usual meaning."""
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = WIDE
    return console


@dataclass
class Session:
    """One invocation of the command line.

    Attributes:
        out: results.
        err: everything else: progress, warnings, errors.
        no_plugins: whether to use only what genlab's own distribution offers, and `plugin_files`.
        blocked: plugins not to load.
        plugin_files: files that are plugins.
        verbose: whether to say more: each checkpoint, and the traceback of an error.
    """

    out: Console = field(default_factory=lambda: make_console(stderr=False))
    err: Console = field(default_factory=lambda: make_console(stderr=True))
    no_plugins: bool = False
    blocked: tuple[str, ...] = ()
    plugin_files: tuple[Path, ...] = ()
    verbose: bool = False

    @property
    def process(self) -> str:
        """Which of the run's processes this is, in words; empty where there is one."""
        count = int(os.environ.get("WORLD_SIZE", "1"))
        return f"process {os.environ.get('RANK', '0')} of {count}" if count > 1 else ""

    @property
    def leads(self) -> bool:
        """Whether this process speaks for all of the run's."""
        return not self.process or os.environ.get("RANK", "0") == "0"

    def registry(self) -> Registry:
        """Discover the plugins this invocation may use."""
        return discover(no_plugins=self.no_plugins, blocked=self.blocked, plugin_files=self.plugin_files)


pass_session = click.make_pass_decorator(Session, ensure=True)
