"""The Gaussian likelihood whose mean and standard deviation both come from the decoder, for each number of x.

    log p(x given z) = sum_d [ -1/2 log(2 pi s_d^2) - (x_d - f_d)^2 / (2 s_d^2) ],   s_d = s_min + exp(g_d)

Where a pixel never varies, the best s_d is 0 and the density has no bound. The floor s_min bounds it; choose what
differences in x mean nothing, such as the precision the data were recorded with.

Reference: Kingma & Welling 2014, appendix C.2.
"""

import math

import torch
from torch import Tensor

from genlab.gaussian import normal_log_prob
from genlab.interfaces.constraints import PositiveFloat
from genlab.interfaces.data_source import DataSpec
from genlab_vae.likelihood import Likelihood, warn_of_density


class GaussianDecodedScale(Likelihood):
    """Independent real numbers; the output holds, along its first axis, means and then the g that scales come from."""

    def __init__(self, spec: DataSpec, /, *, min_scale: PositiveFloat = 1e-3) -> None:
        """Make one from a recipe's keys.

        Args:
            min_scale: what every standard deviation is above, in the data's units.
        """
        super().__init__()
        warn_of_density(spec, "gaussian-decoded-scale")
        self.event_shape = spec.event_shape
        self.output_shape = (2 * spec.event_shape[0], *spec.event_shape[1:])
        self._log_min_scale = math.log(min_scale)

    def _parameters_of(self, output: Tensor) -> tuple[Tensor, Tensor]:
        """Return f and log s, each with the shape of x."""
        mean, log_excess = output.chunk(2, dim=-len(self.event_shape))
        return mean, torch.logaddexp(log_excess, log_excess.new_tensor(self._log_min_scale))

    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        """Return the log density of x, `(S, B)`."""
        mean, log_scale = self._parameters_of(output)
        return normal_log_prob(x, mean, 2 * log_scale).flatten(2).sum(2)

    def mean(self, output: Tensor) -> Tensor:
        """Return f."""
        return self._parameters_of(output)[0]

    def sample(self, output: Tensor, *, generator: torch.Generator) -> Tensor:
        """Add noise of standard deviation s_d."""
        mean, log_scale = self._parameters_of(output)
        noise = torch.randn(mean.shape, generator=generator, device=mean.device, dtype=mean.dtype)
        return mean + torch.exp(log_scale) * noise
