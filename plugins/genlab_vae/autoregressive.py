"""A network whose numbers for dimension j depend on the dimensions before j alone, and on a context.

Every unit has a degree: input j has degree j = 1..J, a hidden unit one of 0..J-1. A hidden unit sees units of its own
degree or less, and an output for dimension j sees hidden units of a degree below j. Degree 0 sees the context alone.

Reference: Germain, Gregor, Murray & Larochelle 2015 (MADE), section 4.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab_vae.mlp import ACTIVATIONS, Activation


class AutoregressiveNetwork(nn.Module):
    """Masked layers; the last starts at zero, and so do the outputs."""

    def __init__(
        self, num_dims: int, context_dim: int, num_outputs: int, hidden: tuple[int, ...], activation: Activation
    ) -> None:
        """Make one.

        Args:
            num_dims: J.
            context_dim: C.
            num_outputs: how many numbers there are for each dimension.
            hidden: the widths of the hidden layers.
            activation: the function after each hidden layer.
        """
        super().__init__()
        self._num_outputs = num_outputs
        degrees = [torch.arange(1, num_dims + 1), *(torch.arange(width) % num_dims for width in hidden)]
        masks = [after[:, None] >= before for before, after in pairwise(degrees)]
        masks.append((degrees[0][:, None] > degrees[-1]).repeat(num_outputs, 1))
        self.layers = nn.ModuleList(_MaskedLinear(mask) for mask in masks)
        self.context = nn.Linear(context_dim, len(masks[0]))
        self.activation = ACTIVATIONS[activation]()
        last = self.layers[-1]
        assert isinstance(last, _MaskedLinear)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def forward(self, z: Tensor, context: Tensor) -> tuple[Tensor, ...]:
        """Return `num_outputs` tensors `(S, B, J)`, given z `(S, B, J)` and context `(B, C)`."""
        outputs = self.layers[0](z) + self.context(context)
        for layer in self.layers[1:]:
            outputs = layer(self.activation(outputs))
        return torch.chunk(outputs.to(z.dtype), self._num_outputs, dim=-1)  # inside autocast too


class _MaskedLinear(nn.Linear):
    """A linear layer some of whose weights are always zero."""

    def __init__(self, mask: Tensor) -> None:
        super().__init__(mask.shape[1], mask.shape[0])
        self.register_buffer("mask", mask, persistent=False)
        self.mask: Tensor

    def forward(self, inputs: Tensor) -> Tensor:
        return F.linear(inputs, self.weight * self.mask, self.bias)
