"""Completion of arguments: the names of shipped recipes, and files."""

import click
from click.shell_completion import CompletionItem

from genlab.cli.shipped import shipped_recipes
from genlab.discovery import discover


def complete_recipe(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the shipped recipes whose name begins with what is typed; else leave it to the shell's files."""
    recipes = [recipe for recipe in shipped_recipes(discover()) if recipe.name.startswith(incomplete)]
    return [CompletionItem(recipe.name, help=recipe.summary) for recipe in recipes] or [
        CompletionItem(incomplete, type="file")
    ]
