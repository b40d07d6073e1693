"""The tables of a recipe in words; needs no torch, as listing what a recipe can hold should not."""

from collections.abc import Mapping

PART_TABLES: Mapping[str, str] = {
    "data": "the observations x, and how they are split",
    "model": "the joint p(x, z)",
    "family": "the posteriors q(z given x) that are allowed",
    "elbo": "how the bound is estimated, and what is minimized",
    "update": "how the parameters move",
    "sampler": "how x is drawn; without it a run cannot be sampled from",
    "accelerator": "the device and the precision; by default the best there is",
}
"""The tables that name a component with `use`."""

SETTINGS_TABLES: Mapping[str, str] = {
    "train": "how long to train, and how often to look",
    "eval": "how bounds on held-out data are evaluated",
}
"""The tables that name none: their keys are those of a class of settings."""
