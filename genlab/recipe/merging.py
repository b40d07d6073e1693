"""Layers of a recipe, and how one is laid over another.

Tables merge key by key. A table that names another component (`use`) replaces the one below it whole, because the
keys of one component mean nothing to another.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genlab.recipe.scanning import Key


@dataclass(frozen=True)
class Origin:
    """Where a key was written.

    Attributes:
        label: for people: `recipes/ddpm.toml:14`, or `-s sampler.steps=50`.
        folder: what a relative path there is relative to.
    """

    label: str
    folder: Path


@dataclass(frozen=True)
class Layer:
    """A file's tables, or those of the command line, with the origin of each key.

    Attributes:
        tables: plain dicts, lists and scalars.
        origins: by path; a path without one has that of the nearest table around it.
    """

    tables: Mapping[str, Any]
    origins: Mapping[Key, Origin]


def merge(below: Layer, above: Layer) -> Layer:
    """Lay `above` over `below`; neither is changed."""
    tables = copy.deepcopy(dict(below.tables))
    origins = dict(below.origins)
    _merge_table(tables, above.tables, (), origins)
    # A table in both layers keeps the place where it was opened first; `()` is the file itself, the upper one.
    own_file = {(): above.origins[()]} if () in above.origins else {}
    return Layer(tables, dict(above.origins) | origins | own_file)


def _merge_table(below: dict[str, Any], above: Mapping[str, Any], path: Key, origins: dict[Key, Origin]) -> None:
    for name, value in above.items():
        here = (*path, name)
        old = below.get(name)
        if isinstance(value, Mapping) and isinstance(old, dict) and value.get("use", old.get("use")) == old.get("use"):
            _merge_table(old, value, here, origins)
        else:
            for replaced in [key for key in origins if key[: len(here)] == here]:  # the value's and all inside it
                del origins[replaced]
            below[name] = copy.deepcopy(value)
