"""`genlab run`: fit what a recipe names."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genlab.cli import verbs
from genlab.cli.closing import closing
from genlab.cli.completion import complete_recipe, complete_run
from genlab.cli.documents import print_json
from genlab.cli.durations import read_duration
from genlab.cli.log_lines import LogLines
from genlab.cli.options import json_option, out_option, override_option, verbose_option
from genlab.cli.run_lookup import find_run
from genlab.cli.screen import LiveScreen
from genlab.cli.session import Session, pass_session
from genlab.discovery import Registry

if TYPE_CHECKING:
    from genlab.recipe import Recipe
    from genlab.run import RunResult

LATEST = "<latest>"


@click.command("run")
@click.argument("recipe", required=False, shell_complete=complete_recipe)
@override_option
@out_option("Where runs are kept: the new one goes to DIR/NAME/TIME-HASH.")
@click.option(
    "--resume",
    is_flag=False,
    flag_value=LATEST,
    metavar="[RUN]",
    help="Go on with the newest run of this recipe's name, or with RUN, a run folder or a name, which needs no RECIPE.",
)
@click.option(
    "--start-from",
    metavar="RUN",
    shell_complete=complete_run,
    help="Begin with the parameters another run ended with, on other data perhaps.",
)
@click.option(
    "--prior-from",
    metavar="RUN",
    shell_complete=complete_run,
    help="Make the posterior another run ended with the prior of this one.",
)
@click.option("--max-time", callback=read_duration, metavar="TIME", help="Stop training after so long: 90s, 10m, 1h.")
@json_option
@click.option("--plain", is_flag=True, help="Plain lines instead of the live screen, on a terminal too.")
@click.option("-q", "--quiet", is_flag=True, help="Nothing but warnings and errors; the run folder on standard output.")
@verbose_option
@click.pass_context
@pass_session
def command(
    session: Session,
    ctx: click.Context,
    *,
    recipe: str | None,
    overrides: tuple[str, ...],
    out: Path,
    resume: str | None,
    start_from: str | None,
    prior_from: str | None,
    max_time: float | None,
    as_json: bool,
    plain: bool,
    quiet: bool,
) -> None:
    """Fit what a recipe names, and leave a run folder.

    RECIPE is a TOML file, or a name that `genlab recipes` lists. Training can be stopped at any time with Ctrl-C: a
    checkpoint is saved, and `--resume` goes on from there as if nothing had happened. A run that trained to its end,
    or to its time limit, is evaluated on the test split and sampled from.

    Where the recipe gives a key several values, or asks for several restarts, each is fitted and the one of the best
    bound is kept.

    Started by torchrun, several processes share the run: `torchrun --nproc-per-node 2 -m genlab run RECIPE`.

    The run folder holds the recipe, every logged number (metrics.jsonl), checkpoints, samples and figures. Its path
    goes to standard output where that is not the terminal; everything for people goes to standard error.

    \b
    Examples:
      genlab run ddpm
      genlab run my-recipe.toml -s train.steps=500 -s update.lr=1e-3
      genlab run my-recipe.toml --max-time 10m
      genlab run mixture -s 'model.components={from=1, to=6}' -s train.restarts=3
      genlab run my-recipe.toml --resume
      genlab run my-recipe.toml -s data.path=new.csv --prior-from my-recipe
      genlab run --resume runs/my-recipe/20260101T120000Z-1a2b3c -s train.steps=20000
    """
    registry = session.registry()
    if recipe is None and resume is not None and resume.endswith(".toml"):
        recipe, resume = resume, LATEST  # `--resume my.toml`: the word behind the option is the recipe
    source, folder = _source(registry, recipe, overrides, out, resume)
    screen = _screen(session, plain=plain, quiet=quiet or not session.leads)
    registry.hooks.register(screen, "the command line")
    with screen:
        result = verbs.run(
            source,
            out=out,
            resume=folder,
            start_from=None if start_from is None else find_run(start_from, out),
            prior_from=None if prior_from is None else find_run(prior_from, out),
            max_time_seconds=max_time,
            registry=registry,
        )
    if session.leads:
        _report(session, result, as_json=as_json, quiet=quiet)
    ctx.exit(0 if result.signal is None else 128 + result.signal)


def _source(
    registry: Registry, recipe: str | None, overrides: tuple[str, ...], out: Path, resume: str | None
) -> "tuple[Recipe, Path | None]":
    """Return the recipe to run and the folder to go on in, None for a new one."""
    if recipe is None:
        if resume is None or resume == LATEST:
            raise click.UsageError("RECIPE must be given: a file, or a name that `genlab recipes` lists.")
        folder = find_run(resume, out)
        verbs.RunFolder(folder)  # raises where it is none
        return verbs.read_recipe(folder / "resolved.toml", overrides), folder
    source = verbs.read_recipe(recipe, overrides, folders=registry.recipe_paths())
    if resume is None:
        return source, None
    name = verbs.check(source, registry).name
    return source, verbs.latest_run(out, name) if resume == LATEST else find_run(resume, out)


def _screen(session: Session, *, plain: bool, quiet: bool) -> AbstractContextManager[object]:
    if quiet:
        return nullcontext()
    if plain or not session.err.is_terminal or session.err.is_dumb_terminal:
        return LogLines(session.err, verbose=session.verbose)
    return LiveScreen(session.err)


def _report(session: Session, result: "RunResult", *, as_json: bool, quiet: bool) -> None:
    record = verbs.RunFolder(result.folder).record()
    if as_json:
        document = {"run": result.folder, "status": result.status, "step": result.step, "metrics": result.metrics}
        found = {key: record[key] for key in ("candidates", "picked", "picked_because", "remarks") if record.get(key)}
        print_json(session, document | found)
        return
    if not quiet:
        session.err.print(closing(result, record))
    if quiet or not session.out.is_terminal:
        session.out.print(str(result.folder), soft_wrap=True)
