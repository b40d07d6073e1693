"""The categorical likelihood, for x in {0, ..., L - 1}: a probability for each level, from logits l.

    log p(x given z) = sum_d [ l_{d, x_d} - log sum_k exp(l_{d, k}) ]

It assumes nothing of how levels lie, so it suits codes without an order, and images with few levels: the decoder gives
L numbers for each number of x.

Reference: van den Oord, Kalchbrenner & Kavukcuoglu 2016 (pixel recurrent networks), section 2.2.
"""

import torch
from torch import Tensor

from genlab.interfaces.data_source import DataSpec
from genlab_vae.likelihood import Likelihood, levels_of


class Categorical(Likelihood):
    """Independent dimensions; the output holds, along its first axis, the logits of level 0, then of level 1, ..."""

    def __init__(self, spec: DataSpec, /) -> None:
        """Raises:
        IncompatibleError: when x is real.
        """
        super().__init__()
        self.levels = levels_of(spec, "categorical")
        self.event_shape = spec.event_shape
        self.output_shape = (self.levels * spec.event_shape[0], *spec.event_shape[1:])

    def _logits_of(self, output: Tensor) -> Tensor:
        """Return the logits, `(..., *X, L)`."""
        num_axes = len(self.event_shape)
        split = output.reshape(*output.shape[:-num_axes], self.levels, *self.event_shape)
        return split.movedim(-num_axes - 1, -1)

    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        """Return the log mass of x, `(S, B)`."""
        logits = self._logits_of(output)
        index = x.long().unsqueeze(-1).expand(len(output), *x.shape, 1)
        return torch.log_softmax(logits, -1).gather(-1, index).flatten(2).sum(2)

    def mean(self, output: Tensor) -> Tensor:
        """Return the expectation of the levels' numbers."""
        levels = torch.arange(self.levels, device=output.device, dtype=output.dtype)
        return torch.softmax(self._logits_of(output), -1) @ levels

    def sample(self, output: Tensor, *, generator: torch.Generator) -> Tensor:
        """Draw levels."""
        masses = torch.softmax(self._logits_of(output), -1)
        drawn = torch.multinomial(masses.reshape(-1, self.levels), 1, generator=generator)
        return drawn.reshape(masses.shape[:-1]).to(output.dtype)
