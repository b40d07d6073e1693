"""Components whose noise is known.

    mu_kd ~ N(m_kd, v_kd)        x_id given z_i = k ~ N(mu_kd, sigma_d^2)

    E log p(x given k) = sum_d [ -1/2 log(2 pi sigma_d^2) - 1/2 v_kd / sigma_d^2 - 1/2 (x_d - m_kd)^2 / sigma_d^2 ]

Natural parameters, and what observations add to them, with mu measured from the origin o:

    (m - o) / v   + sum_i phi_ik (x_i - o) / sigma^2        1 / v   + sum_i phi_ik / sigma^2

The predictive density of component k is N(m_k, v_k + sigma^2).

Reference: Blei, Kucukelbir & McAuliffe 2017, section 2.1 and eqs. 34 and 35.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import torch
from torch import Tensor

from genlab_mixture.components import Marginals
from genlab_mixture.coordinates import Coordinate, Positive, Real
from genlab_mixture.densities import log_normal
from genlab_mixture.diagonal import DiagonalComponents, counts
from genlab_mixture.gaussians import DiagonalGaussians, Gaussians, normal_like


@dataclass(frozen=True)
class KnownComponents(DiagonalComponents):
    """Independent normal laws of the means.

    Attributes:
        mean: m, `(K, D)`.
        var: v, `(K, D)`, positive.
        origin: o, `(D,)`.
        noise_scale: sigma, `(D,)`.
    """

    mean: Tensor
    var: Tensor
    origin: Tensor
    noise_scale: Tensor
    coordinates: ClassVar[Mapping[str, Coordinate]] = {"mean": Real(), "var": Positive()}

    @property
    def expected_precision(self) -> Tensor:
        """1 / sigma^2, `(K, D)`."""
        return self.noise_scale.square().reciprocal().expand_as(self.mean)

    def coordinate_offsets(self) -> Tensor:
        """Return -1/2 log(2 pi sigma^2) - 1/2 v / sigma^2, `(K, D)`."""
        noise_var = self.noise_scale.square()
        return -0.5 * (math.log(2 * math.pi) + noise_var.log() + self.var / noise_var)

    def natural(self) -> tuple[Tensor, ...]:
        """Return (m - o) / v and 1 / v, `(K, D)` each."""
        return (self.mean - self.origin) / self.var, 1 / self.var

    def with_natural(self, natural: tuple[Tensor, ...]) -> Self:
        """Return the law with these natural parameters."""
        location, precision = natural
        return replace(self, mean=self.origin + location / precision, var=1 / precision)

    def moments(
        self, x: Tensor, phi: Tensor, observed: Tensor | None, inner_sums: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Return what observations add to the natural parameters, `(K, D)` each; `inner_sums` is not used."""
        rows = x - self.origin.to(x.dtype)
        if observed is not None:
            rows = torch.where(observed, rows, 0)
        noise_precision = self.noise_scale.square().reciprocal()
        return (phi @ rows).double() * noise_precision, counts(phi, observed) * noise_precision

    def moments_of_one(self, num: Tensor, sums: Tensor, inner_sums: Tensor) -> tuple[Tensor, ...]:
        """Return what observations of one coordinate add to the natural parameters, `(K, 1)` each."""
        noise_precision, num = self.noise_scale.square().reciprocal(), num.unsqueeze(-1)
        about_origin = sums.unsqueeze(-1) + num * (self.mean - self.origin)
        return about_origin * noise_precision, num * noise_precision

    def expected_log_density(self, under: Self) -> dict[str, Tensor]:
        """Return E log N(mu | m, v) where mu follows `under`: `mean`, `(K,)`."""
        return {"mean": (log_normal(under.mean, self.mean, self.var) - 0.5 * under.var / self.var).sum(-1)}

    def draw(self, num_draws: int, *, generator: torch.Generator) -> Gaussians:
        """Draw means; the precisions are the known ones."""
        noise = normal_like(self.mean.expand(num_draws, -1, -1), generator)
        means = self.mean + self.var.sqrt() * noise
        return DiagonalGaussians(means, self.expected_precision.expand_as(means))

    def log_density(self, drawn: Gaussians) -> dict[str, Tensor]:
        """Return log N(mu | m, v): `mean`, `(S,)`."""
        return {"mean": log_normal(drawn.means, self.mean, self.var).sum((-1, -2))}

    def log_predictive(self, x: Tensor, observed: Tensor | None) -> Tensor:
        """Return log N(x | m, v + sigma^2), `(K, B)` in float64."""
        var = self.var + self.noise_scale.square()
        return DiagonalGaussians(self.mean.unsqueeze(0), 1 / var.unsqueeze(0)).log_prob(x.double(), observed)[0]

    def marginals(self) -> Marginals:
        """Return N(m, v) of each mean."""
        return Marginals(self.var.sqrt())

    @property
    def predictive_scale(self) -> Tensor:
        """The covariance of the predictive density, `(K, D, D)`."""
        return torch.diag_embed(self.var + self.noise_scale.square())
