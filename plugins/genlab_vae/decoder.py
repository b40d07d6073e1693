"""A decoder: the network that turns z into the parameters of p(x given z)."""

import abc
from typing import ClassVar

from torch import Tensor, nn


class Decoder(nn.Module, abc.ABC):
    """A network from z to a likelihood's output. Built with `(latent_dim, output_shape)`.

    Attributes:
        slot: the key of the model's table that names it.
    """

    slot: ClassVar[str] = "decoder"

    @abc.abstractmethod
    def forward(self, z: Tensor) -> Tensor:
        """Return `(B, *O)`, given z of shape `(B, J)`."""
