"""Gaussian densities whose parameters are known: what a draw of the components' parameters amounts to.

log N(x | mu, Lambda^-1) = 1/2 log |Lambda| - D/2 log 2 pi - 1/2 (x - mu)' Lambda (x - mu)
"""

import abc
import math
from dataclasses import dataclass

import torch
from torch import Tensor


class Gaussians(abc.ABC):
    """S draws of K Gaussians.

    Attributes:
        means: mu, `(S, K, D)`.
    """

    means: Tensor

    @property
    @abc.abstractmethod
    def precisions(self) -> Tensor:
        """The precisions of the coordinates, `(S, K, D)`, or the precision matrices, `(S, K, D, D)`."""

    @abc.abstractmethod
    def log_prob(self, x: Tensor, observed: Tensor | None) -> Tensor:
        """Return the log-density of every x under every Gaussian, `(S, K, B)`.

        Args:
            x: `(B, D)`.
            observed: `(B, D)`, which values count; None where all do.
        """

    @abc.abstractmethod
    def sample(self, *, generator: torch.Generator) -> Tensor:
        """Draw one x from each, `(S, K, D)`."""


@dataclass(frozen=True)
class DiagonalGaussians(Gaussians):
    """Gaussians of independent coordinates.

    Attributes:
        means: mu, `(S, K, D)`.
        coordinate_precisions: tau, `(S, K, D)`.
    """

    means: Tensor
    coordinate_precisions: Tensor

    @property
    def precisions(self) -> Tensor:
        """tau, `(S, K, D)`."""
        return self.coordinate_precisions

    def log_prob(self, x: Tensor, observed: Tensor | None) -> Tensor:
        """Return the log-density of the values that are observed, `(S, K, B)`."""
        tau = self.coordinate_precisions.to(x.dtype).unsqueeze(-2)
        filled = x if observed is None else torch.where(observed, x, 0)
        sq_distances = (filled - self.means.to(x.dtype).unsqueeze(-2)).square()
        log_density = 0.5 * (tau.log() - math.log(2 * math.pi) - tau * sq_distances)
        return (log_density if observed is None else torch.where(observed, log_density, 0)).sum(-1)

    def sample(self, *, generator: torch.Generator) -> Tensor:
        """Draw one x from each, `(S, K, D)`."""
        return self.means + normal_like(self.means, generator) / self.coordinate_precisions.sqrt()


@dataclass(frozen=True)
class FullGaussians(Gaussians):
    """Gaussians whose coordinates may be correlated.

    Attributes:
        means: mu, `(S, K, D)`.
        roots: the Cholesky factors of the precision matrices, `(S, K, D, D)`, lower triangular.
    """

    means: Tensor
    roots: Tensor

    @property
    def precisions(self) -> Tensor:
        """Lambda, `(S, K, D, D)`."""
        return self.roots @ self.roots.mT

    def log_prob(self, x: Tensor, observed: Tensor | None) -> Tensor:
        """Return the log-density, `(S, K, B)`; every value counts."""
        residuals = (x.double() - self.means.double().unsqueeze(-2)) @ self.roots.double()
        log_density = 0.5 * (log_det(self.roots.double()).unsqueeze(-1) - residuals.square().sum(-1))
        return (log_density - 0.5 * x.shape[-1] * math.log(2 * math.pi)).to(x.dtype)

    def sample(self, *, generator: torch.Generator) -> Tensor:
        """Draw one x from each, `(S, K, D)`."""
        return self.means + standardized_by(self.roots, normal_like(self.means, generator))


def log_det(roots: Tensor) -> Tensor:
    """Return log |R R'| of lower triangular `(..., D, D)`."""
    return 2 * roots.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def standardized_by(roots: Tensor, noise: Tensor) -> Tensor:
    """Return R'^-1 eps, whose precision is R R' where eps is standard normal; `(..., D)`."""
    solution: Tensor = torch.linalg.solve_triangular(roots.mT, noise.unsqueeze(-1), upper=True)
    return solution.squeeze(-1)


def normal_like(value: Tensor, generator: torch.Generator) -> Tensor:
    """Draw standard normal numbers of a tensor's shape, precision and device."""
    return torch.randn(value.shape, generator=generator, dtype=value.dtype, device=value.device)
