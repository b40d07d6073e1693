"""Gaussian families for the linear Gaussian model: the exact posterior, and one that cannot reach it.

exact:      q(z given x) = p(z given x), a full covariance, nothing to learn
amortised:  q(z given x) = N(A x + c, diag(v)), with A, c and log v learned
"""

import abc
from typing import ClassVar

import torch
from torch import Tensor, nn

from genlab.interfaces.data_source import DataSpec
from genlab.interfaces.variational_family import Posterior, VariationalFamily
from genlab.testing.reference.densities import standard_normal
from genlab.testing.reference.linear_gaussian.model import LinearGaussian


class GaussianPosterior(Posterior):
    """N(mean, factor factor') for each observation of a batch.

    Attributes:
        mean: `(B, J)`.
        factor: `(J, J)`, lower triangular, the same for all observations.
    """

    reparameterized: ClassVar[bool] = True

    def __init__(self, mean: Tensor, factor: Tensor) -> None:
        """Make one.

        Args:
            mean: `(B, J)`.
            factor: `(J, J)`, lower triangular with a positive diagonal.
        """
        self.mean, self.factor = mean, factor

    def rsample(self, num_samples: int, *, generator: torch.Generator) -> Tensor:
        """Draw z = mean + factor eps, `(S, B, J)`."""
        eps = standard_normal((num_samples, *self.mean.shape), self.mean, generator=generator)
        return self.mean + eps @ self.factor.T

    @torch.no_grad()
    def sample(self, num_samples: int, *, generator: torch.Generator) -> Tensor:
        """Draw z, `(S, B, J)`, without gradient."""
        return self.rsample(num_samples, generator=generator)

    def log_prob(self, z: Tensor) -> dict[str, Tensor]:
        """Return `entropy`: log q(z given x), `(S, B)`."""
        normal = torch.distributions.MultivariateNormal(self.mean, scale_tril=self.factor)
        return {"entropy": normal.log_prob(z)}  # type: ignore[no-untyped-call]


class GaussianFamily(VariationalFamily):
    """A family of Gaussians with one covariance for all observations."""

    @abc.abstractmethod
    def posterior(self, x: Tensor) -> GaussianPosterior:
        """Return the family's member for `(B, *X)`."""


class ExactFamily(GaussianFamily):
    """The one member that is p(z given x); the bound is the evidence."""

    def __init__(self, model: LinearGaussian, /) -> None:
        """Make one.

        Args:
            model: whose posterior it is.
        """
        super().__init__()
        # The method and not the model: its parameters are the model's alone.
        self._exact_posterior = model.exact_posterior

    def posterior(self, x: Tensor) -> GaussianPosterior:
        """Return p(z given x)."""
        mean, covariance = self._exact_posterior(x)
        return GaussianPosterior(mean, torch.linalg.cholesky(covariance))


class AmortizedFamily(GaussianFamily):
    """A mean linear in x, and independent coordinates; below the evidence unless W'W is diagonal."""

    def __init__(self, model: LinearGaussian, spec: DataSpec, /) -> None:
        """Make one.

        Args:
            model: gives J.
            spec: gives D.
        """
        super().__init__()
        self.slope = nn.Parameter(0.3 * torch.randn(model.latent_dim, spec.num_dims))
        self.offset = nn.Parameter(0.3 * torch.randn(model.latent_dim))
        self.log_var = nn.Parameter(0.5 * torch.randn(model.latent_dim) - 1)

    def posterior(self, x: Tensor) -> GaussianPosterior:
        """Return N(A x + c, diag(v))."""
        mean = x.flatten(1) @ self.slope.T + self.offset
        return GaussianPosterior(mean, torch.diag(torch.exp(0.5 * self.log_var)))
