"""Pearson's chi-squared divergence, the integral of (q - p)^2 / p, which is exp(D_2(q, p)) - 1; without unit.

It is infinite for many pairs, such as a normal q with at least twice the variance of p.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.distributions import Distribution

from genlab.divergences.density_ratio import DensityRatioDivergence
from genlab.divergences.renyi import Renyi


@dataclass(frozen=True)
class ChiSquared(DensityRatioDivergence):
    """The variance under p of the density ratio q / p."""

    name: ClassVar[str] = "chi_squared"

    def derive(self, q: Distribution, p: Distribution) -> Tensor:
        """Return it through the Renyi divergence of order 2."""
        return torch.expm1(Renyi(2.0)(q, p))

    def integrand(self, log_ratio: Tensor) -> Tensor:
        """Return 2 tanh(l / 2)^2 (1 + e^l)."""
        return 2 * torch.tanh(log_ratio / 2).square() * (1 + torch.exp(log_ratio))


chi_squared = ChiSquared()
