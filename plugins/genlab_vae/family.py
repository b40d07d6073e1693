"""The amortised diagonal Gaussian family.

    q(z given x) = N(z; mu(x), diag(sigma^2(x)))

One encoder network gives mu and log sigma^2 for every x, so nothing is stored for an observation.

Reference: Kingma & Welling 2014, eq. 9.
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


class DiagonalGaussianPosterior(LatentPosterior):
    """N(mean, diag(exp(log_var))) for each observation of a batch.

    Attributes:
        mean: `(B, J)`.
        log_var: `(B, J)`.
    """

    def __init__(self, mean: Tensor, log_var: Tensor) -> None:
        """Make one.

        Args:
            mean, log_var: `(B, J)`, any numbers.
        """
        self.mean = mean
        self.log_var = log_var

    def rsample(self, num_samples: int, *, generator: torch.Generator) -> Tensor:
        """Draw z = mean + std * eps, `(S, B, J)`."""
        shape = (num_samples, *self.mean.shape)
        return self.at(torch.randn(shape, generator=generator, device=self.mean.device, dtype=self.mean.dtype))

    def at(self, eps: Tensor) -> Tensor:
        """Return mean + std * eps, `(S, B, J)`, for eps `(S, B, J)` or `(S, 1, J)`."""
        return torch.addcmul(self.mean, torch.exp(0.5 * self.log_var), eps)

    def log_prob(self, z: Tensor) -> dict[str, Tensor]:
        """Return log q(z given x) under the name of its negative, `entropy`: `(S, B)`."""
        squares = (z - self.mean).square() * torch.exp(-self.log_var)
        constant = self.mean.shape[-1] * math.log(2 * math.pi)
        return {"entropy": -0.5 * ((squares + self.log_var).sum(-1) + constant)}

    def kl(self, prior: Prior) -> Tensor | None:
        """Return KL(q || p), `(B,)`, against the standard normal prior."""
        parts = self.kl_by_latent(prior)
        return None if parts is None else parts.sum(-1)

    def kl_by_latent(self, prior: Prior) -> Tensor | None:
        """Return the divergence of each latent, `(B, J)`, from the standard normal prior."""
        if not isinstance(prior, StandardNormal):
            return None
        return kl_normal(self.mean, self.log_var)

    def describe(self) -> dict[str, Tensor]:
        """Return the `mean` and the standard deviation `std` of z, `(B, J)` each."""
        return {"mean": self.mean, "std": torch.exp(0.5 * self.log_var)}


class DiagonalGaussian(VariationalFamily):
    """Let an encoder give each x its mean and log variance."""

    def __init__(self, model: VAE, spec: DataSpec, /, *, encoder: Part[Encoder]) -> None:
        """Make one from a recipe's keys.

        Args:
            encoder: the network from x to the mean and log variance of z.
        """
        super().__init__()
        self.encoder = encoder(spec.event_shape, 2 * model.latent_dim)
        self._spec = spec
        model.prior.take_family(self)

    def posterior(self, x: Tensor) -> DiagonalGaussianPosterior:
        """Return q for a batch; integers reach the encoder scaled to [0, 1]."""
        mean, log_var = encode(self.encoder, x, self._spec).chunk(2, dim=1)
        return DiagonalGaussianPosterior(mean, log_var)
