"""What the plugin offers; importing it imports nothing heavy."""

from collections.abc import Iterable
from pathlib import Path

from genlab.plugin import Component, hookimpl

genlab_requires = ">=0.1"


@hookimpl
def genlab_components() -> Iterable[Component]:
    """Return the plugin's components."""
    here = "genlab_factor_analysis"
    yield Component(
        "data", "simulated-factors", f"{here}.simulated_factors:SimulatedFactors", "a table whose factors are known"
    )
    yield Component("model", "factor-analysis", f"{here}.model:FactorAnalysis", "a few factors behind many columns")
    yield Component("family", "exact-gaussian", f"{here}.exact_gaussian:ExactGaussian", "the exact posterior of z")
    yield Component(
        "family", "mean-field-gaussian", f"{here}.mean_field_gaussian:MeanFieldGaussian", "the best independent factors"
    )
    yield Component("elbo", "closed-form", f"{here}.closed_form:ClosedForm", "likelihood and divergence, both exact")
    yield Component(
        "update",
        "expectation-maximization",
        f"{here}.expectation_maximization:ExpectationMaximization",
        "reads the data once; no step lowers the bound",
    )
    yield Component("sampler", "ancestral", f"{here}.ancestral:Ancestral", "z from the prior, then x given z")
    yield Component("figure", "factor-loadings", f"{here}.figure:FactorLoadings", "each factor's part in each column")


@hookimpl
def genlab_recipes() -> Iterable[Path]:
    """Return the folder of the recipes that ship with the plugin."""
    return (Path(__file__).parent / "recipes",)


@hookimpl
def genlab_check_recipes() -> Iterable[Path]:
    """Return the folder of the small recipes in which `genlab check` tries the components."""
    return (Path(__file__).parent / "check_recipes",)
