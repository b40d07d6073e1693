"""Latent-variable generative models from recipes, with every bound a ledger of named terms.

    recipe = genlab.read_recipe("ddpm.toml")
    assembly = genlab.assemble(recipe)

The names below are imported when they are first used, so that `import genlab` is quick and loads no plugin.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genlab.assembly import Assembly as Assembly
    from genlab.assembly import assemble as assemble
    from genlab.discovery import Registry as Registry
    from genlab.discovery import discover as discover
    from genlab.recipe import CheckedRecipe as CheckedRecipe
    from genlab.recipe import Recipe as Recipe
    from genlab.recipe import check as check
    from genlab.recipe import read_recipe as read_recipe

_HOME = {
    "Assembly": "genlab.assembly",
    "assemble": "genlab.assembly",
    "Registry": "genlab.discovery",
    "discover": "genlab.discovery",
    "CheckedRecipe": "genlab.recipe",
    "Recipe": "genlab.recipe",
    "check": "genlab.recipe",
    "read_recipe": "genlab.recipe",
    "draw": "genlab.run",
    "evaluate": "genlab.run",
    "fit": "genlab.run",
    "open_run": "genlab.run",
    "save_draws": "genlab.run",
    "score": "genlab.run",
    "write_report": "genlab.records",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value: Any = importlib.import_module("genlab.version").installed_version()
    elif name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
    elif name == "run":  # the package; its function is genlab.run.run
        value = importlib.import_module("genlab.run")
    else:
        raise AttributeError(f"module 'genlab' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME, "run", "__version__"})
