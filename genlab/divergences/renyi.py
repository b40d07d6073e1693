"""The Renyi divergence of order a, D_a(q, p) = 1/(a - 1) log of the integral of q^a p^(1 - a), in nats.

For an exponential family let m be the geometric mixture, proportional to q^a p^(1 - a). The mean under m of
log(q^a p^(1 - a) / m), which is a constant, says

    D_a(q, p) = KL(m || p) + a / (1 - a) KL(m || q),

with no cancellation as a tends to 1, where m = q and D_1 is KL. If m does not exist the divergence is infinite.

Reference: van Erven & Harremoes 2014, "Renyi divergence and Kullback-Leibler divergence", eq. 3 and theorem 30.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.distributions import Distribution

from genlab.divergences.density_ratio import DensityRatioDivergence
from genlab.divergences.excess import nonnegative
from genlab.divergences.geometric_mixture import mix
from genlab.divergences.kl import kl
from genlab.errors import UsageError


@dataclass(frozen=True)
class Renyi(DensityRatioDivergence):
    """The Renyi divergence of q from p.

    Attributes:
        alpha: the order, positive and finite; 1 is KL, which is the limit.

    >>> from torch.distributions import Normal
    >>> Renyi(2.0)(Normal(1.0, 1.0), Normal(0.0, 1.0))
    tensor(1.)
    """

    alpha: float
    name: ClassVar[str] = "renyi"

    def __post_init__(self) -> None:
        if not 0 < self.alpha < math.inf:
            raise UsageError(f"alpha must be positive and finite, got {self.alpha} (Renyi).")

    def derive(self, q: Distribution, p: Distribution) -> Tensor:
        """Return the divergence through the geometric mixture, or KL for order 1."""
        if self.alpha == 1:
            return kl(q, p)
        mixed = mix(q, p, self.alpha)
        if mixed is None:
            raise self._none(q, p)
        m, exists = mixed
        value = kl(m, p) + self.alpha / (1 - self.alpha) * kl(m, q)
        return nonnegative(torch.where(exists, value, torch.inf))

    def integrand(self, log_ratio: Tensor) -> Tensor:
        """Return that of the power divergence of the same order, (u^a - 1 - a (u - 1)) / (a (a - 1)), u = q / p."""
        return power_integrand(log_ratio, self.alpha)

    def outer(self, mean: Tensor) -> Tensor:
        """Return log(1 + a (a - 1) mean) / (a - 1)."""
        if self.alpha == 1:
            return mean
        return torch.log1p(self.alpha * (self.alpha - 1) * mean) / (self.alpha - 1)


def renyi(q: Distribution, p: Distribution, alpha: float) -> Tensor:
    """Return `Renyi(alpha)(q, p)`."""
    return Renyi(alpha)(q, p)


def power_integrand(log_ratio: Tensor, order: float) -> Tensor:
    """Return h for f(u) = (u^a - 1 - a (u - 1)) / (a (a - 1)) with a > 0, or for its limit at a = 1."""
    if order == 1:
        return kl.integrand(log_ratio)
    # 2 [ e^(a l) (1 - s) - (1 - s) - a (s - (1 - s)) ] / (a (a - 1)), with s = sigmoid(l) and log(1 - s) = -softplus(l)
    low = log_ratio == -torch.inf
    high = log_ratio == torch.inf
    finite = log_ratio.masked_fill(low | high, 0.0)
    power = torch.exp(order * finite - F.softplus(finite))
    power = power.masked_fill(low, 0.0).masked_fill(high, math.inf if order > 1 else 0.0)
    rest = torch.sigmoid(-log_ratio) + order * torch.tanh(log_ratio / 2)
    return nonnegative(2 * (power - rest) / (order * (order - 1)))
