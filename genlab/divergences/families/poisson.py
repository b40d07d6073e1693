"""Poisson distributions, KL(q || p) = rate_q (e^u - 1 - u) with u = log(rate_p / rate_q); a rate may be zero.

The geometric mixture has rate rate_q^a rate_p^(1 - a).
"""

import torch
from torch import Tensor
from torch.distributions import Poisson

from genlab.divergences.divergence import closed_form
from genlab.divergences.excess import exp_excess
from genlab.divergences.families.log_table import safe_log
from genlab.divergences.geometric_mixture import geometric_mixture
from genlab.divergences.kl import KL


@closed_form(KL, Poisson, Poisson)
def kl_poisson(kl: KL, q: Poisson, p: Poisson) -> Tensor:
    """Return the divergence, infinite where only p's rate is zero."""
    q_rate, p_rate = torch.broadcast_tensors(q.rate, p.rate)
    both = (q_rate > 0) & (p_rate > 0)
    safe_q, safe_p = torch.where(both, q_rate, 1.0), torch.where(both, p_rate, 1.0)
    u = torch.log(safe_p) - torch.log(safe_q)
    near = u.abs() < 1
    value = torch.where(near, safe_q * exp_excess(torch.where(near, u, 0.0)), safe_p - safe_q - safe_q * u)
    return torch.where(both, value, torch.where(q_rate > 0, torch.inf, p_rate))


@geometric_mixture(Poisson, Poisson)
def mix_poisson(q: Poisson, p: Poisson, weight: float) -> tuple[Poisson, Tensor]:
    """Return the Poisson distribution proportional to q^a p^(1 - a)."""
    log_q, log_p = torch.broadcast_tensors(safe_log(q.rate), safe_log(p.rate))
    both = (log_q > -torch.inf) & (log_p > -torch.inf)
    mixed = weight * torch.where(both, log_q, 0.0) + (1 - weight) * torch.where(both, log_p, 0.0)
    exists = torch.ones_like(both) if weight < 1 else both | (log_q == -torch.inf)
    return Poisson(torch.where(both, mixed.exp(), 0.0), validate_args=False), exists
