"""The squared Hellinger distance, 1 - integral of sqrt(q p), which is 1 - exp(-D_{1/2}(q, p) / 2); between 0 and 1."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.distributions import Distribution

from genlab.divergences.density_ratio import DensityRatioDivergence
from genlab.divergences.renyi import Renyi


@dataclass(frozen=True)
class SquaredHellinger(DensityRatioDivergence):
    """Half the integral of (sqrt(q) - sqrt(p))^2."""

    name: ClassVar[str] = "squared_hellinger"
    symmetric: ClassVar[bool] = True

    def derive(self, q: Distribution, p: Distribution) -> Tensor:
        """Return it through the Renyi divergence of order 1/2."""
        return -torch.expm1(-Renyi(0.5)(q, p) / 2)

    def integrand(self, log_ratio: Tensor) -> Tensor:
        """Return 1 - 1 / cosh(l / 2), as tanh(l / 2) tanh(l / 4)."""
        return torch.tanh(log_ratio / 2) * torch.tanh(log_ratio / 4)


squared_hellinger = SquaredHellinger()
