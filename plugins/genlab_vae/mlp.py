"""Fully connected networks, for any shape of x."""

import math
from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

from genlab.interfaces.constraints import PositiveInt
from genlab_vae.decoder import Decoder
from genlab_vae.encoder import Encoder

Activation = Literal["relu", "tanh", "gelu", "silu"]
ACTIVATIONS: dict[Activation, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "gelu": nn.GELU, "silu": nn.SiLU}


class MLPEncoder(Encoder):
    """Flatten x and pass it through hidden layers."""

    def __init__(
        self,
        event_shape: tuple[int, ...],
        num_outputs: int,
        /,
        *,
        hidden: tuple[PositiveInt, ...] = (400,),
        activation: Activation = "relu",
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            hidden: the widths of the hidden layers, from x on; none makes the network linear.
            activation: the function after each hidden layer.
        """
        super().__init__()
        self.layers = _layers((math.prod(event_shape), *hidden, num_outputs), activation)

    def forward(self, x: Tensor) -> Tensor:
        """Return `(B, num_outputs)`."""
        outputs: Tensor = self.layers(x.flatten(1))
        return outputs


class MLPDecoder(Decoder):
    """Pass z through hidden layers and shape the result."""

    def __init__(
        self,
        latent_dim: int,
        output_shape: tuple[int, ...],
        /,
        *,
        hidden: tuple[PositiveInt, ...] = (400,),
        activation: Activation = "relu",
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            hidden: the widths of the hidden layers, from z on; none makes the network linear.
            activation: the function after each hidden layer.
        """
        super().__init__()
        self.output_shape = output_shape
        self.layers = _layers((latent_dim, *hidden, math.prod(output_shape)), activation)

    def forward(self, z: Tensor) -> Tensor:
        """Return `(B, *O)`."""
        outputs: Tensor = self.layers(z)
        return outputs.reshape(-1, *self.output_shape)


def _layers(widths: tuple[int, ...], activation: Activation) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), ACTIVATIONS[activation]()]
    return nn.Sequential(*layers[:-1])
