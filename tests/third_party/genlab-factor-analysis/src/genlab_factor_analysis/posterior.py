"""A Gaussian posterior whose covariance is the same for every x: q(z given x) = N(m(x), L L')."""

import math
from typing import ClassVar

import torch
from genlab.interfaces import Posterior
from torch import Tensor


class GaussianPosterior(Posterior):
    """N(mean_i, L L') for each observation i of a batch.

    Attributes:
        mean: `(B, J)`.
        scale_tril: L, `(J, J)` in float64, lower triangular.
    """

    reparameterized: ClassVar[bool] = True

    def __init__(self, mean: Tensor, scale_tril: Tensor) -> None:
        """Make one.

        Args:
            mean: `(B, J)`.
            scale_tril: L, `(J, J)`, lower triangular with a positive diagonal.
        """
        self.mean, self.scale_tril = mean, scale_tril

    def covariance(self) -> Tensor:
        """Return L L', `(J, J)` in float64."""
        return self.scale_tril @ self.scale_tril.T

    def log_det_covariance(self) -> Tensor:
        """Return log det(L L'), `()` in float64."""
        return 2 * self.scale_tril.diagonal().log().sum()

    def rsample(self, num_samples: int, *, generator: torch.Generator) -> Tensor:
        """Draw z = m(x) + L eps, `(S, B, J)`."""
        shape = (num_samples, *self.mean.shape)
        eps = torch.randn(shape, generator=generator, device=self.mean.device, dtype=self.mean.dtype)
        return self.mean + (eps @ self.scale_tril.T.to(eps.dtype)).to(eps.dtype)

    @torch.no_grad()
    def sample(self, num_samples: int, *, generator: torch.Generator) -> Tensor:
        """Draw z, `(S, B, J)`, without gradient."""
        return self.rsample(num_samples, generator=generator)

    def log_prob(self, z: Tensor) -> dict[str, Tensor]:
        """Return log q(z given x) under the name of its negative, `entropy`: `(S, B)`."""
        eye = torch.eye(len(self.scale_tril), dtype=self.scale_tril.dtype, device=self.scale_tril.device)
        whitening = torch.linalg.solve_triangular(self.scale_tril, eye, upper=False).to(z.dtype)
        squares = ((z - self.mean) @ whitening.T).to(z.dtype).square().sum(-1)
        constant = self.log_det_covariance().to(z.dtype) + self.mean.shape[-1] * math.log(2 * math.pi)
        return {"entropy": -0.5 * (squares + constant)}

    def describe(self) -> dict[str, Tensor]:
        """Return the mean and the standard deviation of each factor, `(B, J)`."""
        std = self.covariance().diagonal().sqrt().to(self.mean.dtype)
        return {"mean": self.mean, "std": std.expand_as(self.mean)}
