"""The reference models as components; the kit's plugin offers them."""

from collections.abc import Iterable

from genlab.plugin import Component

_HERE = "genlab.testing.reference"


def reference_components() -> Iterable[Component]:
    """Return the reference models and their parts."""
    return (*_linear_gaussian(), *_mixture(), *_diffusion())


def _linear_gaussian() -> Iterable[Component]:
    name, here = "reference-linear-gaussian", f"{_HERE}.linear_gaussian"
    yield Component("model", name, f"{here}.model:LinearGaussian", "probabilistic PCA, its evidence known")
    yield Component("family", "reference-exact", f"{here}.family:ExactFamily", "the exact posterior")
    yield Component("family", "reference-amortized", f"{here}.family:AmortizedFamily", "a diagonal Gaussian, inexact")
    yield Component("elbo", name, f"{here}.estimator:ClosedForm", "every term in closed form")
    yield Component("sampler", name, f"{here}.sampler:Ancestral", "z from the prior, then x given z")


def _mixture() -> Iterable[Component]:
    name, here = "reference-mixture", f"{_HERE}.mixture"
    yield Component("model", name, f"{here}.model:ConjugateMixture", "K Gaussians, their evidence enumerated")
    yield Component("family", name, f"{here}.family:MeanField", "assignments, weights and means, independent")


def _diffusion() -> Iterable[Component]:
    name, here = "reference-diffusion", f"{_HERE}.diffusion"
    yield Component("model", name, f"{here}.model:Diffusion", "a short chain whose denoiser is known")
    yield Component("denoiser", "reference-normal", f"{here}.denoiser:NormalDenoiser", "optimal for normal data")
    yield Component("denoiser", "reference-finite", f"{here}.denoiser:FiniteDenoiser", "optimal for a few points")
    yield Component("family", name, f"{here}.family:ForwardChain", "the chain from data to noise")
    yield Component("elbo", name, f"{here}.estimator:StepByStep", "each step's divergence in closed form")
    yield Component("sampler", name, f"{here}.sampler:Ancestral", "every step of the reverse chain")
