"""An encoder: the network that reads x and gives the parameters of q(z given x)."""

import abc
from typing import ClassVar

from torch import Tensor, nn

from genlab.interfaces.data_source import DataSpec


class Encoder(nn.Module, abc.ABC):
    """A network from x to numbers. Built with `(event_shape, num_outputs)`.

    Attributes:
        slot: the key of the family's table that names it.
    """

    slot: ClassVar[str] = "encoder"

    @abc.abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Return `(B, num_outputs)`.

        Args:
            x: `(B, *X)`, scaled by the family to about [0, 1] where x is discrete.
        """


def encode(encoder: Encoder, x: Tensor, spec: DataSpec) -> Tensor:
    """Return an encoder's numbers for a batch, `(B, num_outputs)`, in x's precision; integers reach it in [0, 1]."""
    scaled = x if spec.levels is None or spec.levels == 2 else x / (spec.levels - 1)
    outputs: Tensor = encoder(scaled)
    return outputs.to(x.dtype)
