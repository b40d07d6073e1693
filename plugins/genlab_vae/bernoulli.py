"""The Bernoulli likelihood, for x in {0, 1}, from logits l.

log p(x given z) = sum_d [ x_d log F(l_d) + (1 - x_d) log F(-l_d) ] = sum_d log F((2 x_d - 1) l_d)

with F(l) = 1 / (1 + exp(-l)), the probability of x_d = 1.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from genlab.errors import IncompatibleError
from genlab.interfaces.data_source import DataSpec
from genlab_vae.likelihood import Likelihood


class Bernoulli(Likelihood):
    """Independent binary dimensions; the decoder's output holds their logits."""

    def __init__(self, spec: DataSpec, /) -> None:
        """Raises:
        IncompatibleError: when x takes other values than 0 and 1.
        """
        super().__init__()
        if spec.levels != 2:
            values = "real numbers" if spec.levels is None else f"{spec.levels} levels"
            raise IncompatibleError(
                f"likelihood 'bernoulli' must have x in {{0, 1}}, got {values} from {spec.name!r}. "
                "Set data.binarize where the data have it, or use another likelihood."
            )
        self.event_shape = self.output_shape = spec.event_shape

    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        """Return the log mass of x, `(S, B)`."""
        # A sign and log F: fewer passes over the logits than a cross entropy, and nothing overflows or cancels.
        return F.logsigmoid(output * (2 * x - 1)).flatten(2).sum(2)

    def mean(self, output: Tensor) -> Tensor:
        """Return the probabilities of x_d = 1."""
        return torch.sigmoid(output)

    def sample(self, output: Tensor, *, generator: torch.Generator) -> Tensor:
        """Draw zeros and ones."""
        return torch.bernoulli(torch.sigmoid(output), generator=generator)
