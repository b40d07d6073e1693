"""Normal distributions: with t = log(var_q / var_p) and d = (mean_q - mean_p) / std_p,

    KL(q || p) = 1/2 [ d^2 + e^t - 1 - t ].

The geometric mixture has precision a / var_q + (1 - a) / var_p; with D = a + (1 - a) e^t its mean is
mean_p + a (mean_q - mean_p) / D and its variance var_q / D, if D > 0.
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.distributions import HalfNormal, Normal

from genlab.divergences.divergence import closed_form
from genlab.divergences.excess import exp_excess
from genlab.divergences.geometric_mixture import geometric_mixture
from genlab.divergences.kl import KL
from genlab.divergences.renyi import Renyi
from genlab.divergences.total_variation import TotalVariation
from genlab.divergences.wasserstein import SquaredWasserstein2


def kl_normal(
    q_mean: Tensor, q_log_var: Tensor, p_mean: Tensor | None = None, p_log_var: Tensor | None = None
) -> Tensor:
    """Return KL(N(q_mean, q_var) || N(p_mean, p_var)) from log variances, coordinate by coordinate.

    It is `kl` for those who hold log variances: a variance too small for its type does no harm, and what does not
    depend on the coordinates is computed once.

    Args:
        q_mean, q_log_var: mean and log variance of q; broadcastable with those of p.
        p_mean, p_log_var: mean and log variance of p; each is 0 by default, as of the standard normal.

    Returns:
        The divergence of each coordinate in nats, in the broadcast shape, never negative.

    >>> kl_normal(torch.tensor(1.0), torch.tensor(0.0))
    tensor(0.5000)
    """
    squares = (q_mean if p_mean is None else q_mean - p_mean).square()
    if p_log_var is None:
        return 0.5 * (squares + exp_excess(q_log_var))
    return 0.5 * (squares * torch.exp(-p_log_var) + exp_excess(q_log_var - p_log_var))


@closed_form(KL, Normal, Normal)
def kl_of_normals(kl: KL, q: Normal, p: Normal) -> Tensor:
    """Return the divergence as a sum of two terms that are never negative."""
    log_var_ratio = 2 * (torch.log(q.scale) - torch.log(p.scale))
    # divided before it is squared: the variance of p may be too small for its type, or too large
    return 0.5 * (((q.loc - p.loc) / p.scale).square() + exp_excess(log_var_ratio))


@geometric_mixture(Normal, Normal)
def mix_normal(q: Normal, p: Normal, weight: float) -> tuple[Normal, Tensor]:
    """Return the normal proportional to q^a p^(1 - a)."""
    log_var_ratio, difference = torch.broadcast_tensors(
        2 * (torch.log(q.scale) - torch.log(p.scale)), (q.loc - p.loc) / p.scale
    )
    if weight < 1:
        log_divisor = torch.logaddexp(
            torch.full_like(log_var_ratio, math.log(weight)), math.log1p(-weight) + log_var_ratio
        )
        exists = torch.ones_like(log_var_ratio, dtype=torch.bool)
    else:
        limit = math.log(weight) - math.log(weight - 1)
        exists = log_var_ratio < limit
        safe = torch.where(exists, log_var_ratio, 0.0)
        # D = a - (a - 1) e^t = a (1 - e^(t - limit))
        log_divisor = math.log(weight) + torch.log(-torch.expm1(safe - limit))
    loc = p.loc + p.scale * (weight * torch.exp(-log_divisor) * difference)
    scale = torch.exp(torch.log(q.scale) - 0.5 * log_divisor)
    return Normal(loc, scale, validate_args=False), exists


@closed_form(SquaredWasserstein2, Normal, Normal)
def squared_wasserstein_2_normal(wasserstein: SquaredWasserstein2, q: Normal, p: Normal) -> Tensor:
    """Return the squared difference of the means and that of the standard deviations."""
    return (q.loc - p.loc).square() + (q.scale - p.scale).square()


@closed_form(TotalVariation, Normal, Normal)
def total_variation_normal(total_variation: TotalVariation, q: Normal, p: Normal) -> Tensor:
    """Return the distance from the two points where the densities cross, one of which may lie at infinity.

    In units of p, with r = std_q / std_p and k = r^2 - 1, they solve k x^2 + 2 d x - (d^2 + 2 r^2 log r) = 0.
    """
    d, ratio = torch.broadcast_tensors((q.loc - p.loc) / p.scale, q.scale / p.scale)
    log_ratio = torch.log(ratio)
    k = torch.expm1(2 * log_ratio)
    inner = d.square() + 2 * k * log_ratio
    same = inner == 0
    sign = torch.where(d < 0, -1.0, 1.0)
    w = -(d + sign * ratio * torch.where(same, 1.0, inner).sqrt())  # never small: its two parts have the same sign
    straight = k == 0
    far = torch.where(straight, torch.inf, w / torch.where(straight, 1.0, k))
    near = -(d.square() + 2 * ratio.square() * log_ratio) / w

    def mass_difference(x: Tensor) -> Tensor:
        at_infinity = x.isinf()
        x = _at_crossing(torch.where(at_infinity, 0.0, x))
        difference = torch.special.erf((x - d) / ratio / math.sqrt(2)) - torch.special.erf(x / math.sqrt(2))
        return torch.where(at_infinity, 0.0, difference)

    distance = 0.5 * (mass_difference(far) - mass_difference(near)).abs()
    return torch.where(same, 0.0, distance)


class _Crossing(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return torch.zeros_like(gradient)


def _at_crossing(x: Tensor) -> Tensor:
    """Return x with a gradient of zero, and an error instead of a second derivative.

    To first order the distance does not change with where it is cut, because the densities are equal there; taken
    through x the two halves of that zero can overflow.
    """
    crossing: Tensor = _Crossing.apply(x)
    return crossing


@closed_form(KL, HalfNormal, HalfNormal)
def kl_half_normal(kl: KL, q: HalfNormal, p: HalfNormal) -> Tensor:
    """Return that of the normals they are halves of: both densities are doubled."""
    return kl(q.base_dist, p.base_dist)


@closed_form(Renyi, HalfNormal, HalfNormal)
def renyi_half_normal(renyi: Renyi, q: HalfNormal, p: HalfNormal) -> Tensor:
    """Return that of the normals they are halves of."""
    return renyi(q.base_dist, p.base_dist)


@closed_form(TotalVariation, HalfNormal, HalfNormal)
def total_variation_half_normal(total_variation: TotalVariation, q: HalfNormal, p: HalfNormal) -> Tensor:
    """Return that of the normals they are halves of."""
    return total_variation(q.base_dist, p.base_dist)
