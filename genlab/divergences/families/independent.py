"""Products of independent factors: KL, Renyi's and the squared Wasserstein distance are sums over the factors."""

from typing import Any

import torch
from torch import Tensor
from torch.distributions import Distribution, Independent

from genlab.divergences.divergence import Divergence, closed_form
from genlab.divergences.kl import KL
from genlab.divergences.renyi import Renyi
from genlab.divergences.wasserstein import SquaredWasserstein2


@closed_form(KL, Independent, Independent)
@closed_form(Renyi, Independent, Independent)
@closed_form(SquaredWasserstein2, Independent, Independent)
def sum_over_factors(divergence: Divergence, q: Independent[Any], p: Independent[Any]) -> Tensor:
    """Return the sum of the factors' divergences."""
    (q_base, q_count), (p_base, p_count) = _factors(q), _factors(p)
    if q_count != p_count:
        return NotImplemented
    each = divergence(q_base, p_base)
    shape = torch.broadcast_shapes(q_base.batch_shape, p_base.batch_shape)
    return each.expand(shape).flatten(len(shape) - q_count).sum(-1) if q_count else each


def _factors(distribution: Distribution) -> tuple[Distribution, int]:
    """Return what is repeated, and how many of its last batch dimensions are events."""
    count = 0
    while isinstance(distribution, Independent):
        count += distribution.reinterpreted_batch_ndims
        distribution = distribution.base_dist
    return distribution, count
