"""A mixture of Gaussians as the prior, with learned weights, means and variances.

    p(z) = sum_k pi_k N(z; m_k, diag(v_k))

Its divergence from a Gaussian posterior has no closed form.

Reference: Tomczak & Welling 2018, who compare it with theirs.
"""

import math

import torch
from torch import Tensor, nn

from genlab.interfaces.constraints import PositiveInt
from genlab.interfaces.data_source import DataSpec
from genlab_vae.prior import Prior


class GaussianMixture(Prior):
    """K Gaussians with diagonal covariance; at first they have variance 1, and means drawn from a standard normal.

    >>> prior = GaussianMixture(2, DataSpec("toy", event_shape=(4,), num_train=10), components=3)
    >>> prior.log_prob(torch.zeros(5, 4, 2)).shape
    torch.Size([5, 4])
    """

    def __init__(self, latent_dim: int, spec: DataSpec, /, *, components: PositiveInt = 10) -> None:
        """Make one from a recipe's keys.

        Args:
            components: K, how many Gaussians there are.
        """
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(components))
        self.means = nn.Parameter(torch.randn(components, latent_dim))
        self.log_vars = nn.Parameter(torch.zeros(components, latent_dim))

    def log_prob(self, z: Tensor) -> Tensor:
        """Return the log of the mixture's density, `(S, B)`."""
        # Squares of differences, not an expanded product: that would cancel where a variance is small.
        squares = ((z.unsqueeze(-2) - self.means) * torch.exp(-0.5 * self.log_vars)).square()
        constant = z.shape[-1] * math.log(2 * math.pi)
        log_densities = -0.5 * ((squares + self.log_vars).sum(-1) + constant)
        return torch.logsumexp(log_densities + torch.log_softmax(self.logits, 0), -1)

    def sample(self, num_draws: int, *, generator: torch.Generator) -> Tensor:
        """Draw a component for each z, then z."""
        chosen = torch.multinomial(torch.softmax(self.logits, 0), num_draws, replacement=True, generator=generator)
        means = self.means[chosen]
        noise = torch.randn(means.shape, generator=generator, device=means.device, dtype=means.dtype)
        return means + torch.exp(0.5 * self.log_vars[chosen]) * noise
