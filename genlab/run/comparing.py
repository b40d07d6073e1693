"""Several runs side by side: what each reached, what its recipe has of its own, and what must not be compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genlab.errors import UsageError
from genlab.recipe import read_recipe
from genlab.run.folder import RunFolder
from genlab.run.resume import flat

_APART = 2.0
_NOT_COMPARED = {"name"}


@dataclass(frozen=True)
class ComparedRun:
    """One run of a comparison.

    Attributes:
        folder: its run folder.
        label: what it is called in the comparison, shorter than the folder.
        status, step, seconds: how it ended, and how long it trained.
        metrics: of the test split, or empty.
        ledger: the rows of the test split's ledger, or empty.
        protocol: how its test bound was evaluated; empty where it was not.
        recipe: the values of its recipe that are not the same in all runs, by dotted key.
    """

    folder: Path
    label: str
    status: str
    step: int
    seconds: float | None
    metrics: Mapping[str, Any]
    ledger: Sequence[Mapping[str, Any]]
    protocol: str
    recipe: Mapping[str, Any]


@dataclass(frozen=True)
class Comparison:
    """Runs side by side.

    Attributes:
        runs: in the order given.
        warnings: why their numbers may not be comparable, a sentence each.
        verdict: which bound is largest, and whether that is more than noise; empty where nothing can be said.
    """

    runs: tuple[ComparedRun, ...]
    warnings: tuple[str, ...]
    verdict: str


def compare(folders: Sequence[Path]) -> Comparison:
    """Put runs side by side, from what they have written down.

    Args:
        folders: two or more run folders.

    Raises:
        UsageError: for fewer than two runs, or one named twice.
        RunFolderError: when a folder holds no run that can be read.
    """
    if len({Path(folder).resolve() for folder in folders}) < max(2, len(folders)):
        raise UsageError(f"a comparison needs two runs or more, each named once, got {len(folders)}.")
    opened = [RunFolder(folder) for folder in folders]
    records = [folder.record() for folder in opened]
    recipes = [flat(read_recipe(folder.resolved_recipe()).tables) for folder in opened]
    differing = _differing(recipes)
    labels = _labels([folder.path for folder in opened])
    runs = tuple(
        _run(folder.path, label, record, {key: recipe.get(key) for key in differing})
        for folder, label, record, recipe in zip(opened, labels, records, recipes, strict=True)
    )
    warnings = _warnings(runs, records)
    return Comparison(runs, warnings, "" if warnings else _verdict(runs))


def _run(folder: Path, label: str, record: Mapping[str, Any], recipe: Mapping[str, Any]) -> ComparedRun:
    test = record.get("test") or {}
    return ComparedRun(
        folder=folder,
        label=label,
        status=str(record.get("status", "")),
        step=int(record.get("step", 0)),
        seconds=record.get("metrics", {}).get("elapsed_seconds"),
        metrics=test.get("metrics", {}),
        ledger=test.get("ledger", ()),
        protocol=test.get("protocol", ""),
        recipe=recipe,
    )


def _differing(recipes: Sequence[Mapping[str, Any]]) -> list[str]:
    keys = dict.fromkeys(key for recipe in recipes for key in recipe if key not in _NOT_COMPARED)
    return [key for key in keys if any(recipe.get(key) != recipes[0].get(key) for recipe in recipes[1:])]


def _labels(folders: Sequence[Path]) -> list[str]:
    """Return the runs' names where they tell them apart, else names and times."""
    names = [folder.resolve().parent.name for folder in folders]
    if len(set(names)) == len(names):
        return names
    return [f"{name}/{folder.resolve().name}" for name, folder in zip(names, folders, strict=True)]


def _warnings(runs: Sequence[ComparedRun], records: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    found = [f"{run.label} has no bound on test data ({run.status})." for run in runs if not run.metrics]
    if any(record.get("data") != records[0].get("data") for record in records[1:]):
        found.append("the runs have other data, or split them otherwise: their bounds speak of different things.")
    elif len({run.protocol for run in runs if run.protocol}) > 1:
        found.append("the bounds were evaluated in different ways; see the protocols. `genlab eval RUN -s ...` can.")
    return tuple(found)


def _verdict(runs: Sequence[ComparedRun]) -> str:
    """Say which bound is largest, and by how many standard errors of the difference."""
    ranked = sorted(runs, key=lambda run: -float(run.metrics["elbo_nats"]))
    first, second = ranked[0], ranked[1]
    gap = float(first.metrics["elbo_nats"]) - float(second.metrics["elbo_nats"])
    errors = [run.metrics.get("elbo_nats_se") for run in (first, second)]
    words = f"{first.label} has the largest bound, {gap:.4g} nats an example above {second.label}"
    if any(error is None for error in errors):
        return f"{words}; whether that is more than chance is not known."
    noise = sum(float(error) ** 2 for error in errors if error is not None) ** 0.5
    if noise and gap < _APART * noise:
        return f"{words}, which is within their Monte Carlo error ({noise:.2g}): no difference is shown."
    return f"{words}." if not noise else f"{words}, {gap / noise:.1f} times their Monte Carlo error."
