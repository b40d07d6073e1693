"""A move of the global factors along their natural gradient.

The natural gradient of the bound in the natural parameters is (optimum - current), so a step of length rho is

    new = (1 - rho) current + rho optimum

and rho = 1 is coordinate ascent.

Reference: Hoffman et al. 2013, eqs. 15 and 16.
"""

import torch

from genlab_mixture.factors import NaturalParameters
from genlab_mixture.family import MeanField
from genlab_mixture.model import GaussianMixture


@torch.no_grad()
def move(family: MeanField, model: GaussianMixture, optimum: NaturalParameters, rho: float) -> None:
    """Move the family's parameters, in place.

    Args:
        family: what moves.
        model: gives m0, from which the means are measured.
        optimum: where to.
        rho: how far, above 0 and at most 1.
    """
    mean_loc = model.mean_loc.double()
    family.set_factors(NaturalParameters.of(family.factors(), mean_loc).moved(optimum, rho).factors(mean_loc))
