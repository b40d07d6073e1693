"""The Gaussian likelihood with a learned standard deviation s_d for each number of x, the same for all observations.

    log p(x given z) = sum_d [ -1/2 log(2 pi s_d^2) - (x_d - f_d)^2 / (2 s_d^2) ]

It suits tables whose columns have units of their own, and images whose border is quieter than their middle.
"""

import math

import torch
from torch import Tensor, nn

from genlab.gaussian import normal_log_prob
from genlab.interfaces.constraints import PositiveFloat
from genlab.interfaces.data_source import DataSpec
from genlab_vae.likelihood import Likelihood, warn_of_density


class GaussianPerDimension(Likelihood):
    """Independent real numbers around the decoder's output, each with a spread of its own."""

    def __init__(self, spec: DataSpec, /, *, scale: PositiveFloat = 1.0) -> None:
        """Make one from a recipe's keys.

        Args:
            scale: what every s_d is before training, in the data's units.
        """
        super().__init__()
        warn_of_density(spec, "gaussian-per-dimension")
        self.event_shape = self.output_shape = spec.event_shape
        self.log_scale = nn.Parameter(torch.full(spec.event_shape, math.log(scale)))

    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        """Return the log density of x, `(S, B)`."""
        return normal_log_prob(x, output, 2 * self.log_scale).flatten(2).sum(2)

    def mean(self, output: Tensor) -> Tensor:
        """Return the decoder's output itself."""
        return output

    def sample(self, output: Tensor, *, generator: torch.Generator) -> Tensor:
        """Add noise of standard deviation s_d."""
        noise = torch.randn(output.shape, generator=generator, device=output.device, dtype=output.dtype)
        return output + torch.exp(self.log_scale) * noise
