"""Laplace distributions: with r = scale_q / scale_p and u = |loc_q - loc_p| / scale_q,

    KL(q || p) = r - 1 - log r + r (e^-u - 1 + u).

For the Renyi divergence let A = a / scale_q, B = (1 - a) / scale_p and d = |loc_q - loc_p|. The integral of
e^{-A |x|} e^{-B |x - d|} is (e^{-Ad} + e^{-Bd}) / (A + B) over the two tails, if A + B > 0, and
(e^{-Bd} - e^{-Ad}) / (A - B) in between. With lo = min(A, B) and g = |A - B| their sum is

    e^{-lo d} [ (1 + e^{-gd}) / (A + B) + d (1 - e^{-gd}) / (gd) ].
"""

import math

import torch
from torch import Tensor
from torch.distributions import Laplace

from genlab.divergences.divergence import closed_form
from genlab.divergences.excess import exp_excess, nonnegative
from genlab.divergences.kl import KL, kl
from genlab.divergences.renyi import Renyi


@closed_form(KL, Laplace, Laplace)
def kl_laplace(kl: KL, q: Laplace, p: Laplace) -> Tensor:
    """Return the divergence as a sum of two terms that are never negative."""
    log_ratio = torch.log(q.scale) - torch.log(p.scale)
    distance = (q.loc - p.loc).abs() / q.scale
    return exp_excess(log_ratio) + torch.exp(log_ratio) * exp_excess(-distance)


@closed_form(Renyi, Laplace, Laplace)
def renyi_laplace(renyi: Renyi, q: Laplace, p: Laplace) -> Tensor:
    """Return the divergence from the three pieces of the integral."""
    a = renyi.alpha
    if a == 1:
        return kl(q, p)
    # in units of p's scale, so that neither tiny nor huge scales overflow
    log_ratio, distance = torch.broadcast_tensors(
        torch.log(q.scale) - torch.log(p.scale), (q.loc - p.loc).abs() / p.scale
    )
    q_weight, p_weight = a * torch.exp(-log_ratio), 1 - a
    total = q_weight + p_weight
    exists = total > 0
    q_weight, total = torch.where(exists, q_weight, a), torch.where(exists, total, 1.0)
    lowest = torch.minimum(q_weight, torch.full_like(q_weight, p_weight))
    gap = (q_weight - p_weight).abs() * distance
    log_integral = -lowest * distance + torch.log((1 + torch.exp(-gap)) / total + distance * _mean_decay(gap))
    log_integral = log_integral - a * log_ratio - math.log(2)
    return nonnegative(torch.where(exists, log_integral / (a - 1), torch.inf))


def _mean_decay(t: Tensor) -> Tensor:
    """Return (1 - e^-t) / t, which is 1 at 0."""
    near = t < 1e-4
    safe = torch.where(near, 1.0, t)
    return torch.where(near, 1 - t / 2 + t.square() / 6, -torch.expm1(-safe) / safe)
