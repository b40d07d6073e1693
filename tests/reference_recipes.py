"""Recipes of the kit's reference models, and their assemblies in float64."""

from typing import Any

import genlab.parts.plugin
from genlab.assembly import Assembly, assemble
from genlab.discovery import Registry
from genlab.recipe import Recipe
from genlab.testing.kit import with_the_kit

LINEAR_GAUSSIAN = {
    "data": {"use": "random-reals", "shape": [3], "num_train": 12, "batch_size": 4},
    "model": {"use": "reference-linear-gaussian"},
    "family": {"use": "reference-amortized"},
    "elbo": {"use": "reference-linear-gaussian"},
    "sampler": {"use": "reference-linear-gaussian"},
}
EXACT = LINEAR_GAUSSIAN | {"family": {"use": "reference-exact"}}
MIXTURE = {
    "data": {"use": "random-reals", "shape": [2], "num_train": 6, "batch_size": 3},
    "model": {"use": "reference-mixture"},
    "family": {"use": "reference-mixture"},
    "elbo": {"use": "trace"},
}
DIFFUSION = {
    "data": {"use": "random-reals", "shape": [2], "num_train": 12, "batch_size": 4},
    "model": {"use": "reference-diffusion", "denoiser": {"use": "reference-normal"}},
    "family": {"use": "reference-diffusion"},
    "elbo": {"use": "reference-diffusion"},
    "sampler": {"use": "reference-diffusion"},
}
FINITE_DIFFUSION = DIFFUSION | {"model": {"use": "reference-diffusion", "denoiser": {"use": "reference-finite"}}}
ALL = {
    "linear-gaussian": LINEAR_GAUSSIAN,
    "exact": EXACT,
    "mixture": MIXTURE,
    "diffusion": DIFFUSION,
    "finite-diffusion": FINITE_DIFFUSION,
}


def reference_registry(**plugins: Any) -> Registry:
    """Return the core's components, the reference models, and those of further plugins."""
    return with_the_kit(Registry.from_plugins({"genlab:core": genlab.parts.plugin, **plugins}))


def reference_assembly(tables: dict[str, Any], **changes: Any) -> Assembly:
    """Return a new assembly of a recipe above, in float64; `changes` replaces whole tables."""
    whole = {
        "name": "reference",
        "update": {"use": "gradient", "lr": 0.02},
        "train": {"steps": 4},
        "accelerator": {"use": "cpu", "precision": "float32"},
    }
    assembly = assemble(Recipe.from_tables(whole | tables | changes), reference_registry())
    assembly.model.double()
    assembly.family.double()
    return assembly
