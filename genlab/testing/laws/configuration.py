"""Laws of constructors, which are the schema of a recipe: every key is documented and survives TOML."""

import inspect
import tomllib
from collections.abc import Mapping
from typing import Any

from genlab.assembly import Assembly
from genlab.errors import RecipeError
from genlab.recipe import CheckedRecipe, Recipe, describe_keys
from genlab.recipe import check as check_recipe
from genlab.recipe.signature import signature_of
from genlab.testing.assembled import assembled
from genlab.testing.check import ANY_SLOT, check
from genlab.testing.claims import claim
from genlab.testing.randomness import scramble_global_generators
from genlab.testing.snapshot import claim_same, held
from genlab.testing.subject import Subject


@check(ANY_SLOT)
def every_key_is_documented(subject: Subject) -> None:
    """The class has a docstring, and its constructor's has a line under `Args:` for every key of a recipe.

    `genlab components SLOT/NAME`, the reference and editors show these lines.
    """
    target = subject.part.target
    claim(bool(inspect.getdoc(target)), f"{target.__name__} must have a docstring, and has none")
    claim(bool(subject.component.summary.strip()), "the component must have a summary, and has none")
    silent = [key.key for key in describe_keys(target, subject.setting.registry) if not key.doc]
    claim(not silent, f"the constructor's docstring must have a line under Args: for every key, and lacks {silent}")


@check(ANY_SLOT)
def keys_survive_toml(subject: Subject) -> None:
    """The resolved recipe, with every default filled in, is TOML that resolves to itself.

    A default that the key's own type refuses, or that TOML cannot write, shows up here. A figure, which no
    recipe names, must have a default for every key.
    """
    if subject.slot == "figure":
        required = [key.name for key in signature_of(subject.part.target).keys if key.required]
        claim(not required, f"a figure is built without keys, so each must have a default, and {required} have none")
        return
    checked = subject.setting.checked
    tables = tomllib.loads(checked.resolved_toml())
    try:
        again = check_recipe(Recipe.from_tables(tables), subject.setting.registry)
    except RecipeError as error:
        raise AssertionError(f"the resolved recipe must be a recipe, and is none. {error}") from error
    before, after = _table(checked.resolved, subject.path), _table(again.resolved, subject.path)
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key, "absent"), after.get(key, "absent")
        same = was == now and type(was) is type(now)
        claim(same, f"{'.'.join(subject.path)}.{key} must survive TOML, and was {was!r}, now is {now!r}")


@check("model", "family")
def the_resolved_recipe_builds_the_same_parts(subject: Subject) -> None:
    """Assembling the setting, and its resolved recipe again, gives the same parameters to the bit.

    If they differ although the recipe is the same, a constructor draws from something other than torch's global
    generator, which assembly seeds, or keeps a state of its own between two calls.
    """
    checked = subject.setting.checked
    tables = tomllib.loads(checked.resolved_toml())
    first = _built(checked, 1)
    second = _built(check_recipe(Recipe.from_tables(tables), subject.setting.registry), 2)
    claim_same(held(second), held(first), "of the resolved recipe")


def _built(checked: CheckedRecipe, seed: int) -> Assembly:
    scramble_global_generators(seed)
    return assembled(checked)


def _table(resolved: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any]:
    for name in path:
        resolved = resolved[name]
    return resolved
