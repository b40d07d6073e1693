"""Continuous Bernoulli against uniform distributions: two pairs that torch.distributions (2.15) gets wrong.

It calls KL(ContinuousBernoulli || Uniform(0, 1)) infinite though the supports agree, and KL(Uniform ||
ContinuousBernoulli) infinite where the uniform's ends touch 0 or 1.
"""

import torch
from torch import Tensor
from torch.distributions import ContinuousBernoulli, Uniform

from genlab.divergences.divergence import closed_form
from genlab.divergences.excess import nonnegative
from genlab.divergences.kl import KL


@closed_form(KL, ContinuousBernoulli, Uniform)
def kl_continuous_bernoulli_uniform(kl: KL, q: ContinuousBernoulli, p: Uniform) -> Tensor:
    """Return log(high - low) - entropy, infinite unless [low, high] contains [0, 1]."""
    value = nonnegative(torch.log(p.high - p.low) - q.entropy())
    return torch.where((p.low <= 0) & (p.high >= 1), value, torch.inf)


@closed_form(KL, Uniform, ContinuousBernoulli)
def kl_uniform_continuous_bernoulli(kl: KL, q: Uniform, p: ContinuousBernoulli) -> Tensor:
    """Return minus log(high - low) less p's log density at the mean, which is linear in x."""
    inside = (q.low >= 0) & (q.high <= 1)
    middle = torch.where(inside, (q.low + q.high) / 2, 0.5)
    value = nonnegative(-torch.log(q.high - q.low) - p.log_prob(middle))
    return torch.where(inside, value, torch.inf)
