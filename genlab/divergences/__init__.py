"""Divergences between distributions, in closed form where there is one and by Monte Carlo where it is asked for.

`kl(q, p)` takes two `torch.distributions` objects and returns one value for each element of their broadcast batch
shape, with gradients in the parameters of both. A pair without a closed form is an error that names `monte_carlo`.
"""

from genlab.divergences import families
from genlab.divergences.amari import AmariAlpha, amari_alpha
from genlab.divergences.bhattacharyya import Bhattacharyya, bhattacharyya
from genlab.divergences.chi_squared import ChiSquared, chi_squared
from genlab.divergences.density_ratio import DensityRatioDivergence
from genlab.divergences.divergence import Divergence, NoClosedFormError, closed_form, has_closed_form
from genlab.divergences.families.normal import kl_normal
from genlab.divergences.geometric_mixture import geometric_mixture
from genlab.divergences.jeffreys import Jeffreys, jeffreys
from genlab.divergences.jensen_shannon import JensenShannon, jensen_shannon
from genlab.divergences.kl import KL, kl
from genlab.divergences.monte_carlo import Estimate, monte_carlo
from genlab.divergences.renyi import Renyi, renyi
from genlab.divergences.rules import AmbiguousRuleError
from genlab.divergences.samples import (
    Gaussian,
    Kernel,
    Laplacian,
    Polynomial,
    Sum,
    SupportOverlap,
    copying,
    frechet_distance,
    kernel_distance,
    median_distance,
    nearest,
    squared_mmd,
    squared_mmd_biased,
    support_overlap,
)
from genlab.divergences.squared_hellinger import SquaredHellinger, squared_hellinger
from genlab.divergences.total_variation import TotalVariation, total_variation
from genlab.divergences.wasserstein import SquaredWasserstein2, Wasserstein2, squared_wasserstein_2, wasserstein_2

__all__ = [
    "KL",
    "AmariAlpha",
    "AmbiguousRuleError",
    "Bhattacharyya",
    "ChiSquared",
    "DensityRatioDivergence",
    "Divergence",
    "Estimate",
    "Gaussian",
    "Jeffreys",
    "JensenShannon",
    "Kernel",
    "Laplacian",
    "NoClosedFormError",
    "Polynomial",
    "Renyi",
    "SquaredHellinger",
    "SquaredWasserstein2",
    "Sum",
    "SupportOverlap",
    "TotalVariation",
    "Wasserstein2",
    "amari_alpha",
    "bhattacharyya",
    "chi_squared",
    "closed_form",
    "copying",
    "families",
    "frechet_distance",
    "geometric_mixture",
    "has_closed_form",
    "jeffreys",
    "jensen_shannon",
    "kernel_distance",
    "kl",
    "kl_normal",
    "median_distance",
    "monte_carlo",
    "nearest",
    "renyi",
    "squared_hellinger",
    "squared_mmd",
    "squared_mmd_biased",
    "squared_wasserstein_2",
    "support_overlap",
    "total_variation",
    "wasserstein_2",
]
