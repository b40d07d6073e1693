"""`genlab show`: what a recipe amounts to once its bases, overrides and defaults are in."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import click
from rich.syntax import Syntax
from rich.text import Text

from genlab.cli import verbs
from genlab.cli.completion import complete_recipe
from genlab.cli.options import override_option
from genlab.cli.session import Session, pass_session
from genlab.cli.tables import plain_table


@click.command("show")
@click.argument("recipe", shell_complete=complete_recipe)
@override_option
@click.option("--origins", is_flag=True, help="Say for each key where its value comes from.")
@pass_session
def command(session: Session, recipe: str, overrides: tuple[str, ...], origins: bool) -> None:
    """Print a recipe with every default filled in.

    What is printed is a recipe itself: it names no other file, and running it does the same. With `--origins` each
    key is listed with its value and where that was written: a file and line, `-s` on the command line, or a
    default.

    \b
    Examples:
      genlab show ddpm
      genlab show ddpm -s sampler.use=ddim > my-recipe.toml
      genlab show my-recipe.toml --origins
    """
    registry = session.registry()
    checked = verbs.check(verbs.read_recipe(recipe, overrides, folders=registry.recipe_paths()), registry)
    if origins:
        written = checked.recipe.origins
        rows = [
            (".".join(key), _toml(value), checked.origin(key) if key in written else Text("default", "dim"))
            for key, value in _leaves(checked.resolved)
        ]
        session.out.print(plain_table(("key", "value", "from"), rows))
        return
    text = checked.resolved_toml()
    if session.out.is_terminal:
        session.out.print(Syntax(text, "toml", theme="ansi_dark", background_color="default", word_wrap=True))
    else:
        session.out.print(text, end="", soft_wrap=True)


def _leaves(table: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*above, key))
        else:
            yield (*above, key), value


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
