"""`genlab compare`: several runs side by side."""

import dataclasses
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from genlab import numbers
from genlab.cli import verbs
from genlab.cli.documents import print_json
from genlab.cli.options import json_option
from genlab.cli.run_lookup import find_run
from genlab.cli.session import Session, pass_session
from genlab.cli.tables import facts, plain_table

if TYPE_CHECKING:
    from genlab.run import ComparedRun, Comparison


@click.command("compare")
@click.argument("runs", metavar="RUN RUN...", nargs=-1, required=True)
@json_option
@pass_session
def command(session: Session, runs: tuple[str, ...], as_json: bool) -> None:
    """Put runs side by side: their bounds, term by term, and what differs in their recipes.

    A RUN is a run folder, or a name for its newest run. Nothing is computed anew: the numbers are those each run
    wrote down at its end. What makes them incomparable is said first.

    \b
    Examples:
      genlab compare vae ddpm
      genlab compare runs/vae/20261121T100000Z-1a2b3c runs/vae/20261121T110000Z-4d5e6f --json
    """
    comparison = verbs.compare([find_run(run) for run in runs])
    if as_json:
        print_json(session, dataclasses.asdict(comparison))
        return
    for warning in comparison.warnings:
        session.err.print(f"warning: {warning}", style="yellow", soft_wrap=True)
    labels = [run.label for run in comparison.runs]
    session.out.print(plain_table(("", *labels), _rows(comparison), right=labels))
    protocols = dict.fromkeys(run.protocol for run in comparison.runs if run.protocol)
    closing: list[tuple[str, str | Text]] = [("protocol", protocol) for protocol in protocols]
    if comparison.verdict:
        closing.append(("verdict", comparison.verdict))
    session.out.print()
    session.out.print(facts(closing), soft_wrap=True)


def _rows(comparison: "Comparison") -> list[tuple[str | Text, ...]]:
    runs = comparison.runs
    rows: list[tuple[str | Text, ...]] = [
        ("state", *(run.status for run in runs)),
        ("steps", *(numbers.count(run.step) for run in runs)),
        ("training time", *(numbers.duration(run.seconds) for run in runs)),
    ]
    if any(run.metrics.get("bits_per_dim") is not None for run in runs):
        rows.append(_measure("bits/dim", runs, "bits_per_dim"))
    rows.append(_measure("bound, nats an example", runs, "elbo_nats"))
    names = dict.fromkeys(row["name"] for run in runs for row in run.ledger)
    rows += [(f"  {name}", *(_term(run, name) for run in runs)) for name in names]
    rows += [(name, *(_metric(run, name) for run in runs)) for name in _found_beside(runs)]
    keys = runs[0].recipe
    rows += [(Text(key, "dim"), *(_short(run.recipe[key]) for run in runs)) for key in keys]
    return rows


def _measure(title: str, runs: "tuple[ComparedRun, ...]", name: str) -> tuple[str | Text, ...]:
    """Return a row of numbers, the largest bound (or the fewest bits) in bold."""
    values = [run.metrics.get(name) for run in runs]
    known = [value for value in values if value is not None]
    best = (min if name == "bits_per_dim" else max)(known, default=None)
    cells = [numbers.value(value, run.metrics.get(f"{name}_se")) for value, run in zip(values, runs, strict=True)]
    return (
        Text(title, "bold"),
        *(Text(cell, "bold" if value == best else "") for cell, value in zip(cells, values, strict=True)),
    )


def _term(run: "ComparedRun", name: str) -> str:
    for row in run.ledger:
        if row["name"] == name:
            return numbers.value(row["nats"], row["se"])
    return "-"


def _found_beside(runs: "tuple[ComparedRun, ...]") -> list[str]:
    """Return the names of what runs have measured beside the bound, which may have other names too."""
    names = dict.fromkeys(name for run in runs for name in run.metrics if not name.endswith("_se"))
    bound = ("bits_per_dim", *(name for run in runs for name in names if _is_bound(run, name)))
    return [name for name in names if name not in bound]


def _is_bound(run: "ComparedRun", name: str) -> bool:
    return name in run.metrics and run.metrics[name] == run.metrics.get("elbo_nats")


def _metric(run: "ComparedRun", name: str) -> str:
    return numbers.value(run.metrics.get(name), run.metrics.get(f"{name}_se"))


def _short(value: Any) -> str:
    return "-" if value is None else str(value)
