"""A recipe as it is read: plain tables, and where each key was written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w

from genlab.recipe.merging import Origin
from genlab.recipe.scanning import Key


@dataclass(frozen=True)
class Recipe:
    """A recipe, with its bases and the command line's overrides merged in, not yet checked.

    Attributes:
        title: the recipe's name as the user gave it, which opens its error messages.
        path: its file; None when it was written in Python.
        text: the file's content, verbatim.
        tables: the merged tables as plain dicts.
        origins: where keys were written; a key without an origin has that of the nearest table around it.
    """

    title: str
    path: Path | None
    text: str
    tables: Mapping[str, Any]
    origins: Mapping[Key, Origin] = field(repr=False)

    @classmethod
    def from_tables(cls, tables: Mapping[str, Any], *, folder: Path | None = None, title: str = "recipe") -> "Recipe":
        """Return a recipe from Python dicts, as if they had been read from TOML.

        Args:
            tables: the recipe's tables; tuples count as lists and paths as strings.
            folder: what relative paths are relative to; by default the working directory.
            title: what error messages call it.
        """
        plain = _plain(tables)
        return cls(title, None, tomli_w.dumps(plain), plain, {(): Origin(title, folder or Path.cwd())})

    def origin(self, key: Key) -> str:
        """Return where a key, or the nearest table around it, was written: `file.toml:14`."""
        return self._nearest(key).label

    def folder(self, key: Key) -> Path:
        """Return the folder that a relative path in a key is relative to."""
        return self._nearest(key).folder

    def _nearest(self, key: Key) -> Origin:
        while key and key not in self.origins:
            key = key[:-1]
        return self.origins[key]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
