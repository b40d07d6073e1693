"""Overrides of single keys: `-s sampler.steps=50`."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from genlab.errors import UsageError
from genlab.recipe.merging import Layer, Origin
from genlab.recipe.scanning import Key


def read_overrides(overrides: Sequence[str]) -> Layer:
    """Return the layer that overrides make, later ones winning.

    Args:
        overrides: texts `a.b=c`, where c is TOML and a bare word counts as a string.

    Raises:
        UsageError: when a text is not of that form.
    """
    tables: dict[str, Any] = {}
    origins: dict[Key, Origin] = {}
    for text in overrides:
        path, value = _parse(text)
        table = tables
        for name in path[:-1]:
            table = table.setdefault(name, {})
            if not isinstance(table, dict):
                raise UsageError(f"-s {text} must set a key of a table, but another -s makes {name!r} a value.")
        table[path[-1]] = value
        origin = Origin(f"-s {text}", Path.cwd())
        for length in range(1, len(path) + 1):
            origins[path[:length]] = origin
    return Layer(tables, origins)


def read_choices(text: str) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """Return a key and the values it shall have, one after the other.

    >>> read_choices("sampler.use=ddim,heun"), read_choices("sampler.steps=[5, 10]")
    ((('sampler', 'use'), ('ddim', 'heun')), (('sampler', 'steps'), (5, 10)))

    Args:
        text: `a.b=c,d`, where c and d are as in an override; or a TOML array, whose items may hold commas.

    Raises:
        UsageError: when the text is not of that form, or a value is there twice.
    """
    name, equals, written = (part.strip() for part in text.partition("="))
    parts = [part.strip() for part in written.split(",")]
    if not equals or not name or not all(parts):
        raise UsageError(f"--each must be KEY=VALUE,VALUE,..., such as sampler.steps=5,10,20, got {text!r}.")
    option = f"--each {text}"
    given = _parse_value(written, option) if written.startswith("[") else None
    values = given if isinstance(given, list) else [_parse_value(part, option) for part in parts]
    repeated = [value for index, value in enumerate(values) if value in values[:index]]
    if repeated or not values:
        problem = f"{repeated[0]!r} twice" if repeated else "none"
        raise UsageError(f"{option} must name different values, got {problem}.")
    return _parse_key(name, option), tuple(values)


def _parse(text: str) -> tuple[tuple[str, ...], Any]:
    name, equals, written = text.partition("=")
    if not equals or not name.strip() or not written.strip():
        raise UsageError(f"-s must be KEY=VALUE, such as sampler.steps=50, got {text!r}.")
    option = f"-s {text}"
    return _parse_key(name.strip(), option), _parse_value(written.strip(), option)


def _parse_key(name: str, option: str) -> tuple[str, ...]:
    try:
        if "\n" in name or "=" in name:
            raise ValueError
        tables: Any = tomllib.loads(f"{name} = 0")
    except ValueError as error:
        message = f"{option} must name a key with dots, such as sampler.steps, got {name!r}."
        raise UsageError(message) from error
    path: tuple[str, ...] = ()
    while isinstance(tables, dict):
        ((key, tables),) = tables.items()
        path = (*path, key)
    return path


def _parse_value(written: str, option: str) -> Any:
    try:
        document = tomllib.loads(f"value = {written}")
        if list(document) == ["value"]:
            return document["value"]
    except tomllib.TOMLDecodeError as error:
        if written[0] in "[{\"'":
            reason = str(error).partition(" (at ")[0]
            raise UsageError(f"{option} must have a TOML value or a bare word: {reason}.") from error
    return written
