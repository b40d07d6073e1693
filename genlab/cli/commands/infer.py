"""`genlab infer`: what a run's posterior says."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from genlab import numbers
from genlab.cli import verbs
from genlab.cli.completion import complete_run
from genlab.cli.documents import print_json
from genlab.cli.options import data_option, json_option, override_option, split_option, verbose_option
from genlab.cli.run_lookup import find_run
from genlab.cli.session import Session, pass_session
from genlab.cli.tables import plain_table
from genlab.errors import DataError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from genlab.assembly import Assembly
    from genlab.interfaces import LatentSummary, Split

SHOWN_ROWS = 5
SHOWN_COLUMNS = 8


@click.command("infer")
@click.argument("run", shell_complete=complete_run)
@split_option("Whose observations; by default test, or train where there are no test data.", default=None)
@data_option("Other observations instead: a file or folder of the kind the recipe reads, with the same columns.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write what it says of each observation to a file ending in .csv, .npz or .safetensors.",
)
@click.option("--interval", type=float, default=0.95, show_default=True, help="Probability in a credible interval.")
@override_option
@json_option
@verbose_option
@pass_session
def command(
    session: Session,
    *,
    run: str,
    split: str | None,
    data: Path | None,
    out: Path | None,
    interval: float,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say what a run's posterior says, of everything and of each x.

    RUN is a run folder, or a recipe's name for its newest run under ./runs. The shared latents, such as a mixture's
    weights and means, are listed with mean, standard deviation and credible interval, beside the true values where
    simulated data know them. Each observation has what its posterior offers: responsibilities, hard assignment and
    predictive density for a mixture; mean and standard deviation of z for an autoencoder.

    \b
    Examples:
      genlab infer mixture
      genlab infer mixture --interval 0.8 --out responsibilities.csv
      genlab infer runs/sales/20260101T120000Z-1a2b3c --data new.csv --out new-responsibilities.csv
    """
    if out is not None:
        verbs.check_column_file(out)
    assembly = verbs.open_run(find_run(run), overrides, session.registry()).assembly
    latents = verbs.shared_latents(assembly, interval=interval)
    split = split or ("test" if len(assembly.data.test) else "train")
    chosen = assembly.data[split] if data is None else verbs.other_data(assembly, data)
    if not len(chosen):
        raise DataError(f"the {split} split of {assembly.data.spec.name} must not be empty. Choose another --split.")
    if out is not None:
        verbs.write_columns(verbs.observations(assembly, chosen), out)
    first = _first(assembly, chosen, may_be_silent=bool(latents) and out is None)
    if as_json:
        columns = {name: list(column.shape[1:]) for name, column in first.items()}
        found = {"num_examples": len(chosen), "columns": columns, "out": out}
        print_json(session, {"interval": interval, "latents": [asdict(row) for row in latents], "observations": found})
        return
    if latents:
        session.out.print(_latents_table(latents, interval))
    if out is not None:
        session.out.print(str(out), soft_wrap=True)
    elif first:
        session.out.print(*([""] if latents else []), _rows_table(first), sep="\n")
        if len(chosen) > SHOWN_ROWS:
            session.err.print(f"{numbers.count(len(chosen))} observations in all; --out FILE writes them.")


def _first(assembly: "Assembly", split: "Split", *, may_be_silent: bool) -> "Mapping[str, Tensor]":
    """Return the first batch; empty where the posterior describes no observations and something else was said."""
    try:
        return next(iter(verbs.observations(assembly, split)))
    except UsageError:
        if may_be_silent:
            return {}
        raise


def _latents_table(latents: "Sequence[LatentSummary]", interval: float) -> Table:
    known = any(row.true is not None for row in latents)
    bounds = (f"{(1 - interval) / 2:.1%}", f"{(1 + interval) / 2:.1%}")
    columns = ("latent", "mean", "std. dev.", *bounds, *(["true"] if known else []))
    cells = [
        (
            row.name,
            numbers.value(row.mean, row.std),
            numbers.significant(row.std, 2),
            numbers.value(row.low, row.std),
            numbers.value(row.high, row.std),
            *([numbers.value(row.true)] if known else []),
        )
        for row in latents
    ]
    return plain_table(columns, cells, right=columns[1:])


def _rows_table(batch: "Mapping[str, Tensor]") -> Table:
    flat = dict(islice(_flat(batch), SHOWN_COLUMNS))
    cells: Iterable[Sequence[str]] = zip(*flat.values(), strict=True)
    return plain_table(("", *flat), [(str(row + 1), *each) for row, each in enumerate(cells)], right=list(flat))


def _flat(batch: "Mapping[str, Tensor]") -> Iterable[tuple[str, list[str]]]:
    for name, column in batch.items():
        parts: Mapping[str, Any] = (
            {name: column}
            if column.ndim == 1
            else {f"{name}[{index}]": part for index, part in enumerate(column.unbind(1))}
        )
        for part_name, part in parts.items():
            yield part_name, [_cell(value) for value in part[:SHOWN_ROWS].tolist()]


def _cell(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    return "-" if math.isnan(value) else numbers.significant(value, 4)
