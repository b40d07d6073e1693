"""`genlab recipes`: what can be run without writing anything."""

import dataclasses

import click

from genlab.cli.documents import print_json
from genlab.cli.options import json_option
from genlab.cli.session import Session, pass_session
from genlab.cli.shipped import shipped_recipes
from genlab.cli.tables import plain_table


@click.command("recipes")
@json_option
@pass_session
def command(session: Session, as_json: bool) -> None:
    """List the recipes that ship with genlab and its plugins.

    A name listed here can be given to `genlab run`, `show` and `validate` in place of a file. To change more of a
    recipe than `-s` comfortably does, write a file that begins with `extends` and the recipe's path.

    \b
    Examples:
      genlab recipes
      genlab recipes --json
    """
    recipes = shipped_recipes(session.registry())
    if as_json:
        print_json(session, [dataclasses.asdict(recipe) for recipe in recipes])
        return
    session.out.print(plain_table(("recipe", "what it shows"), [(recipe.name, recipe.summary) for recipe in recipes]))
    folders = dict.fromkeys(recipe.path.parent for recipe in recipes)
    session.out.print(f"\nfiles in {', '.join(map(str, folders))}", style="dim", soft_wrap=True)
