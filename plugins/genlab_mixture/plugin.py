"""What the mixture plugin offers."""

from collections.abc import Iterable
from pathlib import Path

from genlab.plugin import Component, hookimpl


@hookimpl
def genlab_components() -> Iterable[Component]:
    """Return the plugin's components."""
    here = "genlab_mixture"
    return (
        Component(
            "model", "gaussian-mixture", f"{here}.model:GaussianMixture", "K Gaussians of known or learned noise"
        ),
        Component("noise", "known", f"{here}.known_noise:KnownNoise", "one known standard deviation"),
        Component("noise", "learned", f"{here}.learned_noise:LearnedNoise", "a variance for each component"),
        Component("noise", "full", f"{here}.full_noise:FullNoise", "a covariance matrix for each component"),
        Component(
            "family", "mean-field", f"{here}.family:MeanField", "independent assignments, weights and components"
        ),
        Component("elbo", "enumerated", f"{here}.enumerated:Enumerated", "assignments summed out, the rest drawn"),
        Component("elbo", "closed-form", f"{here}.estimator:ClosedForm", "every term of the mixture, exact"),
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
            "weights and a component from q, then a new x",
        ),
        Component(
            "figure", "mixture-density", f"{here}.density_figure:MixtureDensity", "the data and the fitted components"
        ),
        Component(
            "figure",
            "mixture-responsibilities",
            f"{here}.responsibility_figure:MixtureResponsibilities",
            "which component each observation belongs to",
        ),
        Component(
            "figure", "mixture-terms", f"{here}.terms_figure:MixtureTerms", "the terms of the bound, step by step"
        ),
    )


@hookimpl
def genlab_check_recipes() -> Iterable[Path]:
    """Return the folder of the recipes in which the plugin's components are checked."""
    return (Path(__file__).parent / "check_recipes",)
