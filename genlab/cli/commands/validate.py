"""`genlab validate`: all that is wrong with a recipe, before anything runs."""

from dataclasses import asdict
from typing import Any

import click

from genlab.cli import verbs
from genlab.cli.completion import complete_recipe
from genlab.cli.documents import print_json
from genlab.cli.failure import report_failure
from genlab.cli.options import json_option, override_option
from genlab.cli.session import Session, pass_session
from genlab.errors import GenlabError, RecipeError


@click.command("validate")
@click.argument("recipes", metavar="RECIPE...", nargs=-1, required=True, shell_complete=complete_recipe)
@override_option
@json_option
@click.pass_context
@pass_session
def command(
    session: Session, ctx: click.Context, recipes: tuple[str, ...], overrides: tuple[str, ...], as_json: bool
) -> None:
    """Check recipes without running them.

    Every fault of every recipe is reported, each with its file and line. Nothing is written and no data are read, so
    what depends on the data, such as a model that wants another shape, is found when a run begins. The exit code is
    0 when all recipes are valid, 3 when a recipe has faults, 4 when all that is wrong is a component or a plugin that
    cannot be used.

    \b
    Examples:
      genlab validate my-recipe.toml
      genlab validate recipes/*.toml
      genlab validate ddpm -s model.timesteps=100
    """
    registry = session.registry()
    failures: dict[str, GenlabError | None] = {}
    for recipe in recipes:
        try:
            verbs.check(verbs.read_recipe(recipe, overrides, folders=registry.recipe_paths()), registry)
            failures[recipe] = None
        except GenlabError as failure:
            failures[recipe] = failure
        if not as_json:
            _print(session, recipe, failures[recipe])
    if as_json:
        print_json(session, [_document(recipe, failure) for recipe, failure in failures.items()])
    codes = [failure.exit_code for failure in failures.values() if failure is not None]
    ctx.exit(min(codes, default=0))


def _print(session: Session, recipe: str, failure: GenlabError | None) -> None:
    if failure is None:
        session.out.print(f"{recipe}: ok", style="green", soft_wrap=True)
    else:
        report_failure(failure, session)


def _document(recipe: str, failure: GenlabError | None) -> dict[str, Any]:
    if isinstance(failure, RecipeError):
        faults = [asdict(fault) for fault in failure.faults]
    else:
        faults = [] if failure is None else [{"origin": recipe, "key": "", "problem": str(failure)}]
    return {"recipe": recipe, "ok": failure is None, "faults": faults}
