"""Sums over all x, and integrals over one or two real numbers.

Integrals are trapezoidal sums on a grid that is even in u where y = center + scale sinh(u): fine near the center, and
far out in the tails. Half the points give nearly the same sum, or the integral is not to be had this way.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.interfaces import DataSpec
from genlab.testing.check import CannotRun

LARGEST_SUM = 4096
"""How many x a sum over all of them may have."""
_REACH = {1: 9.0, 2: 5.5}
_POINTS = {1: 1601, 2: 221}
_DIVERGES = 100.0
"""A log of an integral that no grid makes of a density, however narrow: the integral is infinite."""
_LARGEST_LOG = 700.0
_SETTLED = 1e-5


@dataclass(frozen=True)
class Points:
    """Where a function is evaluated to sum or integrate it.

    Attributes:
        at: `(G, *Y)`.
        log_weight: `(G,)`, what each point counts.
        coarse: `(G,)`, whether the point is one of the coarser grid's; None for a sum.
        coarse_log_weight: what a point of the coarser grid counts there, in addition to `log_weight`.
    """

    at: Tensor
    log_weight: Tensor
    coarse: Tensor | None = None
    coarse_log_weight: float = 0.0


def all_x(spec: DataSpec, like: Tensor) -> Points:
    """Return every x there is, or a grid of them where x is one or two real numbers.

    Args:
        spec: of the data.
        like: `(B, *X)`, observations, which tell where the data lie.

    Raises:
        CannotRun: when there are too many.
    """
    if spec.levels is None:
        return grid_around(like)
    if spec.levels**spec.num_dims > LARGEST_SUM:
        raise CannotRun(f"{spec.levels} levels in {spec.num_dims} dimensions are too many x to sum over")
    values = list(itertools.product(range(spec.levels), repeat=spec.num_dims))
    at = torch.tensor(values, dtype=like.dtype, device=like.device).reshape(-1, *spec.event_shape)
    return Points(at, at.new_zeros(len(at)))


def grid_around(draws: Tensor) -> Points:
    """Return a grid for integrals over one or two real numbers.

    Args:
        draws: `(R, *Y)`, points that tell where the integrand lies.

    Raises:
        CannotRun: when Y has more than two dimensions.
    """
    flat = draws.reshape(len(draws), -1)  # one number may have no dimension of its own
    num_dims = flat.shape[1]
    if num_dims not in _POINTS:
        raise CannotRun(f"it is an integral over {num_dims} numbers; two are the most")
    num, reach = _POINTS[num_dims], _REACH[num_dims]
    u = torch.linspace(-reach, reach, num, dtype=flat.dtype, device=flat.device)
    center, scale = flat.mean(0), flat.std(0) + 1e-6
    axes = [center[d] + scale[d] * torch.sinh(u) for d in range(num_dims)]
    at = torch.cartesian_prod(*axes).reshape(-1, num_dims)
    logs = [(scale[d] * torch.cosh(u) * (2 * reach / (num - 1))).log() for d in range(num_dims)]
    log_weight = torch.cartesian_prod(*logs).reshape(-1, num_dims).sum(1)
    even = (torch.arange(num, device=flat.device) % 2 == 0).to(flat.dtype)
    coarse = torch.cartesian_prod(*[even] * num_dims).reshape(-1, num_dims).prod(1).bool()
    return Points(at.reshape(-1, *draws.shape[1:]), log_weight, coarse, num_dims * math.log(2))


def log_total(points: Points, log_density: Callable[[Tensor], Tensor], *, chunk: int = 4096) -> float:
    """Return the log of the sum, or the integral, of exp(log_density).

    Args:
        points: where.
        log_density: from points `(G, *Y)` to `(G,)`.
        chunk: how many points are evaluated together.

    Raises:
        CannotRun: when the grid is too coarse for it.
    """
    with torch.no_grad():
        values = torch.cat([log_density(part) for part in points.at.split(chunk)])  # type: ignore[no-untyped-call]
    weighted = values.nan_to_num(nan=-math.inf) + points.log_weight
    fine = float(torch.logsumexp(weighted, 0))
    if points.coarse is not None:
        rough = float(torch.logsumexp(weighted[points.coarse], 0)) + points.coarse_log_weight
        if abs(fine - rough) > _SETTLED and fine < _DIVERGES:
            raise CannotRun(f"the integral is {shown_total(fine)} on one grid and {shown_total(rough)} on a coarser")
    return fine


def shown_total(log_sum: float) -> str:
    """Return a sum whose log is given, in digits, or as a power where it is too large for a float.

    >>> shown_total(0.0), shown_total(1000.0)
    ('1', 'exp(1000)')
    """
    return f"{math.exp(log_sum):.6g}" if log_sum < _LARGEST_LOG else f"exp({log_sum:.6g})"
