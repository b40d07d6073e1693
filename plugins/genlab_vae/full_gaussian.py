"""The amortised Gaussian family with a full covariance matrix.

    q(z given x) = N(z; mu(x), L(x) L(x)'),   L lower triangular with a positive diagonal

With T = L L', the divergence from the standard normal prior is

    KL(q || p) = 1/2 [ tr T + mu' mu - J - log det T ].

The encoder gives J (J + 3) / 2 numbers for each x. Those for L below its diagonal are divided by J: there are many of
them, an optimizer such as Adam moves each as far as a mean, and all that they are off by is noise in z.

Reference: Kingma & Welling 2019 (An introduction to variational autoencoders), section 2.5.1.
"""

import math

import torch
from torch import Tensor

from genlab.divergences import kl_normal
from genlab.interfaces.data_source import DataSpec
from genlab.interfaces.part import Part
from genlab.interfaces.variational_family import VariationalFamily
from genlab_vae.encoder import Encoder, encode
from genlab_vae.model import VAE
from genlab_vae.posterior import LatentPosterior
from genlab_vae.prior import Prior
from genlab_vae.standard_normal import StandardNormal


class FullGaussianPosterior(LatentPosterior):
    """N(mean, L L') for each observation of a batch.

    Attributes:
        mean: `(B, J)`.
        log_diagonal: the logs of the diagonal of L, `(B, J)`.
        below: L without its diagonal, `(B, J, J)`.
    """

    def __init__(self, mean: Tensor, log_diagonal: Tensor, below: Tensor) -> None:
        """Make one.

        Args:
            mean, log_diagonal: `(B, J)`.
            below: `(B, J, J)`, zero on the diagonal and above.
        """
        self.mean, self.log_diagonal, self.below = mean, log_diagonal, below
        self._factor = below + torch.diag_embed(torch.exp(log_diagonal))

    def rsample(self, num_samples: int, *, generator: torch.Generator) -> Tensor:
        """Draw z = mean + L eps, `(S, B, J)`."""
        shape = (num_samples, *self.mean.shape)
        eps = torch.randn(shape, generator=generator, device=self.mean.device, dtype=self.mean.dtype)
        # Not a matrix product, which autocast would round: the draw is to have the density that log_prob says.
        return self.mean + (self._factor * eps.unsqueeze(-2)).sum(-1)

    def log_prob(self, z: Tensor) -> dict[str, Tensor]:
        """Return log q(z given x) under the name of its negative, `entropy`: `(S, B)`."""
        centered = (z - self.mean).permute(1, 2, 0)
        squares = torch.linalg.solve_triangular(self._factor, centered, upper=False).square().sum(1).T
        constant = self.mean.shape[-1] * math.log(2 * math.pi)
        return {"entropy": -0.5 * (squares + constant) - self.log_diagonal.sum(-1)}

    def kl(self, prior: Prior) -> Tensor | None:
        """Return KL(q || p), `(B,)`, against the standard normal prior."""
        if not isinstance(prior, StandardNormal):
            return None
        along = kl_normal(self.mean, 2 * self.log_diagonal).sum(-1)
        return along + 0.5 * self.below.square().sum((1, 2))

    def describe(self) -> dict[str, Tensor]:
        """Return the `mean` and the standard deviation `std` of z, `(B, J)` each."""
        return {"mean": self.mean, "std": self._factor.square().sum(-1).sqrt()}


class FullGaussian(VariationalFamily):
    """Let an encoder give each x its mean and covariance."""

    def __init__(self, model: VAE, spec: DataSpec, /, *, encoder: Part[Encoder]) -> None:
        """Make one from a recipe's keys.

        Args:
            encoder: the network from x to the mean of z and the Cholesky factor of its covariance.
        """
        super().__init__()
        self._latent_dim, self._spec = model.latent_dim, spec
        self.encoder = encoder(spec.event_shape, model.latent_dim * (model.latent_dim + 3) // 2)
        model.prior.take_family(self)

    def posterior(self, x: Tensor) -> FullGaussianPosterior:
        """Return q for a batch; integers reach the encoder scaled to [0, 1]."""
        num = self._latent_dim
        sizes = [num, num, num * (num - 1) // 2]
        mean, log_var, rest = torch.split(encode(self.encoder, x, self._spec), sizes, dim=1)
        rows, columns = torch.tril_indices(num, num, -1, device=x.device)
        below = mean.new_zeros(len(x), num, num)
        below[:, rows, columns] = rest / num
        return FullGaussianPosterior(mean, 0.5 * log_var, below)
