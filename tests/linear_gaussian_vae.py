"""A VAE with linear networks, for which everything is known: probabilistic PCA.

    x = W z + b + s eps:   log p(x) = log N(x; b, W W' + s^2 I)
    p(z given x) = N(M^-1 W'(x - b), s^2 M^-1),   M = W'W + s^2 I

The variational family is linear-Gaussian too: q(z given x) = N(A x + c, diag(v)). The exact quantities are
computed with numpy and scipy from W, b, s, A, c, v, never through the parts under test.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from genlab_vae.decoder import Decoder
from genlab_vae.encoder import Encoder
from genlab_vae.family import DiagonalGaussian, DiagonalGaussianPosterior
from genlab_vae.gaussian import Gaussian
from genlab_vae.model import VAE
from genlab_vae.reparameterized import Reparameterized
from scipy.stats import multivariate_normal
from torch import Tensor, nn

from genlab.interfaces import Batch, DataSpec, Part
from genlab.ledger import Ledger


class LinearDecoder(Decoder):
    def __init__(self, latent_dim: int, output_shape: tuple[int, ...], /, *, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        assert weight.shape == (*output_shape, latent_dim)
        self.weight, self.bias = nn.Parameter(weight.clone()), nn.Parameter(bias.clone())

    def forward(self, z: Tensor) -> Tensor:
        return z @ self.weight.T + self.bias


class LinearEncoder(Encoder):
    def __init__(
        self, event_shape: tuple[int, ...], num_outputs: int, /, *, weight: Tensor, bias: Tensor, log_var: Tensor
    ) -> None:
        super().__init__()
        assert weight.shape == (num_outputs // 2, *event_shape)
        self.weight, self.bias = nn.Parameter(weight.clone()), nn.Parameter(bias.clone())
        self.log_var = nn.Parameter(log_var.clone())

    def forward(self, x: Tensor) -> Tensor:
        mean = x @ self.weight.T + self.bias
        return torch.cat([mean, self.log_var.expand_as(mean)], dim=1)


@dataclass(frozen=True)
class LinearGaussian:
    """The parameters of p and q as float64 tensors: W (D, J), b (D,), s, A (J, D), c (J,), log v (J,)."""

    weight: Tensor
    bias: Tensor
    scale: float
    encoder_weight: Tensor
    encoder_bias: Tensor
    log_var: Tensor

    @staticmethod
    def random(seed: int, num_dims: int = 4, latent_dim: int = 2) -> "LinearGaussian":
        generator = torch.Generator().manual_seed(seed)

        def normal(*shape: int) -> Tensor:
            return torch.randn(shape, generator=generator, dtype=torch.float64)

        return LinearGaussian(
            normal(num_dims, latent_dim),
            normal(num_dims),
            0.7,
            0.3 * normal(latent_dim, num_dims),
            0.3 * normal(latent_dim),
            0.5 * normal(latent_dim) - 1,
        )

    @staticmethod
    def optimal(seed: int, num_dims: int = 4, latent_dim: int = 2) -> "LinearGaussian":
        """Return a model whose exact posterior is in the family: W'W is diagonal, and q is that posterior."""
        free = LinearGaussian.random(seed, num_dims, latent_dim)
        columns, _ = torch.linalg.qr(free.weight)
        weight = columns * torch.arange(1, latent_dim + 1, dtype=torch.float64)
        precision = (weight.square().sum(0) + free.scale**2) / free.scale**2
        encoder_weight = weight.T / (free.scale**2 * precision[:, None])
        return LinearGaussian(
            weight, free.bias, free.scale, encoder_weight, -encoder_weight @ free.bias, -precision.log()
        )

    def build(self, num_data: int = 10) -> tuple[VAE, DiagonalGaussian]:
        """Return the parts under test, with these parameters, in float64."""
        spec = DataSpec("toy", (self.weight.shape[0],), num_data)
        decoder = Part(LinearDecoder, {"weight": self.weight, "bias": self.bias})
        keys = {"weight": self.encoder_weight, "bias": self.encoder_bias, "log_var": self.log_var}
        likelihood = Part(Gaussian, {"scale": self.scale})
        model = VAE(spec, latent_dim=self.weight.shape[1], likelihood=likelihood, decoder=decoder).double()
        assert isinstance(model.likelihood, Gaussian)
        model.likelihood.log_scale.data.fill_(math.log(self.scale))  # not the rounded one of float32
        return model, DiagonalGaussian(model, spec, encoder=Part(LinearEncoder, keys)).double()

    def data(self, seed: int, num_data: int = 10) -> Tensor:
        """Draw observations from the model, `(num_data, D)`."""
        rng = np.random.default_rng(seed)
        z = rng.normal(size=(num_data, self.weight.shape[1]))
        noise = rng.normal(size=(num_data, self.weight.shape[0]))
        return torch.from_numpy(z @ self.weight.numpy().T + self.bias.numpy() + self.scale * noise)

    def log_evidence(self, x: Tensor) -> np.ndarray:
        """Return log p(x), `(B,)`."""
        weight = self.weight.numpy()
        covariance = weight @ weight.T + self.scale**2 * np.eye(len(weight))
        return np.atleast_1d(multivariate_normal(self.bias.numpy(), covariance).logpdf(x.numpy()))

    def gap(self, x: Tensor) -> np.ndarray:
        """Return KL(q(z given x) || p(z given x)), `(B,)`: both Gaussian, the second with a full covariance."""
        weight, x_array = self.weight.numpy(), x.numpy()
        latent_dim = weight.shape[1]
        precision = weight.T @ weight / self.scale**2 + np.eye(latent_dim)
        exact_mean = (x_array - self.bias.numpy()) @ weight @ np.linalg.inv(precision) / self.scale**2
        shift = x_array @ self.encoder_weight.numpy().T + self.encoder_bias.numpy() - exact_mean
        variances = np.exp(self.log_var.numpy())
        trace = np.diag(precision) @ variances
        log_dets = -np.linalg.slogdet(precision)[1] - np.log(variances).sum()
        return 0.5 * (trace + np.einsum("bi,ij,bj->b", shift, precision, shift) - latent_dim + log_dets)


class SigmaPoints(DiagonalGaussianPosterior):
    """Draws replaced by 2J points with q's mean and covariance: the mean of a quadratic over them is exact."""

    def rsample(self, num_samples: int, *, generator: torch.Generator) -> Tensor:
        latent_dim = self.mean.shape[1]
        assert num_samples == 2 * latent_dim
        axes = math.sqrt(latent_dim) * torch.eye(latent_dim, dtype=self.mean.dtype)
        return self.mean + torch.exp(self.log_var / 2) * torch.cat([axes, -axes])[:, None]


class WithSigmaPoints(DiagonalGaussian):
    def posterior(self, x: Tensor) -> SigmaPoints:
        q = super().posterior(x)
        return SigmaPoints(q.mean, q.log_var)


def exact_ledger(model: VAE, family: DiagonalGaussian, x: Tensor) -> Ledger:
    """Return the estimator's ledger with the expectation over z done exactly, as a linear model allows."""
    family.__class__ = WithSigmaPoints
    estimator = Reparameterized(samples=2 * model.latent_dim)
    return estimator.estimate(model, family, Batch(x, len(x)), generator=torch.Generator())
