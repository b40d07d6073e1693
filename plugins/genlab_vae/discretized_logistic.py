"""The discretised logistic likelihood, for x in {0, ..., L - 1}: the mass a logistic law puts on the bin of x.

    P(x) = F((x + 1/2 - m) / s) - F((x - 1/2 - m) / s),   F(a) = 1 / (1 + exp(-a))

The outer bins are open: x = 0 takes everything below 1/2, x = L - 1 everything above L - 3/2, so the masses sum
to one. With b = (x + 1/2 - m) / s and a = (x - 1/2 - m) / s,

    log P(x) = log F(b) + log F(-a) + log(1 - exp(-1 / s))

because F(b) - F(a) = F(b) F(-a) (1 - exp(a - b)): a sum of logs, exact however far in the tails, nothing clamped.

Reference: Kingma et al. 2016 (inverse autoregressive flow), section 5.2; Salimans et al. 2017, section 2.1.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from genlab.interfaces.data_source import DataSpec
from genlab_vae.likelihood import Likelihood, levels_of


class DiscretizedLogistic(Likelihood):
    """Independent integer dimensions; the output holds, along its first axis, locations and then log scales."""

    def __init__(self, spec: DataSpec, /) -> None:
        """Raises:
        IncompatibleError: when x is real.
        """
        super().__init__()
        self.event_shape = spec.event_shape
        self.output_shape = (2 * spec.event_shape[0], *spec.event_shape[1:])
        self.top = levels_of(spec, "discretized-logistic") - 1
        # An output of 0 stands for the middle of the range, and a scale of an eighth of it.
        self._log_unit_scale = math.log(self.top / 8)

    def _parameters_of(self, output: Tensor) -> tuple[Tensor, Tensor]:
        """Return location m and log s, in units of a bin, each with the shape of x."""
        location, log_scale = output.chunk(2, dim=-len(self.event_shape))
        return (location + 1) * (self.top / 2), log_scale + self._log_unit_scale

    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        """Return the log mass of x, `(S, B)`."""
        location, log_scale = self._parameters_of(output)
        inverse_scale = torch.exp(-log_scale)
        centered = x - location
        log_below = F.logsigmoid((centered + 0.5) * inverse_scale)  # log P(not above the bin)
        log_above = F.logsigmoid((0.5 - centered) * inverse_scale)  # log P(not below the bin)
        log_width = torch.log(-torch.expm1(-inverse_scale))  # log(1 - exp(-1 / s)), exact for the widest s too
        inner = log_below + log_above + log_width
        log_mass = torch.where(x == 0, log_below, torch.where(x == self.top, log_above, inner))
        return log_mass.flatten(2).sum(2)

    def mean(self, output: Tensor) -> Tensor:
        """Return the expectation, the sum over k = 1..L-1 of P(x >= k)."""
        location, log_scale = self._parameters_of(output)
        inverse_scale = torch.exp(-log_scale)
        total = torch.zeros_like(location)
        for k in range(1, self.top + 1):
            total = total + torch.sigmoid((location - (k - 0.5)) * inverse_scale)
        return total

    def sample(self, output: Tensor, *, generator: torch.Generator) -> Tensor:
        """Draw logistic values by inversion and put each into its bin."""
        location, log_scale = self._parameters_of(output)
        u = torch.rand(location.shape, generator=generator, device=output.device, dtype=output.dtype)
        return (location + torch.exp(log_scale) * torch.logit(u)).round().clamp(0, self.top)
