"""The alpha-divergence in Amari's convention, without unit.

    A_alpha(q, p) = 4 / (1 - alpha^2) [ 1 - integral of q^((1 - alpha)/2) p^((1 + alpha)/2) ]

alpha = -1 is KL(q || p), alpha = 1 is KL(p || q), alpha = 0 is four times the squared Hellinger distance,
alpha = -3 is half the chi-squared divergence; A_alpha(q, p) = A_{-alpha}(p, q). With the order a = (1 - alpha) / 2,

    A_alpha(q, p) = [ exp((a - 1) D_a(q, p)) - 1 ] / (a (a - 1)),   D_a the Renyi divergence.

Reference: Amari & Nagaoka 2000, "Methods of Information Geometry", section 3.6.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.distributions import Distribution

from genlab.divergences.density_ratio import DensityRatioDivergence
from genlab.divergences.kl import kl
from genlab.divergences.renyi import Renyi, power_integrand
from genlab.errors import UsageError


@dataclass(frozen=True)
class AmariAlpha(DensityRatioDivergence):
    """The alpha-divergence of q from p.

    Attributes:
        alpha: any finite number.
    """

    alpha: float
    name: ClassVar[str] = "amari_alpha"

    def __post_init__(self) -> None:
        if not math.isfinite(self.alpha):
            raise UsageError(f"alpha must be finite, got {self.alpha} (AmariAlpha).")

    def derive(self, q: Distribution, p: Distribution) -> Tensor:
        """Return it through the Renyi divergence of order a, or of order 1 - a with q and p exchanged if alpha > 0."""
        if self.alpha > 0:
            return AmariAlpha(-self.alpha)(p, q)
        order = (1 - self.alpha) / 2
        if order == 1:
            return kl(q, p)
        return torch.expm1((order - 1) * Renyi(order)(q, p)) / (order * (order - 1))

    def integrand(self, log_ratio: Tensor) -> Tensor:
        """Return that of the power divergence of order a."""
        if self.alpha > 0:
            return power_integrand(-log_ratio, (1 + self.alpha) / 2)
        return power_integrand(log_ratio, (1 - self.alpha) / 2)


def amari_alpha(q: Distribution, p: Distribution, alpha: float) -> Tensor:
    """Return `AmariAlpha(alpha)(q, p)`."""
    return AmariAlpha(alpha)(q, p)
