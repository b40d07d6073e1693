"""Dirichlet and beta distributions: with concentrations a_k, c_k and sums A, C,

    KL(Dir(a) || Dir(c)) = sum_k lgamma_excess(c_k, a_k) - lgamma_excess(C, A).

A beta distribution is that of the first coordinate under a Dirichlet distribution with two.
"""

import torch
from torch import Tensor
from torch.distributions import Beta, Dirichlet

from genlab.divergences.divergence import closed_form
from genlab.divergences.excess import lgamma_excess, nonnegative
from genlab.divergences.geometric_mixture import geometric_mixture
from genlab.divergences.kl import KL


@closed_form(KL, Beta, Beta)
@closed_form(KL, Dirichlet, Dirichlet)
def kl_dirichlet(kl: KL, q: Dirichlet | Beta, p: Dirichlet | Beta) -> Tensor:
    """Return the divergence from excesses over tangents."""
    a, c = _concentration(q), _concentration(p)
    return nonnegative(lgamma_excess(c, a).sum(-1) - lgamma_excess(c.sum(-1), a.sum(-1)))


@geometric_mixture(Dirichlet, Dirichlet)
def mix_dirichlet(q: Dirichlet, p: Dirichlet, weight: float) -> tuple[Dirichlet, Tensor]:
    """Return the Dirichlet distribution proportional to q^a p^(1 - a)."""
    concentration, exists = _mixed(q, p, weight)
    return Dirichlet(concentration, validate_args=False), exists


@geometric_mixture(Beta, Beta)
def mix_beta(q: Beta, p: Beta, weight: float) -> tuple[Beta, Tensor]:
    """Return the beta distribution proportional to q^a p^(1 - a)."""
    concentration, exists = _mixed(q, p, weight)
    return Beta(concentration[..., 0], concentration[..., 1], validate_args=False), exists


def _mixed(q: Dirichlet | Beta, p: Dirichlet | Beta, weight: float) -> tuple[Tensor, Tensor]:
    a, c = _concentration(q), _concentration(p)
    concentration = weight * a + (1 - weight) * c
    exists = (concentration > 0).all(-1)
    return torch.where(exists.unsqueeze(-1), concentration, a), exists


def _concentration(distribution: Dirichlet | Beta) -> Tensor:
    if isinstance(distribution, Beta):
        return torch.stack([distribution.concentration1, distribution.concentration0], -1)
    return distribution.concentration
