"""The total variation distance, half the integral of |q - p|: the largest difference in the probability of an event.

Between 0 and 1, without unit. It has a kink at q = p; the gradient there is 0, which is a subgradient.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from genlab.divergences.density_ratio import DensityRatioDivergence


@dataclass(frozen=True)
class TotalVariation(DensityRatioDivergence):
    """The total variation distance between q and p."""

    name: ClassVar[str] = "total_variation"
    symmetric: ClassVar[bool] = True

    def integrand(self, log_ratio: Tensor) -> Tensor:
        """Return |tanh(l / 2)|, which is |q - p| / (q + p)."""
        return torch.tanh(log_ratio / 2).abs()


total_variation = TotalVariation()
