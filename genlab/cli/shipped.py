"""The recipes that ship with plugins, described from their own first lines."""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from genlab.discovery import Registry


@dataclass(frozen=True)
class ShippedRecipe:
    """A recipe somebody else wrote.

    Attributes:
        name: what `genlab run` takes.
        summary: the first sentence of the comment it begins with; empty without one.
        path: where it is.
    """

    name: str
    summary: str
    path: Path


def shipped_recipes(registry: Registry) -> list[ShippedRecipe]:
    """Return the recipes of all plugins by name; needs neither torch nor pydantic."""
    recipes = [ShippedRecipe(path.stem, _first_comment(path), path) for path in _files(registry.recipe_paths())]
    return sorted(recipes, key=lambda recipe: recipe.name)


def _files(paths: Iterable[Path]) -> set[Path]:
    return {file for path in paths for file in (sorted(path.glob("*.toml")) if path.is_dir() else [path])}


def _first_comment(path: Path) -> str:
    """Return the first sentence of the comment a file begins with."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comment = itertools.takewhile(lambda line: line.startswith("#"), lines)
    prose = [line for line in comment if not line.startswith("#:")]  # an editor reads `#:schema genlab.json`
    text = " ".join(line.lstrip("# ").strip() for line in prose)
    return re.split(r"(?<=\.)\s", text)[0]
