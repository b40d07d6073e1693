"""The kit's own components: small data for the recipes in which components are checked.

The kit alone registers them; they are no entry point, so no other recipe can name them.
"""

from collections.abc import Iterable

from genlab.plugin import Component, hookimpl


@hookimpl
def genlab_components() -> Iterable[Component]:
    """Return the kit's data sources."""
    here = "genlab.testing"
    return (
        Component("data", "random-reals", f"{here}.small_data:RandomReals", "a few standard normal numbers"),
        Component("data", "random-levels", f"{here}.small_data:RandomLevels", "a few random integers"),
    )
