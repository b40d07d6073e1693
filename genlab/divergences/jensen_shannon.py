"""The Jensen-Shannon divergence, KL(q || m) / 2 + KL(p || m) / 2 with m = (q + p) / 2, at most ln 2 nats.

Reference: Lin 1991, "Divergence measures based on the Shannon entropy", eq. 4.1 with equal weights.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor

from genlab.divergences.density_ratio import DensityRatioDivergence
from genlab.divergences.excess import nonnegative


@dataclass(frozen=True)
class JensenShannon(DensityRatioDivergence):
    """The mean divergence of q and p from their mixture; a mixture has a closed form where the support is finite."""

    name: ClassVar[str] = "jensen_shannon"
    symmetric: ClassVar[bool] = True

    def integrand(self, log_ratio: Tensor) -> Tensor:
        """Return log 2 - H(s), with H the entropy of a coin that shows heads with probability s = sigmoid(l)."""
        size = log_ratio.abs()
        # H = softplus(-|l|) + |l| sigmoid(-|l|), which tends to 0 as |l| grows
        far = (-size).exp() == 0
        finite = size.masked_fill(far, 0.0)
        entropy = F.softplus(-finite) + finite * (-finite).sigmoid()
        return nonnegative(math.log(2) - entropy.masked_fill(far, 0.0))


jensen_shannon = JensenShannon()
