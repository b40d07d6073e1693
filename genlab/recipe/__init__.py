"""Recipes: TOML files that name the parts of a run and their keys.

Reading one needs no torch; `check` imports the parts that the recipe names.
"""

import importlib
from typing import TYPE_CHECKING, Any

from genlab.recipe.reading import find_recipe, read_recipe
from genlab.recipe.recipe import Recipe

if TYPE_CHECKING:
    from genlab.recipe.checking import CheckedRecipe, check
    from genlab.recipe.describing import KeyDescription, describe_keys
    from genlab.recipe.schema import recipe_schema

__all__ = [
    "CheckedRecipe",
    "KeyDescription",
    "Recipe",
    "check",
    "describe_keys",
    "find_recipe",
    "read_recipe",
    "recipe_schema",
]

_HOME = {
    "CheckedRecipe": "genlab.recipe.checking",
    "check": "genlab.recipe.checking",
    "KeyDescription": "genlab.recipe.describing",
    "describe_keys": "genlab.recipe.describing",
    "recipe_schema": "genlab.recipe.schema",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'genlab.recipe' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
