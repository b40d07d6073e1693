"""The recipes that ship with plugins, described from their own first lines."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from genlab.discovery import Registry


@dataclass(frozen=True)
class ShippedRecipe:
    """A recipe somebody else wrote.

    Attributes:
        name: what `genlab run` takes.
        summary: its first comment, which says what it shows; empty without one.
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
    """Return the comment a file begins with, its lines joined."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comment = itertools.takewhile(lambda line: line.startswith("#"), lines)
    return " ".join(line.lstrip("# ").strip() for line in comment)
