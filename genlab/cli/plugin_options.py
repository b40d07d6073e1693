"""The options that choose which plugins an invocation uses; they may stand before a command's name or behind it."""

from pathlib import Path
from typing import Any

import click

from genlab.cli.session import Session


def plugin_options(*, hidden: bool = False) -> list[click.Option]:
    """Return new options that note in the session what they are given.

    Args:
        hidden: whether the help is silent about them.
    """
    settings: dict[str, Any] = {"expose_value": False, "callback": _note, "hidden": hidden}
    return [
        click.Option(
            ["--no-plugins"],
            is_flag=True,
            help="Use only what genlab itself offers, and any --plugin-file.",
            **settings,
        ),
        click.Option(
            ["--block", "blocked"],
            multiple=True,
            metavar="PLUGIN",
            help="Do not load this plugin. Repeatable.",
            **settings,
        ),
        click.Option(
            ["--plugin-file", "plugin_files"],
            multiple=True,
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="Load this Python file as a plugin too. It runs with all your rights. Repeatable.",
            **settings,
        ),
    ]


def _note(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    session = ctx.ensure_object(Session)
    if param.name == "no_plugins":
        session.no_plugins = session.no_plugins or value
    elif param.name == "blocked":
        session.blocked += value
    else:
        session.plugin_files += value
