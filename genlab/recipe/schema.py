"""A JSON Schema of recipes, for editors: what the installed components can be told, with their documentation.

It is draft 7, which editors of TOML know. A recipe that extends another may leave out whatever that one holds.
"""

from typing import Any

from genlab.discovery import Registry
from genlab.recipe.checking import FOLDER_NAME, INTERFACES, OPTIONAL, SETTINGS
from genlab.recipe.component_schema import Definitions, reference
from genlab.recipe.table_names import PART_TABLES, SETTINGS_TABLES
from genlab.version import installed_version

DEFAULT_ACCELERATOR = "accelerator.auto"


def recipe_schema(registry: Registry) -> dict[str, Any]:
    """Return the schema of a recipe; every component is imported.

    Args:
        registry: the components a recipe can name.
    """
    definitions = Definitions(registry)
    for slot, interface in INTERFACES.items():
        definitions.slot(slot, interface)
    for name, settings in SETTINGS.items():
        definitions.table(name, settings)
    tables = {**PART_TABLES, **SETTINGS_TABLES}
    complete = {table: reference(f"complete.{table}") for table in tables}
    if DEFAULT_ACCELERATOR in definitions.made:
        complete["accelerator"] = definitions.part_default("accelerator", DEFAULT_ACCELERATOR)
    required = ["name", *(slot for slot in PART_TABLES if slot not in OPTIONAL), "train"]
    plugins = ", ".join(
        f"{plugin.name} ({plugin.distribution})" for plugin in registry.plugins if plugin.status == "ok"
    )
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "genlab recipe",
        "description": f"A recipe for genlab {installed_version()} with the plugins {plugins}.",
        "type": "object",
        "properties": {
            "extends": {"type": "string", "minLength": 1, "description": "A recipe file that this one is laid over."},
            "name": {"type": "string", "pattern": f"^{FOLDER_NAME.pattern}$", "description": "The run's name."},
            "seed": {"type": "integer", "minimum": 0, "default": 0, "description": "What all randomness comes from."},
            **{table: {"description": summary, "allOf": [reference(table)]} for table, summary in tables.items()},
        },
        "additionalProperties": False,
        "if": {"required": ["extends"]},
        "then": True,
        "else": {"required": required, "properties": complete},
        "definitions": definitions.made,
    }
