"""Gamma and exponential distributions: with concentrations a, c, rates b, d, and r = log(d / b),

    KL(Gamma(a, b) || Gamma(c, d)) = lgamma_excess(c, a) + a (e^r - 1 - r) + (a - c) r.

An exponential distribution is the gamma distribution of concentration 1.
"""

import torch
from torch import Tensor
from torch.distributions import Exponential, Gamma

from genlab.divergences.divergence import closed_form
from genlab.divergences.excess import exp_excess, lgamma_excess, nonnegative
from genlab.divergences.geometric_mixture import geometric_mixture
from genlab.divergences.kl import KL
from genlab.divergences.total_variation import TotalVariation


@closed_form(KL, Gamma, Exponential)
@closed_form(KL, Exponential, Gamma)
@closed_form(KL, Gamma, Gamma)
def kl_gamma(kl: KL, q: Gamma | Exponential, p: Gamma | Exponential) -> Tensor:
    """Return the divergence from excesses over tangents."""
    (a, b), (c, d) = _parameters(q), _parameters(p)
    r = torch.log(d) - torch.log(b)
    return nonnegative(lgamma_excess(c, a) + a * exp_excess(r) + (a - c) * r)


@closed_form(KL, Exponential, Exponential)
def kl_exponential(kl: KL, q: Exponential, p: Exponential) -> Tensor:
    """Return e^r - 1 - r."""
    return exp_excess(torch.log(p.rate) - torch.log(q.rate))


@geometric_mixture(Gamma, Gamma)
@geometric_mixture(Gamma, Exponential)
@geometric_mixture(Exponential, Gamma)
def mix_gamma(q: Gamma | Exponential, p: Gamma | Exponential, weight: float) -> tuple[Gamma, Tensor]:
    """Return the gamma distribution proportional to q^a p^(1 - a)."""
    (a, b), (c, d) = _parameters(q), _parameters(p)
    concentration, rate = torch.broadcast_tensors(weight * a + (1 - weight) * c, weight * b + (1 - weight) * d)
    exists = (concentration > 0) & (rate > 0)
    mixed = Gamma(torch.where(exists, concentration, a), torch.where(exists, rate, b), validate_args=False)
    return mixed, exists


@geometric_mixture(Exponential, Exponential)
def mix_exponential(q: Exponential, p: Exponential, weight: float) -> tuple[Exponential, Tensor]:
    """Return the exponential distribution proportional to q^a p^(1 - a)."""
    rate = weight * q.rate + (1 - weight) * p.rate
    exists = rate > 0
    return Exponential(torch.where(exists, rate, q.rate), validate_args=False), exists


@closed_form(TotalVariation, Exponential, Exponential)
def total_variation_exponential(total_variation: TotalVariation, q: Exponential, p: Exponential) -> Tensor:
    """Return the difference of survival where the densities cross, at x = log(b / d) / (b - d).

    With u = |log(b / d)| and v = u / (e^u - 1) it is e^-v - e^-(u + v).
    """
    u = (torch.log(q.rate) - torch.log(p.rate)).abs()
    same = u == 0
    v = torch.where(same, 1.0, u) / torch.expm1(torch.where(same, 1.0, u))
    return torch.where(same, 0.0, -torch.exp(-v) * torch.expm1(-u))


def _parameters(distribution: Gamma | Exponential) -> tuple[Tensor, Tensor]:
    if isinstance(distribution, Exponential):
        return torch.ones_like(distribution.rate), distribution.rate
    return distribution.concentration, distribution.rate
