"""The public functions the commands call, each imported at its first use.

Torch takes more than a second to import and pydantic a tenth, and neither is needed for `--help`, for completing
a command line or for listing plugins and recipes. This is the one place where the command line defers imports.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genlab.cli.environment import environment
    from genlab.recipe import check, describe_keys, read_recipe, recipe_schema
    from genlab.recipe.checking import SETTINGS
    from genlab.records import latest_run, list_runs, write_report
    from genlab.run import (
        RunFolder,
        check_column_file,
        check_destination,
        check_reconstructing,
        check_reconstruction_file,
        compare,
        draw,
        evaluate,
        observations,
        open_run,
        other_data,
        per_example,
        reconstruct,
        run,
        save_draws,
        save_reconstruction,
        score,
        score_samplers,
        shared_latents,
        write_columns,
    )
    from genlab.scaffold import write_plugin
    from genlab.testing import run_checks

__all__ = [
    "SETTINGS",
    "RunFolder",
    "check",
    "check_column_file",
    "check_destination",
    "check_reconstructing",
    "check_reconstruction_file",
    "compare",
    "describe_keys",
    "draw",
    "environment",
    "evaluate",
    "latest_run",
    "list_runs",
    "observations",
    "open_run",
    "other_data",
    "per_example",
    "read_recipe",
    "recipe_schema",
    "reconstruct",
    "run",
    "run_checks",
    "save_draws",
    "save_reconstruction",
    "score",
    "score_samplers",
    "shared_latents",
    "write_columns",
    "write_plugin",
    "write_report",
]

_HOME = {
    "SETTINGS": "genlab.recipe.checking",
    "RunFolder": "genlab.run",
    "check": "genlab.recipe",
    "check_destination": "genlab.run",
    "check_reconstructing": "genlab.run",
    "check_reconstruction_file": "genlab.run",
    "compare": "genlab.run",
    "describe_keys": "genlab.recipe",
    "check_column_file": "genlab.run",
    "observations": "genlab.run",
    "other_data": "genlab.run",
    "per_example": "genlab.run",
    "shared_latents": "genlab.run",
    "write_columns": "genlab.run",
    "draw": "genlab.run",
    "environment": "genlab.cli.environment",
    "evaluate": "genlab.run",
    "latest_run": "genlab.records",
    "list_runs": "genlab.records",
    "open_run": "genlab.run",
    "read_recipe": "genlab.recipe",
    "recipe_schema": "genlab.recipe",
    "reconstruct": "genlab.run",
    "run": "genlab.run",
    "run_checks": "genlab.testing",
    "save_draws": "genlab.run",
    "save_reconstruction": "genlab.run",
    "score": "genlab.run",
    "score_samplers": "genlab.run",
    "write_plugin": "genlab.scaffold",
    "write_report": "genlab.records",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
