"""Convex functions minus their tangents, to full relative precision where the two nearly agree.

    exp_excess(t)         = e^t - 1 - t
    lgamma_excess(y, x)   = lgamma(y) - lgamma(x) - digamma(x) (y - x)

Both are nonnegative and vanish to second order; the closed forms of many divergences are sums of them. Taken as
written they lose every digit where the arguments nearly agree, which is where training ends up.
"""

import math
from typing import Any

import torch
from torch import Tensor

# Gauss-Legendre nodes and weights on [0, 1]; the weights carry the factor 1 - s of Taylor's remainder.
_NODES = (
    0.0198550717512319,
    0.1016667612931866,
    0.2372337950418355,
    0.4082826787521751,
    0.5917173212478249,
    0.7627662049581645,
    0.8983332387068134,
    0.9801449282487681,
)
_WEIGHTS = (
    0.0506142681451881,
    0.1111905172266872,
    0.1568533229389437,
    0.1813418916891810,
    0.1813418916891810,
    0.1568533229389437,
    0.1111905172266872,
    0.0506142681451881,
)

_LARGEST = 709.0
"""e^t is finite in double precision up to here."""


def exp_excess(t: Tensor) -> Tensor:
    """Return e^t - 1 - t, never negative.

    Below 0.1 in magnitude it is the series t^2 (1/2! + t/3! + ... + t^8/10!). Narrower types than double are computed
    in double as it stands, which has all their digits where |t| is above 1e-8, and is a fifth of the operations.
    """
    if t.dtype != torch.float64:
        wide = t.double().clamp(max=_LARGEST)
        return (torch.expm1(wide) - wide).clamp(min=0).to(t.dtype)
    excess: Tensor = _ExpExcess.apply(t)
    return excess


class _ExpExcess(torch.autograd.Function):
    """The derivative is e^t - 1, which needs no series: written out it is one operation where it was thirty."""

    generate_vmap_rule = True

    @staticmethod
    def forward(t: Tensor) -> Tensor:
        series = torch.full_like(t, 1 / math.factorial(10))
        for order in range(9, 1, -1):
            series = series.mul_(t).add_(1 / math.factorial(order))
        return torch.where(t.abs() < 0.1, series.mul_(t).mul_(t), torch.expm1(t) - t.clamp(max=_LARGEST))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (t,) = ctx.saved_tensors
        return gradient * _exp_slope(t)

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor) -> Tensor:
        (t,) = ctx.saved_tensors
        return tangent * _exp_slope(t)


def _exp_slope(t: Tensor) -> Tensor:
    """Return e^t - 1, finite where e^t overflows: there 0 * inf would be in the gradient of a neighbor."""
    return torch.expm1(t.clamp(max=_LARGEST))


def lgamma_excess(y: Tensor, x: Tensor) -> Tensor:
    """Return lgamma(y) - lgamma(x) - digamma(x) (y - x), for positive `y` and `x`.

    Where they differ by less than half of the smaller it is Taylor's remainder, (y - x)^2 times the integral over s
    in [0, 1] of (1 - s) trigamma(x + s (y - x)), by eight Gauss-Legendre nodes, which is exact to rounding there.
    """
    x, y = torch.broadcast_tensors(x, y)
    step = y - x
    near = step.abs() <= 0.5 * torch.minimum(x, y)
    safe_step = torch.where(near, step, 0.0)
    # trigamma(t) = zeta(2, t), which torch computes to more digits than polygamma(1, t)
    remainder = sum(
        weight * (1 - node) * torch.special.zeta(torch.full_like(x, 2.0), x + node * safe_step)
        for node, weight in zip(_NODES, _WEIGHTS, strict=True)
    )
    far = torch.lgamma(y) - torch.lgamma(x) - torch.digamma(x) * step
    return torch.where(near, safe_step.square() * remainder, far)


def nonnegative(value: Tensor) -> Tensor:
    """Return `value` with what rounding has made negative set to zero; the gradient is left alone."""
    return torch.where(value < 0, value - value.detach(), value)
