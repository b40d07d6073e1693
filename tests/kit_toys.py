"""A setting of toy components, for tests of the kit itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from toy import TOY_RECIPE, ToyPlugin

import genlab.parts.plugin
from genlab.discovery import Registry
from genlab.plugin import hookimpl
from genlab.recipe import Recipe
from genlab.testing import Check, Subject, check


class CheckedPlugin(ToyPlugin):
    """The toy's parts, with the check recipes of a folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder

    @hookimpl
    def genlab_check_recipes(self) -> list[Path]:
        return [] if self.folder is None else [self.folder]


def registry(folder: Path | None = None) -> Registry:
    return Registry.from_plugins({"genlab:core": genlab.parts.plugin, "toy": CheckedPlugin(folder)})


def recipe(**tables: Any) -> Recipe:
    return Recipe.from_tables(TOY_RECIPE | tables)


def laws(monkeypatch: pytest.MonkeyPatch, *functions: Callable[[Subject], None]) -> tuple[Check, ...]:
    """Make these functions the only laws, of the slot `model`."""
    made = tuple(check("model")(function) for function in functions)
    monkeypatch.setattr("genlab.testing.case.checks", lambda _: made)
    return made
