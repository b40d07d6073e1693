"""The Bhattacharyya distance, -log of the integral of sqrt(q p), which is D_{1/2}(q, p) / 2; in nats."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.distributions import Distribution

from genlab.divergences.density_ratio import DensityRatioDivergence
from genlab.divergences.renyi import Renyi
from genlab.divergences.squared_hellinger import squared_hellinger


@dataclass(frozen=True)
class Bhattacharyya(DensityRatioDivergence):
    """Minus the log of how much q and p overlap; infinite where they do not."""

    name: ClassVar[str] = "bhattacharyya"
    symmetric: ClassVar[bool] = True

    def derive(self, q: Distribution, p: Distribution) -> Tensor:
        """Return half the Renyi divergence of order 1/2."""
        return Renyi(0.5)(q, p) / 2

    def integrand(self, log_ratio: Tensor) -> Tensor:
        """Return that of the squared Hellinger distance."""
        return squared_hellinger.integrand(log_ratio)

    def outer(self, mean: Tensor) -> Tensor:
        """Return -log(1 - mean)."""
        return -torch.log1p(-mean)


bhattacharyya = Bhattacharyya()
