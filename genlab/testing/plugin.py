"""The kit's own components: small data and reference models for the recipes in which components are checked.

The kit alone registers them; they are no entry point, so no other recipe can name them.
"""

from collections.abc import Iterable
from pathlib import Path

from genlab.plugin import Component, hookimpl
from genlab.testing.reference.components import reference_components


@hookimpl
def genlab_components() -> Iterable[Component]:
    """Return the kit's data sources and reference models."""
    here = "genlab.testing"
    return (
        Component("data", "random-reals", f"{here}.small_data:RandomReals", "a few standard normal numbers"),
        Component("data", "random-levels", f"{here}.small_data:RandomLevels", "a few random integers"),
        *reference_components(),
    )


@hookimpl
def genlab_check_recipes() -> Iterable[Path]:
    """Return the settings of the reference models, and with them of the parts that the core ships."""
    return (Path(__file__).with_name("check_recipes"),)
