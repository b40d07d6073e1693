"""Jeffreys' divergence, KL(q || p) + KL(p || q), in nats.

Reference: Jeffreys 1946, "An invariant form for the prior probability in estimation problems".
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.distributions import Distribution

from genlab.divergences.density_ratio import DensityRatioDivergence
from genlab.divergences.kl import kl


@dataclass(frozen=True)
class Jeffreys(DensityRatioDivergence):
    """The sum of the two Kullback-Leibler divergences."""

    name: ClassVar[str] = "jeffreys"
    symmetric: ClassVar[bool] = True

    def derive(self, q: Distribution, p: Distribution) -> Tensor:
        """Return the sum of two closed forms."""
        return kl(q, p) + kl(p, q)

    def integrand(self, log_ratio: Tensor) -> Tensor:
        """Return 2 l tanh(l / 2): that of (q - p) log(q / p)."""
        return 2 * log_ratio * torch.tanh(log_ratio / 2)


jeffreys = Jeffreys()
