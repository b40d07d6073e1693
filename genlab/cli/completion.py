"""Completion of arguments: the names of shipped recipes and of runs, and files."""

from pathlib import Path

import click
from click.shell_completion import CompletionItem

from genlab.cli.options import DEFAULT_OUT
from genlab.cli.shipped import shipped_recipes
from genlab.discovery import discover


def complete_recipe(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the shipped recipes whose name begins with what is typed; else leave it to the shell's files."""
    recipes = [recipe for recipe in shipped_recipes(discover()) if recipe.name.startswith(incomplete)]
    return [CompletionItem(recipe.name, help=recipe.summary) for recipe in recipes] or [
        CompletionItem(incomplete, type="file")
    ]


def complete_run(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the names of the runs so far that begin with what is typed; else leave it to the shell's files."""
    names = sorted({record.parent.parent.name for record in Path(DEFAULT_OUT).glob("*/*/run.json")})
    return [CompletionItem(name) for name in names if name.startswith(incomplete)] or [
        CompletionItem(incomplete, type="dir")
    ]
