"""`genlab score`: how good a run's draws are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Group

from genlab import numbers
from genlab.cli import verbs
from genlab.cli.busy import busy
from genlab.cli.completion import complete_run
from genlab.cli.documents import print_json
from genlab.cli.options import json_option, override_option, split_option, verbose_option
from genlab.cli.run_lookup import find_run
from genlab.cli.score_table import score_line, score_table, written
from genlab.cli.session import Session, pass_session
from genlab.cli.tables import facts, plain_table


@click.command("score")
@click.argument("run", shell_complete=complete_run)
@click.option(
    "-n",
    "num_draws",
    type=click.IntRange(min=1),
    help="How many to draw; by default 2,000, or as many as there are training data.",
)
@split_option("The real observations to compare with.")
@click.option(
    "--features",
    metavar="NAME",
    help="What is compared: raw, pca or another of `genlab components features`; by default what the recipe says, or "
    "pca. Short for -s eval.features.use=NAME.",
)
@click.option("--seed", type=click.IntRange(min=0), help="Another stream of draws; by default the recipe's seed.")
@override_option
@click.option(
    "--each",
    "choices",
    multiple=True,
    metavar="KEY=A,B,...",
    help="Score once with each of these values of a key of the sampler, e.g. --each sampler.steps=5,10,20. Repeatable: "
    "all combinations are scored, of sampler.use with the keys that each sampler takes.",
)
@json_option
@verbose_option
@pass_session
def command(
    session: Session,
    *,
    run: str,
    num_draws: int | None,
    split: str,
    features: str | None,
    seed: int | None,
    overrides: tuple[str, ...],
    choices: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say how good a run's draws are, beside what real data score.

    RUN is a run folder, or a recipe's name for its newest run under ./runs. Draws with the averaged weights are
    compared with real observations that the model has not seen: how far apart they are, how far they overlap, and
    whether the draws are copies of training data. Beside each number stands what as many training
    observations score, which no model can be expected to beat. Nothing is written.

    \b
    Examples:
      genlab score ddpm
      genlab score ddpm -n 1000 --features raw
      genlab score ddpm -s sampler.use=ddim -s sampler.steps=10
      genlab score ddpm --each sampler.use=ddim,heun --each sampler.steps=5,10,20
      genlab score vae --features pca -s eval.features.components=16 --json
    """
    changes = ((f"eval.features.use={features}",) if features else ()) + overrides
    if choices:
        _score_each(session, find_run(run), choices, changes, num_draws, split=split, seed=seed, as_json=as_json)
        return
    opened = verbs.open_run(find_run(run), changes, session.registry())
    with busy(session, "drawing and comparing"):
        document = verbs.score(opened.assembly, num_draws, split=split, seed=seed).as_json()
    if as_json:
        print_json(session, document)
    else:
        session.out.print(_table(document))


def _score_each(
    session: Session,
    run: Path,
    choices: tuple[str, ...],
    changes: tuple[str, ...],
    num_draws: int | None,
    *,
    split: str,
    seed: int | None,
    as_json: bool,
) -> None:
    """Score each choice, telling of each as it ends, and print them all."""
    documents: list[dict[str, Any]] = []
    scores = verbs.score_samplers(
        run, choices, changes, num_draws=num_draws, split=split, seed=seed, registry=session.registry()
    )
    try:
        with busy(session, "drawing and comparing"):
            for choice, score in scores:
                documents.append({"choice": dict(choice), **score.as_json()})
                session.err.print(score_line(documents[-1]), soft_wrap=True)
    except KeyboardInterrupt:
        if documents and not as_json:  # the scores there are have taken their time
            session.out.print(score_table(documents))
        raise
    if as_json:
        print_json(session, {"scores": documents})
    else:
        session.out.print(score_table(documents))


def _table(document: Mapping[str, Any]) -> Group:
    metrics, baseline = document["metrics"], document["baseline"]
    rows = []
    for name in (name for name in metrics if not name.endswith("_se")):
        errors = [values.get(f"{name}_se") for values in (metrics, baseline)]
        cells = [written(values, name) for values in (metrics, baseline)]
        spreads = ["" if se is None else f"{se:.2g}" for se in errors]
        rows.append((name, cells[0], spreads[0], cells[1], spreads[1]))
    columns = ("metric", "draws", "std. error", "training data", "std. error ")
    table = plain_table(columns, rows, right=columns[1:])
    seconds = f"{numbers.significant(document['sampling_seconds'])} s for {document['num_draws']:,}"
    return Group(table, "", facts([("drawing", seconds), ("protocol", document["protocol"])]))
