"""Cauchy distributions, KL(q || p) = log(1 + [ (scale_q - scale_p)^2 + (loc_q - loc_p)^2 ] / (4 scale_q scale_p)).

Reference: Chyzak & Nielsen 2019, "A closed-form formula for the Kullback-Leibler divergence between Cauchy
distributions", arXiv:1905.10965.
"""

import torch
from torch import Tensor
from torch.distributions import Cauchy, HalfCauchy

from genlab.divergences.divergence import closed_form
from genlab.divergences.kl import KL


@closed_form(KL, Cauchy, Cauchy)
def kl_cauchy(kl: KL, q: Cauchy, p: Cauchy) -> Tensor:
    """Return the divergence, which is symmetric."""
    scales = (q.scale - p.scale) / q.scale * ((q.scale - p.scale) / p.scale)
    locs = (q.loc - p.loc) / q.scale * ((q.loc - p.loc) / p.scale)
    return torch.log1p((scales + locs) / 4)


@closed_form(KL, HalfCauchy, HalfCauchy)
def kl_half_cauchy(kl: KL, q: HalfCauchy, p: HalfCauchy) -> Tensor:
    """Return that of the Cauchy distributions they are halves of: both densities are doubled."""
    return kl(q.base_dist, p.base_dist)
