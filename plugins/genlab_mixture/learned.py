"""Components whose noise is learned, coordinate by coordinate: a Normal-Gamma law of mean and precision.

    tau_kd ~ Gamma(a_kd, rate b_kd)    mu_kd given tau_kd ~ N(m_kd, 1 / (kappa_kd tau_kd))
    x_id given z_i = k ~ N(mu_kd, 1 / tau_kd)

    E tau = a / b        E log tau = psi(a) - log b        E tau (x - mu)^2 = a / b (x - m)^2 + 1 / kappa

Natural parameters, and what observations add to them, with mu and x measured from the origin o:

    kappa (m - o)                  + sum_i phi_ik (x_i - o)
    kappa                          + sum_i phi_ik
    a                              + 1/2 sum_i phi_ik
    b + 1/2 kappa (m - o)^2        + 1/2 sum_i phi_ik (x_i - o)^2

The predictive density of component k is, in each coordinate, a Student-t of 2 a degrees of freedom around m with
the squared scale b (kappa + 1) / (a kappa).

Reference: Murphy 2007 (conjugate Bayesian analysis of the Gaussian distribution), section 3.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import torch
from torch import Tensor

from genlab_mixture.components import Marginals
from genlab_mixture.coordinates import Coordinate, Positive, Real
from genlab_mixture.densities import log_gamma, log_normal
from genlab_mixture.diagonal import DiagonalComponents, centered, counts
from genlab_mixture.gaussians import DiagonalGaussians, Gaussians, normal_like


@dataclass(frozen=True)
class LearnedComponents(DiagonalComponents):
    """Independent Normal-Gamma laws of the coordinates' means and precisions.

    Attributes:
        mean: m, `(K, D)`.
        kappa: how many observations the mean is worth, `(K, D)`, positive.
        shape, rate: a and b of the precision, `(K, D)` each, positive.
        origin: o, `(D,)`.
    """

    mean: Tensor
    kappa: Tensor
    shape: Tensor
    rate: Tensor
    origin: Tensor
    coordinates: ClassVar[Mapping[str, Coordinate]] = {
        "mean": Real(),
        "kappa": Positive(),
        "shape": Positive(),
        "rate": Positive(),
    }

    @property
    def expected_precision(self) -> Tensor:
        """E tau = a / b, `(K, D)`."""
        return self.shape / self.rate

    @property
    def expected_log_precision(self) -> Tensor:
        """E log tau = psi(a) - log b, `(K, D)`."""
        return torch.digamma(self.shape) - self.rate.log()

    def coordinate_offsets(self) -> Tensor:
        """Return 1/2 E log tau - 1/2 log 2 pi - 1 / (2 kappa), `(K, D)`."""
        return 0.5 * (self.expected_log_precision - math.log(2 * math.pi) - 1 / self.kappa)

    def natural(self) -> tuple[Tensor, ...]:
        """Return kappa (m - o), kappa, a and b + 1/2 kappa (m - o)^2, `(K, D)` each."""
        offset = self.mean - self.origin
        return self.kappa * offset, self.kappa, self.shape, self.rate + 0.5 * self.kappa * offset.square()

    def with_natural(self, natural: tuple[Tensor, ...]) -> Self:
        """Return the law with these natural parameters."""
        location, kappa, shape, energy = natural
        offset = location / kappa
        return replace(self, mean=self.origin + offset, kappa=kappa, shape=shape, rate=energy - 0.5 * location * offset)

    def moments(
        self, x: Tensor, phi: Tensor, observed: Tensor | None, inner_sums: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Return what observations add to the natural parameters, `(K, D)` each."""
        num = counts(phi, observed).expand(-1, x.shape[-1])
        if x.shape[-1] == 1 and observed is None and inner_sums is not None:
            sums = (phi @ (x - self.origin.to(x.dtype))).double()
            return self._moments(num, sums, inner_sums.unsqueeze(-1))
        rows, weights = centered(x, observed, self.origin), phi.double()
        return weights @ rows, num, 0.5 * num, 0.5 * (weights @ rows.square())

    def moments_of_one(self, num: Tensor, sums: Tensor, inner_sums: Tensor) -> tuple[Tensor, ...]:
        """Return what observations of one coordinate add to the natural parameters, `(K, 1)` each."""
        num = num.unsqueeze(-1)
        return self._moments(num, sums.unsqueeze(-1) + num * (self.mean - self.origin), inner_sums.unsqueeze(-1))

    def _moments(self, num: Tensor, sums: Tensor, inner_sums: Tensor) -> tuple[Tensor, ...]:
        """Return them from sums about the origin and of inner = -tau/2 (x - m)^2, which is moved there."""
        offset = self.mean - self.origin
        squares = -2 * inner_sums / self.expected_precision + offset * (2 * sums - num * offset)
        return sums, num, 0.5 * num, 0.5 * squares

    def expected_log_density(self, under: Self) -> dict[str, Tensor]:
        """Return E log N(mu | m, 1 / (kappa tau)) and E log Gamma(tau | a, b), `(K,)` each."""
        tau, log_tau = under.expected_precision, under.expected_log_precision
        squares = tau * (under.mean - self.mean).square() + 1 / under.kappa
        mean = 0.5 * (log_tau + self.kappa.log() - math.log(2 * math.pi) - self.kappa * squares)
        return {"mean": mean.sum(-1), "precision": log_gamma(tau, log_tau, self.shape, self.rate).sum(-1)}

    def draw(self, num_draws: int, *, generator: torch.Generator) -> Gaussians:
        """Draw precisions, and means given them."""
        shape = self.shape.expand(num_draws, -1, -1)
        tau = torch._standard_gamma(shape, generator=generator) / self.rate
        noise = normal_like(shape, generator)
        return DiagonalGaussians(self.mean + noise / (self.kappa * tau).sqrt(), tau)

    def log_density(self, drawn: Gaussians) -> dict[str, Tensor]:
        """Return log N(mu | m, 1 / (kappa tau)) and log Gamma(tau | a, b), `(S,)` each."""
        tau = drawn.precisions
        mean = log_normal(drawn.means, self.mean, 1 / (self.kappa * tau))
        return {
            "mean": mean.sum((-1, -2)),
            "precision": log_gamma(tau, tau.log(), self.shape, self.rate).sum((-1, -2)),
        }

    def log_predictive(self, x: Tensor, observed: Tensor | None) -> Tensor:
        """Return the log-density of the Student-t of each coordinate, summed, `(K, B)` in float64."""
        degrees, scale_sq = 2 * self.shape.unsqueeze(1), self._scale_sq().unsqueeze(1)
        ratio = centered(x, observed, self.origin) - (self.mean - self.origin).unsqueeze(1)
        log_density = (
            torch.lgamma((degrees + 1) / 2)
            - torch.lgamma(degrees / 2)
            - 0.5 * (math.pi * degrees * scale_sq).log()
            - (degrees + 1) / 2 * torch.log1p(ratio.square() / (degrees * scale_sq))
        )
        return (log_density if observed is None else torch.where(observed, log_density, 0)).sum(-1)

    def marginals(self) -> Marginals:
        """Return the Student-t of each mean, of 2 a degrees of freedom, and Gamma(a, b) of each precision."""
        scale = (self.rate / (self.shape * self.kappa)).sqrt()
        return Marginals(scale, 2 * self.shape, (self.shape, self.rate))

    @property
    def predictive_scale(self) -> Tensor:
        """The squared scales of the predictive Student-t, `(K, D, D)`."""
        return torch.diag_embed(self._scale_sq())

    def _scale_sq(self) -> Tensor:
        return self.rate * (1 + 1 / self.kappa) / self.shape
