"""A setting: a small recipe, and the components it names."""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from genlab.discovery import RegisteredComponent, Registry
from genlab.errors import ComponentError, GenlabWarning, RecipeError
from genlab.interfaces import Part
from genlab.recipe import Recipe, check, read_recipe
from genlab.recipe.checking import CheckedRecipe
from genlab.recipe.partners import suits
from genlab.recipe.signature import part_interface, signature_of
from genlab.testing.expectation import EXPECTATIONS, Expectation, read_expectations
from genlab.testing.subject import Subject


@dataclass(frozen=True)
class Setting:
    """A recipe in which components are checked.

    Attributes:
        checked: the recipe.
        registry: where its components come from.
        expectations: failures that are expected in its folder.
    """

    checked: CheckedRecipe
    registry: Registry
    expectations: tuple[Expectation, ...] = ()

    @property
    def name(self) -> str:
        """The recipe's name."""
        return self.checked.name

    def subjects(self) -> tuple[Subject, ...]:
        """Return every component the recipe names, in its tables or nested in them, and the figures that fit."""
        places: list[tuple[tuple[str, ...], str, Part[Any]]] = [
            ((slot,), slot, part) for slot, part in self.checked.parts.items()
        ]
        for slot, evaluated in (("elbo", self.checked.eval.elbo), ("features", self.checked.eval.features)):
            if evaluated is not None:
                places.append((("eval", slot), slot, evaluated))
        named = [subject for path, slot, part in places for subject in self._subjects(path, slot, part)]
        return (*named, *self._figures())

    def _figures(self) -> Iterator[Subject]:
        """Yield the figures that suit the recipe's parts; no recipe names one."""
        for component in self.registry.components("figure"):
            with suppress(ComponentError):  # one that cannot be imported is none that can be drawn
                target = self.registry.load(component)
                if suits(target, self.checked.parts):
                    yield Subject(component, self, ("figure",), Part(target))

    def _subjects(self, path: tuple[str, ...], slot: str, part: Part[Any]) -> Iterator[Subject]:
        with suppress(ComponentError):  # a default part that no plugin offers by a name
            yield Subject(self.registry.component_of(slot, part.target), self, path, part)
        for key in signature_of(part.target).keys:
            nested = part.keys.get(key.name, key.default)
            if isinstance(nested, Part):
                inner = str(getattr(part_interface(key.annotation), "slot", key.name))
                yield from self._subjects((*path, key.name), inner, nested)


def shipped_settings(
    registry: Registry, wanted: Iterable[RegisteredComponent], overrides: Sequence[str] = ()
) -> tuple[Setting, ...]:
    """Read the check recipes of all plugins.

    One that cannot be used is a warning, unless it is about a wanted component; with overrides, which may not suit
    every recipe, it is left out.

    Args:
        registry: the plugins, the kit's own among them.
        wanted: the components somebody wants to check.
        overrides: texts `a.b=c` laid over every recipe.

    Raises:
        RecipeError: when a recipe that names a wanted component has faults.
        ComponentError: when such a recipe names a component that is not there.
    """
    names = {component.name for component in wanted}
    settings = []
    for path in registry.check_recipe_paths():
        files = sorted(path.glob("*.toml")) if path.is_dir() else [path]
        for file in (file for file in files if file.name != EXPECTATIONS):
            recipe = read_recipe(file, overrides)
            try:
                settings.append(setting_of(recipe, registry))
            except (RecipeError, ComponentError) as error:
                if names & set(_uses(recipe.tables)):
                    raise
                if not overrides:  # which may not suit every recipe
                    warnings.warn(f"a check recipe cannot be used: {error}", GenlabWarning, stacklevel=2)
    return tuple(settings)


def setting_of(recipe: Recipe, registry: Registry) -> Setting:
    """Check a recipe and read the failures that are expected in its folder.

    Raises:
        RecipeError: when the recipe, or the list of expected failures beside it, has faults.
        ComponentError: when it names a component that is not there.
    """
    checked = check(recipe, registry)
    beside = recipe.path.with_name(EXPECTATIONS) if recipe.path else None
    expectations = read_expectations(beside) if beside is not None and beside.is_file() else ()
    return Setting(checked, registry, expectations)


def _uses(table: Mapping[str, Any]) -> Iterator[str]:
    """Yield every component's name that a recipe writes, without its distribution."""
    for key, value in table.items():
        if key == "use" and isinstance(value, str):
            yield value.rpartition(":")[2]
        elif isinstance(value, Mapping):
            yield from _uses(value)
