"""The standard normal prior, p(z) = N(z; 0, I_J).

Reference: Kingma & Welling 2014, section 3.
"""

import math

import torch
from torch import Tensor

from genlab.interfaces.data_source import DataSpec
from genlab_vae.prior import Prior


class StandardNormal(Prior):
    """Independent dimensions with mean 0 and variance 1; nothing is learned.

    >>> prior = StandardNormal(2, DataSpec("toy", event_shape=(4,), num_train=10))
    >>> prior.log_prob(torch.zeros(1, 1, 2))
    tensor([[-1.8379]])
    """

    def __init__(self, latent_dim: int, spec: DataSpec, /) -> None:
        """Make one; it has no keys."""
        super().__init__()
        # Holds the mean and the log variance, and with them the device and the precision of z.
        self.register_buffer("zero", torch.zeros(latent_dim), persistent=False)
        self.zero: Tensor

    def log_prob(self, z: Tensor) -> Tensor:
        """Return log N(z; 0, I), `(S, B)`."""
        return -0.5 * (z.square().sum(-1) + z.shape[-1] * math.log(2 * math.pi))

    def sample(self, num_draws: int, *, generator: torch.Generator) -> Tensor:
        """Draw z, `(num_draws, J)`."""
        shape = (num_draws, len(self.zero))
        return torch.randn(shape, generator=generator, device=self.zero.device, dtype=self.zero.dtype)
