"""Expectations under a standard normal law, at points that are chosen once.

    E f(eps) ~ 1/P sum_p f(eps_p),   eps ~ N(0, I_J)

The points are a scrambled Sobol sequence through the normal quantile function, each with its mirror image, scaled to a
variance of one in each dimension: so the mean of a function that is linear, or odd around a constant, is exact, and so
is the variance of a linear one whose matrix is diagonal. All observations share the points, and what is said of one
does not depend on its batch.

Reference: Owen 1998 (Scrambling Sobol' and Niederreiter-Xing points).
"""

import functools
from collections.abc import Callable

import torch
from torch import Tensor
from torch.quasirandom import SobolEngine

_NUM_POINTS = 512
_AT_ONCE = 64
_CELL = 2.0**-30
"""The sequence's numbers are multiples of this; quantiles are taken in the middle of a cell, so that none is of 0."""


def moments(function: Callable[[Tensor], Tensor], num_dims: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean and the variance of a function of standard normal numbers, a few points at a time.

    Args:
        function: from eps, `(S, 1, J)`, to values, `(S, B, V)`.
        num_dims: J.
        like: a tensor of the precision and on the device that eps is to have, and the results.

    Returns:
        Two tensors `(B, V)`.
    """
    sums, squares = torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    for part in torch.split(_points(num_dims).to(like.device, like.dtype).unsqueeze(1), _AT_ONCE):
        values = function(part).double()
        sums, squares = values.sum(0) + sums.to(values.device), values.square().sum(0) + squares.to(values.device)
    mean = sums / _NUM_POINTS
    return mean.to(like.dtype), (squares / _NUM_POINTS - mean.square()).clamp(min=0).to(like.dtype)


@functools.lru_cache(maxsize=8)
def _points(num_dims: int) -> Tensor:
    """Return P points, `(P, J)` in double precision."""
    engine = SobolEngine(num_dims, scramble=True, seed=0)  # type: ignore[no-untyped-call]
    uniform = engine.draw(_NUM_POINTS // 2, dtype=torch.float64)
    normal = torch.special.ndtri(uniform + 0.5 * _CELL)
    normal = normal / normal.square().mean(0).sqrt()
    return torch.cat([normal, -normal])
