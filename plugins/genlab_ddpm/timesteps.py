"""Which timesteps an estimate visits: at random, more often where the bound is spent, and spread evenly.

A sum of terms over t is estimated by visiting t with probability p(t) and dividing by p(t). If x_0 were standard
normal, L_{t-1} would be near half the step of log(1 + snr_t) = -log(1 - alpha_bar_t), so p(t) follows the steps of
log(1 - alpha_bar_t): the first few timesteps get most visits, as they hold most of the bound. L_0 is no step; it counts
like L_1, and where steps are short, half a bit. A tenth is spread uniformly, which keeps 1 / p(t) below 10 T.

Over a batch, one timestep each: example i's place in the cumulative p is frac(u + i / B), with one uniform u for all.
For one example, several timesteps: the cumulative p is cut into equal strata, and each gives one, independently. Every
single draw has the law p; together they lie far more evenly.

Reference: Kingma et al. 2021 (variational diffusion models), appendix I.1; Nichol & Dhariwal 2021, section 3.3.
"""

import math

import torch
from torch import Tensor

_UNIFORM_SHARE = 0.1


def where_the_bound_is(log_noise_var: Tensor) -> Tensor:
    """Return p(1..T), `(T,)`, float64, for log(1 - alpha_bar) `(T,)`; t = 1 counts like t = 2, at least like log 2."""
    num = len(log_noise_var)
    uniform = torch.full((num,), 1 / num, dtype=torch.float64, device=log_noise_var.device)
    if num == 1:
        return uniform
    steps = log_noise_var.double().diff()
    steps = torch.cat([steps[:1].clamp(min=math.log(2)), steps])
    return (1 - _UNIFORM_SHARE) * steps / steps.sum() + _UNIFORM_SHARE * uniform


def spread_over_batch(shares: Tensor, batch_size: int, *, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw one entry for each example, together spread evenly.

    Args:
        shares: `(K,)`, probabilities that sum to one, float64.
        batch_size: B.
        generator: the only source of randomness.

    Returns:
        Entries 0..K-1, `(B,)`, and how many entries each stands for, 1 / p, `(B,)`.
    """
    start = torch.rand((), generator=generator, device=shares.device, dtype=torch.float64)
    return _look_up(shares, torch.frac(start + torch.arange(batch_size, device=shares.device) / batch_size))


def most_visits(num_entries: int, batch_size: int) -> int:
    """Return how often `spread_over_batch` can give one entry where all are as probable, known without drawing.

    A batch's places lie 1 / B apart, so an interval of length 1 / K holds at most floor(B / K) + 1 of them.
    """
    return min(batch_size, batch_size // num_entries + 1)


def stratified(
    shares: Tensor, num_strata: int, batch_size: int, *, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw one entry from each stratum for each example, independently.

    Args:
        shares: `(K,)`, probabilities that sum to one, float64.
        num_strata: n, how many strata of equal probability.
        batch_size: B.
        generator: the only source of randomness.

    Returns:
        Entries 0..K-1, `(n, B)`, and how many entries each stands for, 1 / (n p), `(n, B)`.
    """
    place = torch.rand(num_strata, batch_size, generator=generator, device=shares.device, dtype=torch.float64)
    stratum = torch.arange(num_strata, device=shares.device)[:, None]
    index, weight = _look_up(shares, (stratum + place) / num_strata)
    return index, weight / num_strata


def _look_up(shares: Tensor, place: Tensor) -> tuple[Tensor, Tensor]:
    index = torch.searchsorted(shares.cumsum(0), place, right=True).clamp(max=len(shares) - 1)
    return index, 1 / shares[index]
