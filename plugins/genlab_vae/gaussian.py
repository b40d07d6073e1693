"""The Gaussian likelihood, for real x, with mean f from the decoder and one standard deviation s.

    log p(x given z) = sum_d [ -1/2 log(2 pi s^2) - (x_d - f_d)^2 / (2 s^2) ]

Learning s weighs the reconstruction against the KL divergence without a hand-set beta (Rybkin et al. 2021,
sigma-VAE, section 3.1).
"""

import math

import torch
from torch import Tensor, nn

from genlab.interfaces.constraints import PositiveFloat
from genlab.interfaces.data_source import DataSpec
from genlab_vae.likelihood import Likelihood, warn_of_density


class Gaussian(Likelihood):
    """Independent real dimensions around the decoder's output, in the data's own units."""

    def __init__(self, spec: DataSpec, /, *, scale: PositiveFloat = 1.0, learn_scale: bool = False) -> None:
        """Make one from a recipe's keys.

        Args:
            scale: s, the standard deviation of every dimension, in the data's units.
            learn_scale: whether s is learned, starting from `scale`.
        """
        super().__init__()
        warn_of_density(spec, "gaussian")
        self.event_shape = self.output_shape = spec.event_shape
        self.log_scale = nn.Parameter(torch.tensor(math.log(scale)), requires_grad=learn_scale)

    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        """Return the log density of x, `(S, B)`."""
        squares = (x - output).square().flatten(2).sum(2)
        num_dims = math.prod(self.event_shape)
        constant = num_dims * (0.5 * math.log(2 * math.pi) + self.log_scale)
        return -0.5 * torch.exp(-2 * self.log_scale) * squares - constant

    def mean(self, output: Tensor) -> Tensor:
        """Return the decoder's output itself."""
        return output

    def sample(self, output: Tensor, *, generator: torch.Generator) -> Tensor:
        """Add noise of standard deviation s."""
        noise = torch.randn(output.shape, generator=generator, device=output.device, dtype=output.dtype)
        return output + torch.exp(self.log_scale) * noise
