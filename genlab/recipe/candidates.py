"""Candidates: a recipe that gives a key several values, or asks for several initialisations, is several recipes.

    components = [1, 2, 3]        components = { from = 1, to = 6 }        [train] restarts = 5

Each combination is a candidate, a plain recipe of its own with one value for every key. The first restart has the
recipe's seed, and every other one a seed derived from it, so a candidate can be run again by itself.
"""

import copy
import hashlib
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from genlab.recipe.recipe import Recipe
from genlab.recipe.scanning import Key, dotted
from genlab.recipe.values import InvalidValueError, shown
from genlab.spelling import did_you_mean

if TYPE_CHECKING:
    from genlab.recipe.checking import CheckedRecipe

MOST = 1000
_LONGEST_NAME = 100
_LONGEST_LABEL = 60


@dataclass(frozen=True)
class Candidate:
    """One of the recipes that a recipe with candidates stands for.

    Attributes:
        label: names its folder: `components-2-restart-3`.
        values: its values by dotted key: `{"model.components": 2}`.
        restart: which initialisation, from 1.
        recipe: the recipe with these values and this restart's seed, not yet checked.
    """

    label: str
    values: Mapping[str, Any]
    restart: int
    recipe: Recipe


def written_candidates(value: Any) -> list[Any] | None:
    """Return the values that a list or a range stands for; None for a single value.

    >>> written_candidates({"from": 2, "to": 4}), written_candidates([1, 5]), written_candidates(3)
    ([2, 3, 4], [1, 5], None)

    Raises:
        InvalidValueError: when a list is empty or names a value twice, or a table is no range.
    """
    if isinstance(value, list):
        if not value:
            raise InvalidValueError("must have at least one candidate, got [].")
        repeated = [item for index, item in enumerate(value) if item in value[:index]]
        if repeated:
            raise InvalidValueError(f"must name each candidate once, got {shown(repeated[0])} twice.")
        return _few(value, len(value))
    return _range(value) if isinstance(value, Mapping) else None


def _range(table: Mapping[str, Any]) -> list[Any]:
    unknown = [name for name in table if name not in ("from", "to")]
    if unknown:
        hint = did_you_mean(unknown[0], ("from", "to"))
        raise InvalidValueError(f"must be a range with 'from' and 'to', got the key {unknown[0]!r}.{hint}")
    ends = [table.get(name) for name in ("from", "to")]
    first, last = ends
    if not isinstance(first, int) or not isinstance(last, int) or any(isinstance(end, bool) for end in ends):
        raise InvalidValueError(f"must have whole numbers 'from' and 'to' as a range, got {shown(table)}.")
    if first > last:
        raise InvalidValueError(f"must be a range that rises, got {shown(table)}.")
    return _few(range(first, last + 1), last + 1 - first)


def _few(values: Sequence[Any], count: int) -> list[Any]:
    if count > MOST:
        raise InvalidValueError(f"must have at most {MOST} candidates, got {count}.")
    return list(values)


def candidates_of(checked: "CheckedRecipe") -> tuple[Candidate, ...]:
    """Return the recipes a checked recipe stands for: values in the order they are written, restarts innermost.

    A recipe without candidates and with one restart is one candidate.
    """
    keys, restarts = list(checked.candidates), checked.train.restarts
    names = [str(key[-1]) for key in keys]
    found: dict[str, Candidate] = {}
    for values in itertools.product(*checked.candidates.values()):
        for restart in range(1, restarts + 1):
            words = [f"{name}-{_word(value)}" for name, value in zip(names, values, strict=True)]
            label = _unused("-".join(words + ([f"restart-{restart}"] if restarts > 1 else [])), found)
            recipe = _with_values(checked, dict(zip(keys, values, strict=True)), restart, label)
            by_key = {dotted(key): value for key, value in zip(keys, values, strict=True)}
            found[label] = Candidate(label, by_key, restart, recipe)
    return tuple(found.values())


def restart_seed(seed: int, restart: int) -> int:
    """Return the seed of a restart, from 1: the recipe's own for the first, 32 bits of SHA-256 for every other."""
    if restart == 1:
        return seed
    digest = hashlib.sha256(f"{seed}/restart/{restart}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def _with_values(checked: "CheckedRecipe", values: Mapping[Key, Any], restart: int, label: str) -> Recipe:
    tables: dict[Any, Any] = copy.deepcopy(dict(checked.recipe.tables))
    for key, value in values.items():
        table = tables
        for name in key[:-1]:
            table = table[name]
        table[key[-1]] = value
    tables["name"] = f"{checked.name[: _LONGEST_NAME - 1 - len(label)]}-{label}" if label else checked.name
    tables["seed"] = restart_seed(checked.seed, restart)
    tables["train"].pop("restarts", None)
    return replace(checked.recipe, tables=tables)


def _word(value: Any) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", str(value))


def _unused(label: str, taken: Mapping[str, Any]) -> str:
    label = label[:_LONGEST_LABEL].rstrip(".")
    numbered = (label if number == 1 else f"{label}-{number}" for number in itertools.count(1))
    return next(name for name in numbered if name not in taken)
