"""What the mixture plugin offers."""

from collections.abc import Iterable
from pathlib import Path

from genlab.plugin import Component, hookimpl


@hookimpl
def genlab_components() -> Iterable[Component]:
    """Return the plugin's components."""
    here = "genlab_mixture"
    return (
        Component("model", "gaussian-mixture", f"{here}.model:GaussianMixture", "K Gaussians with known noise"),
        Component("family", "mean-field", f"{here}.family:MeanField", "independent assignments, weights and means"),
        Component("elbo", "closed-form", f"{here}.estimator:ClosedForm", "the seven terms of the mixture, all exact"),
        Component(
            "update",
            "coordinate-ascent",
            f"{here}.coordinate_ascent:CoordinateAscent",
            "one sweep over all data a step; the bound never falls",
        ),
        Component(
            "update",
            "natural-gradient",
            f"{here}.natural_gradient:NaturalGradient",
            "stochastic variational inference: one minibatch a step",
        ),
        Component(
            "sampler",
            "posterior-predictive",
            f"{here}.sampler:PosteriorPredictive",
            "weights and means from q, then a new x",
        ),
        Component("figure", "mixture-density", f"{here}.figure:MixtureDensity", "the data and the fitted components"),
    )


@hookimpl
def genlab_check_recipes() -> Iterable[Path]:
    """Return the folder of the recipes in which the plugin's components are checked."""
    return (Path(__file__).parent / "check_recipes",)
