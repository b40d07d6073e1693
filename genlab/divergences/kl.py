"""The Kullback-Leibler divergence, KL(q || p) = E_q[ log q(x) - log p(x) ], in nats.

Closed forms of genlab's own stand beside their families; for every other pair torch.distributions is asked.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.distributions import Distribution, TransformedDistribution
from torch.distributions.kl import kl_divergence

from genlab.divergences.density_ratio import DensityRatioDivergence
from genlab.divergences.excess import nonnegative


@dataclass(frozen=True)
class KL(DensityRatioDivergence):
    """The Kullback-Leibler divergence of q from p.

    >>> from torch.distributions import Normal
    >>> KL()(Normal(1.0, 1.0), Normal(0.0, 1.0))
    tensor(0.5000)
    """

    name: ClassVar[str] = "kl"

    def derive(self, q: Distribution, p: Distribution) -> Tensor:
        """Return what torch.distributions knows of the pair."""
        if _folds(q) or _folds(p):
            # torch compares the bases of any equal transforms, also of those that map two points to one
            raise self._none(q, p)
        if q.batch_shape != p.batch_shape:
            # torch's forms set infinities in place, which needs equal shapes
            shape = torch.broadcast_shapes(q.batch_shape, p.batch_shape)
            q, p = q.expand(shape), p.expand(shape)
        try:
            return nonnegative(kl_divergence(q, p))
        except NotImplementedError:
            raise self._none(q, p) from None

    def integrand(self, log_ratio: Tensor) -> Tensor:
        """Return 2 [ s l - tanh(l / 2) ], s = sigmoid(l): that of q log(q / p) - q + p."""
        weight = torch.sigmoid(log_ratio)
        weighted = torch.where(weight == 0, 0.0, weight * log_ratio)
        return nonnegative(2 * (weighted - torch.tanh(log_ratio / 2)))


def _folds(distribution: Distribution) -> bool:
    return isinstance(distribution, TransformedDistribution) and not all(
        transform.bijective for transform in distribution.transforms
    )


kl = KL()
