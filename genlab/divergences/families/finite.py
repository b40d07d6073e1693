"""Distributions on finitely many points, by summation over them in log space.

Bernoulli is on {0, 1} and Categorical on {0, ..., K - 1}: different numbers of points are compared by giving the
shorter table points of probability zero. With u = log p_k - log q_k,

    KL(q || p) = sum_k q_k (e^u - 1 - u) + sum_{k: q_k = 0} p_k,

in which no term is negative. The gradient in a probability that is exactly zero is taken as zero.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.distributions import Bernoulli, Categorical, OneHotCategorical

from genlab.divergences.chi_squared import ChiSquared
from genlab.divergences.divergence import closed_form
from genlab.divergences.excess import exp_excess
from genlab.divergences.families.log_table import log_table
from genlab.divergences.geometric_mixture import geometric_mixture
from genlab.divergences.jensen_shannon import JensenShannon
from genlab.divergences.kl import KL
from genlab.divergences.total_variation import TotalVariation

Finite = Bernoulli | Categorical | OneHotCategorical

_PAIRS: list[tuple[type, type]] = [
    (Bernoulli, Bernoulli),
    (Bernoulli, Categorical),
    (Categorical, Bernoulli),
    (Categorical, Categorical),
    (OneHotCategorical, OneHotCategorical),
]


def kl_finite(kl: KL, q: Finite, p: Finite) -> Tensor:
    """Return the divergence summed over the points."""
    return _kl(*_tables(q, p))


def jensen_shannon_finite(jensen_shannon: JensenShannon, q: Finite, p: Finite) -> Tensor:
    """Return the mean divergence from the mixture."""
    log_q, log_p = _tables(q, p)
    empty = (log_q == -torch.inf) & (log_p == -torch.inf)
    log_m = torch.logaddexp(log_q.masked_fill(empty, 0.0), log_p.masked_fill(empty, 0.0)) - math.log(2)
    log_m = log_m.masked_fill(empty, -torch.inf)
    return 0.5 * (_kl(log_q, log_m) + _kl(log_p, log_m))


def total_variation_finite(total_variation: TotalVariation, q: Finite, p: Finite) -> Tensor:
    """Return half the sum of absolute differences."""
    log_q, log_p = _tables(q, p)
    return 0.5 * (log_q.exp() - log_p.exp()).abs().sum(-1)


def chi_squared_finite(chi_squared: ChiSquared, q: Finite, p: Finite) -> Tensor:
    """Return the sum of (q - p)^2 / p, infinite where p has no mass and q does."""
    log_q, log_p = _tables(q, p)
    outside = (log_p == -torch.inf) & (log_q > -torch.inf)
    # (q - p)^2 / p = (sqrt(q^2 / p) - sqrt(p))^2, whose parts underflow later than the squares
    both = (log_p > -torch.inf) & (log_q > -torch.inf)
    half_p = torch.where(both, log_p, 0.0) / 2
    difference = torch.exp(torch.where(both, log_q, 0.0) - half_p) - torch.exp(half_p)
    rest = torch.where(both, difference.square(), torch.where(outside, torch.inf, log_p.exp()))
    return rest.sum(-1)


def mix_finite(q: Finite, p: Finite, weight: float) -> tuple[Categorical | OneHotCategorical, Tensor]:
    """Return the categorical proportional to q^a p^(1 - a)."""
    log_q, log_p = _tables(q, p)
    both = (log_q > -torch.inf) & (log_p > -torch.inf)
    mixed = weight * torch.where(both, log_q, 0.0) + (1 - weight) * torch.where(both, log_p, 0.0)
    exists = both.any(-1)
    if weight > 1:
        exists = exists & ~((log_p == -torch.inf) & (log_q > -torch.inf)).any(-1)
    mixed = torch.where(both, mixed, -torch.inf)
    logits = torch.where(exists.unsqueeze(-1), mixed, 0.0)
    kind = OneHotCategorical if isinstance(q, OneHotCategorical) else Categorical
    return kind(logits=logits, validate_args=False), exists


for _pair in _PAIRS:
    closed_form(KL, *_pair)(kl_finite)
    closed_form(JensenShannon, *_pair)(jensen_shannon_finite)
    closed_form(TotalVariation, *_pair)(total_variation_finite)
    closed_form(ChiSquared, *_pair)(chi_squared_finite)
    geometric_mixture(*_pair)(mix_finite)


def _tables(q: Finite, p: Finite) -> tuple[Tensor, Tensor]:
    """Return the log probabilities of q and p over the same points, broadcast."""
    tables = [log_table(q), log_table(p)]
    size = max(table.shape[-1] for table in tables)
    padded = [F.pad(table, (0, size - table.shape[-1]), value=-torch.inf) for table in tables]
    log_q, log_p = torch.broadcast_tensors(*padded)
    return log_q, log_p


def _kl(log_q: Tensor, log_p: Tensor) -> Tensor:
    outside = (log_p == -torch.inf) & (log_q > -torch.inf)
    both = (log_q > -torch.inf) & (log_p > -torch.inf)
    safe_q, safe_p = torch.where(both, log_q, 0.0), torch.where(both, log_p, 0.0)
    u = safe_p - safe_q
    q = safe_q.exp()
    # past 1 the terms are added as they are, lest e^u overflow where q underflows
    near = u.abs() < 1
    terms = torch.where(near, q * exp_excess(torch.where(near, u, 0.0)), safe_p.exp() - q - q * u)
    return torch.where(both, terms, torch.where(outside, torch.inf, log_p.exp())).sum(-1)
