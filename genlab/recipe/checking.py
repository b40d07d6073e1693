"""Checking a recipe: every key against the constructor of the component it belongs to.

All faults are found before any is raised.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import tomli_w

from genlab.discovery.registry import Registry
from genlab.errors import ComponentError, Fault, RecipeError
from genlab.interfaces import (
    Accelerator,
    DataSource,
    ELBOEstimator,
    EvalSettings,
    LatentModel,
    Part,
    Sampler,
    TrainSettings,
    UpdateRule,
    VariationalFamily,
)
from genlab.recipe.partners import partner_faults
from genlab.recipe.plans import misfit_faults
from genlab.recipe.recipe import Recipe
from genlab.recipe.scanning import Key
from genlab.recipe.tables import TableChecker
from genlab.recipe.values import shown
from genlab.spelling import did_you_mean, listing

INTERFACES: Mapping[str, type] = {
    interface.slot: interface
    for interface in (DataSource, LatentModel, VariationalFamily, ELBOEstimator, UpdateRule, Sampler, Accelerator)
}
OPTIONAL = ("sampler", "accelerator")
SETTINGS: Mapping[str, type] = {"train": TrainSettings, "eval": EvalSettings}
_ARRAY = re.compile(r"\[\n((?: +[^\s\[].*,\n)+) *\]")
FOLDER_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?")


@dataclass(frozen=True)
class CheckedRecipe:
    """A recipe whose every key fits, ready to be assembled.

    Attributes:
        recipe: what was checked.
        name: the run's name.
        seed: what all randomness comes from.
        parts: by slot, the component and its keys; `sampler` is absent where the recipe names none.
        train, eval: the settings of the tables of those names.
        resolved: the recipe with all defaults filled in and paths absolute, as plain TOML values.
        candidates: the values of each key that was given several; `parts` hold the first of them.
    """

    recipe: Recipe
    name: str
    seed: int
    parts: Mapping[str, Part[Any]]
    train: TrainSettings
    eval: EvalSettings
    resolved: Mapping[str, Any]
    candidates: Mapping[Key, tuple[Any, ...]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The recipe's name as the user gave it."""
        return self.recipe.title

    def origin(self, key: Key) -> str:
        """Return where a key, or the nearest table around it, was written: `file.toml:14`."""
        return self.recipe.origin(key)

    def resolved_toml(self) -> str:
        """Return the resolved recipe as a TOML document; running it gives the same run."""
        return _with_arrays_on_one_line(tomli_w.dumps(self.resolved))


def check(recipe: Recipe, registry: Registry) -> CheckedRecipe:
    """Check a recipe against the components it names; these are imported.

    Raises:
        RecipeError: with every fault of the recipe.
        ComponentError: when all that is wrong is components that are unknown, broken or ambiguous.
    """
    tables = TableChecker(recipe, registry)
    resolved: dict[str, Any] = {"name": _name(recipe, tables), "seed": _seed(recipe, tables)}
    _check_table_names(recipe, tables)
    parts = tables.parts
    for slot, interface in INTERFACES.items():
        built = _slot(slot, interface, recipe, tables)
        if built is not None:
            parts[slot], resolved[slot] = built
    settings = {}
    for name, target in SETTINGS.items():
        table = recipe.tables.get(name, {})
        if name == "train" and name not in recipe.tables:
            tables.fault((name,), "must be given: a table with 'steps'.")
        elif not isinstance(table, Mapping):
            tables.fault((name,), f"must be a table, got {shown(table)}.")
        else:
            settings[name], resolved[name] = tables.keys((name,), table, target)
    evaluation = settings.get("eval", {}).get("elbo")
    tables.faults += partner_faults(recipe, registry, parts, evaluation)
    known = [*tables.faults, *tables.component_faults]
    tables.faults += misfit_faults(recipe, registry, parts, evaluation, known)
    _raise_faults(recipe, tables)
    return CheckedRecipe(
        recipe=recipe,
        name=resolved["name"],
        seed=resolved["seed"],
        parts=parts,
        train=TrainSettings(**settings["train"]),
        eval=EvalSettings(**settings["eval"]),
        resolved=resolved,
        candidates=tables.candidates,
    )


def _slot(slot: str, interface: type, recipe: Recipe, tables: TableChecker) -> tuple[Part[Any], dict[str, Any]] | None:
    if slot == "accelerator":  # the one slot with a default: the best device of this machine
        table: Any = recipe.tables.get(slot, {})
        table = {"use": "auto"} | dict(table) if isinstance(table, Mapping) else table
    elif slot in recipe.tables:
        table = recipe.tables[slot]
    else:
        if slot not in OPTIONAL:
            tables.fault((slot,), f"must be given: a table with 'use'.{tables.choices(slot)}")
        return None
    return tables.part((slot,), table, slot, interface)


def _name(recipe: Recipe, tables: TableChecker) -> str:
    name = recipe.tables.get("name")
    if name is None:
        tables.fault(("name",), "must be given: the run's name.")
    elif not isinstance(name, str) or not FOLDER_NAME.fullmatch(name):
        rule = "must be a folder name of at most 100 letters, digits, '-', '_' and '.', starting with a letter or digit"
        tables.fault(("name",), f"{rule}, got {shown(name)}.")
    return str(name)


def _seed(recipe: Recipe, tables: TableChecker) -> int:
    seed = recipe.tables.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool):
        tables.fault(("seed",), f"must be a whole number, got {shown(seed)}.")
        return 0
    if seed < 0:
        tables.fault(("seed",), f"must be at least 0, got {seed}.")
    return seed


def _check_table_names(recipe: Recipe, tables: TableChecker) -> None:
    known = ["name", "seed", "extends", *INTERFACES, *SETTINGS]
    for name in recipe.tables:
        if name == "extends":  # reading a file has taken its own away
            tables.fault((name,), "must stand in a recipe file.")
        elif name not in known:
            what = "table" if isinstance(recipe.tables[name], Mapping) else "key"
            hint = did_you_mean(name, known)
            tables.fault((name,), f"unknown {what}; a recipe takes {listing(known)}.{hint}")


def _raise_faults(recipe: Recipe, tables: TableChecker) -> None:
    """Raise everything that was found, in the order of the files' lines where one file holds it all."""
    if tables.faults:
        raise RecipeError(recipe.title, sorted([*tables.faults, *tables.component_faults], key=_reading_order))
    if tables.component_faults:
        faults = RecipeError(recipe.title, tables.component_faults)
        raise ComponentError(str(faults))


def _reading_order(fault: Fault) -> tuple[str, int]:
    file, _, line = fault.origin.rpartition(":")
    return (file, int(line)) if line.isdigit() else (fault.origin, 0)


def _with_arrays_on_one_line(document: str) -> str:
    """Return a document of tomli_w with `[1, 2]` where it has a line for each item; strings hold no line breaks."""

    def one_line(match: re.Match[str]) -> str:
        return f"[{', '.join(line.strip().removesuffix(',') for line in match[1].splitlines())}]"

    return _ARRAY.sub(one_line, document)
