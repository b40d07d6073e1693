"""Components of any covariance: a Normal-Wishart law of mean and precision matrix.

    Lambda_k ~ Wishart(nu_k, Psi_k^-1)    mu_k given Lambda_k ~ N(m_k, (kappa_k Lambda_k)^-1)
    x_i given z_i = k ~ N(mu_k, Lambda_k^-1)

nu is written as 2 a + D - 1, a > 0: then the variance of each coordinate has the law it has with learned noise of
shape a and rate Psi_dd / 2, and for D = 1 the two models are one.

    E Lambda = nu Psi^-1        E log |Lambda| = sum_{d=1..D} psi((nu + 1 - d) / 2) + D log 2 - log |Psi|

Natural parameters, and what observations add to them, with mu and x measured from the origin o:

    kappa (m - o)                    + sum_i phi_ik (x_i - o)
    kappa                            + sum_i phi_ik
    a                                + 1/2 sum_i phi_ik
    Psi + kappa (m - o)(m - o)'      + sum_i phi_ik (x_i - o)(x_i - o)'

The predictive density of component k is a D-dimensional Student-t of 2 a degrees of freedom around m with the
squared scale Psi (kappa + 1) / (2 a kappa).

Reference: Bishop 2006, section 10.2 and appendix B; Murphy 2007, section 8.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import torch
from torch import Tensor

from genlab_mixture.components import Components, Marginals
from genlab_mixture.coordinates import Coordinate, Positive, PositiveDefinite, Real
from genlab_mixture.gaussians import FullGaussians, Gaussians, log_det, normal_like, standardized_by


@dataclass(frozen=True)
class FullComponents(Components):
    """Independent Normal-Wishart laws.

    Attributes:
        mean: m, `(K, D)`.
        kappa: how many observations the mean is worth, `(K,)`, positive.
        shape: a, `(K,)`, positive: Lambda has 2 a + D - 1 degrees of freedom.
        scatter: Psi, `(K, D, D)`, symmetric positive definite.
        origin: o, `(D,)`.
    """

    mean: Tensor
    kappa: Tensor
    shape: Tensor
    scatter: Tensor
    origin: Tensor
    coordinates: ClassVar[Mapping[str, Coordinate]] = {
        "mean": Real(),
        "kappa": Positive(),
        "shape": Positive(),
        "scatter": PositiveDefinite(),
    }

    @property
    def num_dims(self) -> int:
        """D."""
        return self.mean.shape[-1]

    @property
    def degrees(self) -> Tensor:
        """Nu = 2 a + D - 1, `(K,)`."""
        return 2 * self.shape + (self.num_dims - 1)

    @property
    def expected_precision(self) -> Tensor:
        """E Lambda = nu Psi^-1, `(K, D, D)`."""
        inverse: Tensor = torch.cholesky_inverse(torch.linalg.cholesky(self.scatter))
        return self.degrees[:, None, None] * inverse

    @property
    def expected_log_det(self) -> Tensor:
        """E log |Lambda|, `(K,)`."""
        log_det_scatter = log_det(torch.linalg.cholesky(self.scatter))
        return torch.digamma(self._half_degrees()).sum(-1) + self.num_dims * math.log(2) - log_det_scatter

    def offsets(self) -> Tensor:
        """Return 1/2 E log |Lambda| - D/2 log 2 pi - D / (2 kappa), `(K,)`."""
        return 0.5 * (self.expected_log_det - self.num_dims * (math.log(2 * math.pi) + 1 / self.kappa))

    def inner(self, x: Tensor, observed: Tensor | None) -> Tensor:
        """Return -nu/2 (x - m)' Psi^-1 (x - m), `(K, B)` in x's precision; every value counts."""
        return (-0.5 * self.degrees.unsqueeze(-1) * self._sq_distances(x)).to(x.dtype)

    def natural(self) -> tuple[Tensor, ...]:
        """Return kappa (m - o), `(K, D)`, kappa and a, `(K,)`, and Psi + kappa (m - o)(m - o)', `(K, D, D)`."""
        offset = self.mean - self.origin
        location = self.kappa.unsqueeze(-1) * offset
        return location, self.kappa, self.shape, self.scatter + _outer(location, offset)

    def with_natural(self, natural: tuple[Tensor, ...]) -> Self:
        """Return the law with these natural parameters."""
        location, kappa, shape, energy = natural
        offset = location / kappa.unsqueeze(-1)
        scatter = energy - _outer(location, offset)
        return replace(self, mean=self.origin + offset, kappa=kappa, shape=shape, scatter=scatter)

    def moments(
        self, x: Tensor, phi: Tensor, observed: Tensor | None, inner_sums: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Return what observations add to the natural parameters; `inner_sums` is not used."""
        rows, weights = x.double() - self.origin, phi.double()
        num = weights.sum(1)
        squares = (weights.unsqueeze(-1) * rows).mT @ rows
        return weights @ rows, num, 0.5 * num, squares

    def expected_log_density(self, under: Self) -> dict[str, Tensor]:
        """Return E log N(mu | m, (kappa Lambda)^-1) and E log Wishart(Lambda | nu, Psi^-1), `(K,)` each."""
        precision, log_det_precision = under.expected_precision, under.expected_log_det
        offset = under.mean - self.mean
        squares = torch.einsum("kd,kde,ke->k", offset, precision, offset) + self.num_dims / under.kappa
        mean = 0.5 * (log_det_precision + self._log_kappa() - self.kappa * squares)
        return {"mean": mean, "precision": self._log_wishart(precision, log_det_precision)}

    def draw(self, num_draws: int, *, generator: torch.Generator) -> Gaussians:
        """Draw precision matrices by Bartlett's decomposition, and means given them."""
        half_degrees = self._half_degrees().expand(num_draws, -1, -1)
        diagonal = (2 * torch._standard_gamma(half_degrees, generator=generator)).sqrt()
        below = normal_like(self.scatter.expand(num_draws, -1, -1, -1), generator).tril(-1)
        # Lambda = F F' with F = C'^-1 A, where A A' is a standard Wishart and C C' = Psi.
        factor = torch.linalg.solve_triangular(
            torch.linalg.cholesky(self.scatter).mT, below + torch.diag_embed(diagonal), upper=True
        )
        roots = torch.linalg.cholesky(factor @ factor.mT)
        noise = normal_like(self.mean.expand(num_draws, -1, -1), generator)
        means = self.mean + standardized_by(roots, noise) / self.kappa.sqrt().unsqueeze(-1)
        return FullGaussians(means, roots)

    def log_density(self, drawn: Gaussians) -> dict[str, Tensor]:
        """Return log N(mu | m, (kappa Lambda)^-1) and log Wishart(Lambda | nu, Psi^-1), `(S,)` each."""
        precision, offset = drawn.precisions, drawn.means - self.mean
        log_det_precision = log_det(torch.linalg.cholesky(precision))
        squares = torch.einsum("skd,skde,ske->sk", offset, precision, offset)
        mean = 0.5 * (log_det_precision + self._log_kappa() - self.kappa * squares)
        return {"mean": mean.sum(-1), "precision": self._log_wishart(precision, log_det_precision).sum(-1)}

    def log_predictive(self, x: Tensor, observed: Tensor | None) -> Tensor:
        """Return the log-density of the Student-t, `(K, B)` in float64; every value counts."""
        degrees, half_dims = 2 * self.shape, self.num_dims / 2
        spread = (1 + 1 / self.kappa).unsqueeze(-1)
        log_det_scale = log_det(torch.linalg.cholesky(self.predictive_scale))
        constant = torch.lgamma(self.shape + half_dims) - torch.lgamma(self.shape)
        constant = constant - half_dims * (math.pi * degrees).log() - 0.5 * log_det_scale
        tail = torch.log1p(self._sq_distances(x) / spread)
        return constant.unsqueeze(-1) - (self.shape + half_dims).unsqueeze(-1) * tail

    def marginals(self) -> Marginals:
        """Return the Student-t of each mean, of 2 a degrees of freedom, and Gamma(a, Psi_dd / 2) of 1 / Sigma_dd."""
        rate, shape = 0.5 * self.scatter.diagonal(dim1=-2, dim2=-1), self.shape.unsqueeze(-1).expand_as(self.mean)
        scale = (rate / (shape * self.kappa.unsqueeze(-1))).sqrt()
        return Marginals(scale, 2 * shape, (shape, rate))

    @property
    def predictive_scale(self) -> Tensor:
        """The squared scale of the predictive Student-t, `(K, D, D)`."""
        return self.scatter * ((1 + 1 / self.kappa) / (2 * self.shape))[:, None, None]

    def _sq_distances(self, x: Tensor) -> Tensor:
        """Return (x - m)' Psi^-1 (x - m), `(K, B)` in float64."""
        unit = torch.eye(self.num_dims, dtype=self.scatter.dtype, device=self.scatter.device)
        whiten = torch.linalg.solve_triangular(torch.linalg.cholesky(self.scatter), unit, upper=False)
        center = self.mean.detach().mean(0)
        shift = (whiten @ (self.mean - center).unsqueeze(-1)).mT
        residuals: Tensor = (x.double() - center) @ whiten.mT - shift
        return residuals.square().sum(-1)

    def _half_degrees(self) -> Tensor:
        """Return (nu + 1 - d) / 2 for d = 1..D, `(K, D)`."""
        steps = torch.arange(self.num_dims, dtype=self.shape.dtype, device=self.shape.device)
        return (self.degrees.unsqueeze(-1) - steps) / 2

    def _log_kappa(self) -> Tensor:
        """Return log |kappa I / (2 pi)|, `(K,)`."""
        return self.num_dims * (self.kappa.log() - math.log(2 * math.pi))

    def _log_wishart(self, precision: Tensor, log_det_precision: Tensor) -> Tensor:
        """Return log Wishart(Lambda | nu, Psi^-1), `(..., K)`, which is linear in Lambda and log |Lambda|."""
        half_degrees = self.degrees / 2
        log_normalizer = (
            half_degrees * log_det(torch.linalg.cholesky(self.scatter))
            - half_degrees * self.num_dims * math.log(2)
            - torch.mvlgamma(half_degrees, self.num_dims)
        )
        trace = (self.scatter * precision).sum((-1, -2))
        return log_normalizer + (half_degrees - (self.num_dims + 1) / 2) * log_det_precision - 0.5 * trace


def _outer(left: Tensor, right: Tensor) -> Tensor:
    return left.unsqueeze(-1) * right.unsqueeze(-2)
