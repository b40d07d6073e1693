"""Probabilistic PCA: everything about it is Gaussian and known.

    z ~ N(0, I_J)     x given z ~ N(W z + b, s^2 I_D)
    p(x) = N(x; b, W W' + s^2 I)
    p(z given x) = N(M^-1 W'(x - b), s^2 M^-1),   M = W'W + s^2 I

Reference: Tipping & Bishop 1999, eqs. 6 to 8.
"""

import torch
from torch import Tensor, nn

from genlab.interfaces.constraints import PositiveFloat, PositiveInt
from genlab.interfaces.data_source import DataSpec
from genlab.interfaces.latent_model import LatentModel
from genlab.testing.reference.densities import log_normal, standard_normal


class LinearGaussian(LatentModel):
    """A linear map of standard normal latents, with noise; z has shape `(S, B, J)`.

    >>> model = LinearGaussian(DataSpec("toy", event_shape=(3,), num_train=10), latent_dim=2)
    >>> {name: tuple(value.shape) for name, value in model.log_joint(torch.ones(5, 3), torch.zeros(7, 5, 2)).items()}
    {'likelihood': (7, 5), 'prior': (7, 5)}
    >>> model.log_evidence(torch.ones(5, 3)).shape
    torch.Size([5])

    Attributes:
        weight, bias: W `(D, J)` and b `(D,)`, drawn at the start and learned.
        scale: s, `()`, fixed.
    """

    scale: Tensor

    def __init__(self, spec: DataSpec, /, *, latent_dim: PositiveInt = 2, scale: PositiveFloat = 0.7) -> None:
        """Make one from a recipe's keys.

        Args:
            latent_dim: J, the number of dimensions of z.
            scale: s, the standard deviation of x around W z + b.
        """
        super().__init__()
        self.event_shape, self.latent_dim = spec.event_shape, latent_dim
        self.weight = nn.Parameter(torch.randn(spec.num_dims, latent_dim))
        self.bias = nn.Parameter(torch.randn(spec.num_dims))
        self.register_buffer("scale", torch.tensor(scale), persistent=False)

    def log_joint(self, x: Tensor, z: Tensor) -> dict[str, Tensor]:
        """Return `likelihood` and `prior`, each `(S, B)`."""
        likelihood = log_normal(x.flatten(1), self.mean_given(z), self.scale.square()).sum(-1)
        return {"likelihood": likelihood, "prior": log_normal(z, z.new_zeros(()), z.new_ones(())).sum(-1)}

    def mean_given(self, z: Tensor) -> Tensor:
        """Return W z + b, `(..., D)`, for z `(..., J)`."""
        return z @ self.weight.T + self.bias

    def log_evidence(self, x: Tensor) -> Tensor:
        """Return log p(x), `(B,)`."""
        noise = self.scale.square() * torch.eye(len(self.bias), dtype=x.dtype, device=x.device)
        marginal = torch.distributions.MultivariateNormal(self.bias, self.weight @ self.weight.T + noise)
        log_prob: Tensor = marginal.log_prob(x.flatten(1))  # type: ignore[no-untyped-call]
        return log_prob

    def exact_posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean `(B, J)` and covariance `(J, J)` of p(z given x)."""
        noise_var = self.scale.square()
        identity = torch.eye(self.latent_dim, dtype=x.dtype, device=x.device)
        covariance = noise_var * torch.linalg.inv(self.weight.T @ self.weight + noise_var * identity)
        return (x.flatten(1) - self.bias) @ self.weight @ covariance / noise_var, covariance

    def sample_joint(self, num_draws: int, *, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw z `(num_draws, J)` and x `(num_draws, *X)`."""
        z = standard_normal((num_draws, self.latent_dim), self.weight, generator=generator)
        noise = standard_normal((num_draws, len(self.bias)), self.weight, generator=generator)
        return z, (self.mean_given(z) + self.scale * noise).reshape(num_draws, *self.event_shape)
