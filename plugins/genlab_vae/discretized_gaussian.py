"""The discretised Gaussian likelihood, for x in {0, ..., L - 1}: the mass a Gaussian puts on the bin of x.

    P(x) = Phi((x + 1/2 - m) / s) - Phi((x - 1/2 - m) / s)

The outer bins are open, so the masses sum to one. A Gaussian has far lighter tails than the logistic law, so a
surprising pixel costs as the square of its distance.
"""

import math

import torch
from torch import Tensor

from genlab.gaussian import level_log_mass
from genlab.interfaces.data_source import DataSpec
from genlab_vae.likelihood import Likelihood, levels_of

_LOG_UNIT_STD = math.log(2 / 8)
"""On the range from -1 to 1: an output of 0 stands for an eighth of it."""


class DiscretizedGaussian(Likelihood):
    """Independent integer dimensions; the output holds, along its first axis, means and then log standard deviations.

    They are read on a range from -1, for x = 0, to 1, for x = L - 1.
    """

    def __init__(self, spec: DataSpec, /) -> None:
        """Raises:
        IncompatibleError: when x is real.
        """
        super().__init__()
        self.top = levels_of(spec, "discretized-gaussian") - 1
        self.event_shape = spec.event_shape
        self.output_shape = (2 * spec.event_shape[0], *spec.event_shape[1:])

    def _parameters_of(self, output: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean and the log standard deviation between -1 and 1, each with the shape of x."""
        mean, log_std = output.chunk(2, dim=-len(self.event_shape))
        return mean, log_std + _LOG_UNIT_STD

    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        """Return the log mass of x, `(S, B)`."""
        mean, log_std = self._parameters_of(output)
        return level_log_mass(2 * x / self.top - 1, mean, 2 * log_std, 2 / self.top).flatten(2).sum(2)

    def mean(self, output: Tensor) -> Tensor:
        """Return the expectation, the sum over k = 1..L-1 of P(x >= k)."""
        mean, log_std = self._parameters_of(output)
        inverse_std = torch.exp(-log_std)
        total = torch.zeros_like(mean)
        for k in range(1, self.top + 1):
            edge = (2 * k - 1) / self.top - 1
            total = total + torch.special.ndtr((mean - edge) * inverse_std)
        return total

    def sample(self, output: Tensor, *, generator: torch.Generator) -> Tensor:
        """Draw Gaussian values and put each into its bin."""
        mean, log_std = self._parameters_of(output)
        noise = torch.randn(mean.shape, generator=generator, device=mean.device, dtype=mean.dtype)
        return ((mean + torch.exp(log_std) * noise + 1) * (self.top / 2)).round().clamp(0, self.top)
