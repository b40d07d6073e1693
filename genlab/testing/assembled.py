"""Assembling a check recipe without what its components warn of: a recipe as small as that is no good recipe."""

import warnings

from genlab.assembly import Assembly, assemble
from genlab.errors import GenlabWarning
from genlab.recipe import CheckedRecipe


def assembled(checked: CheckedRecipe) -> Assembly:
    """Return a new assembly of a check recipe."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GenlabWarning)
        return assemble(checked)
