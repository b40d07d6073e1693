"""Log-densities of a Gaussian, and the log of the mass it puts on a grey level's bin.

The bin of level x_0 reaches half a bin width to either side; the outermost bins are open:

    P(x_0) = Phi(upper) - Phi(lower),   upper, lower = (x_0 +- width/2 - mean) / std

It is taken in logs, in the tail nearer to the bin: log P = log Phi(b) + log(1 - exp(log Phi(a) - log Phi(b))) with
a < b < 0. So it is exact however far the mean is, and never clamped: a clamped decoder is no bound on outliers.
Where a bin is so narrow that the difference would cancel, the density at its center, corrected to second order,
has more digits.

Reference: Ho, Jain & Abbeel 2020, eq. 13.
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

_NARROW = 0.02
_LOG_2_PI = math.log(2 * math.pi)


def normal_log_prob(x: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    """Return log N(x; mean, var), coordinate by coordinate.

    Args:
        x, mean, log_var: broadcastable.
    """
    return -0.5 * (_LOG_2_PI + log_var + (x - mean).square() * torch.exp(-log_var))


def level_log_mass(x_0: Tensor, mean: Tensor, log_var: Tensor, bin_width: float) -> Tensor:
    """Return the log of the mass that N(mean, var) puts on the bin of x_0.

    Args:
        x_0: levels, from -1 to 1 in steps of `bin_width`.
        mean, log_var: broadcastable with x_0.
        bin_width: the distance between two levels.

    Returns:
        Nats, in the broadcast shape; summed in probability over all levels it is 1.
    """
    std = torch.exp(0.5 * log_var)
    width = bin_width / std
    center = (x_0 - mean) / std
    inner = torch.where(width * (1 + center.abs()) < _NARROW, _narrow(center, width), _wide(center, width))
    lowest = _log_ndtr(center + width / 2)
    highest = _log_ndtr(width / 2 - center)
    edge = 1 - bin_width / 2
    log_mass: Tensor = torch.where(x_0 < -edge, lowest, torch.where(x_0 > edge, highest, inner))
    return log_mass


def _wide(center: Tensor, width: Tensor) -> Tensor:
    tail = -center.abs()
    upper, lower = _log_ndtr(tail + width / 2), _log_ndtr(tail - width / 2)
    # A bin that is not narrow has log Phi differ by more than this; only rounding far in the tail could lose it.
    log_mass: Tensor = upper + torch.log(-torch.expm1((lower - upper).clamp(max=-_NARROW / 4)))
    return log_mass


def _narrow(center: Tensor, width: Tensor) -> Tensor:
    density = -0.5 * (_LOG_2_PI + center.square())
    return density + torch.log(width) + torch.log1p(((center.square() - 1) * width.square() / 24).clamp(-0.5, 0.5))


def _log_ndtr(x: Tensor) -> Tensor:
    log_phi: Tensor = _LogNdtr.apply(x)
    return log_phi


class _LogNdtr(torch.autograd.Function):
    """log Phi(x), whose derivative phi(x) / Phi(x) = sqrt(2 / pi) / erfcx(-x / sqrt(2)) holds in both tails.

    The gradient that torch has for it divides by a power that overflows, and is NaN from some 1,000 std on.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        log_phi: Tensor = torch.special.log_ndtr(x)
        return log_phi

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        ratio: Tensor = math.sqrt(2 / math.pi) / torch.special.erfcx(x * -math.sqrt(0.5))
        return grad * ratio
