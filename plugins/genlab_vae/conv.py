"""Convolutional networks for images: each layer of the encoder halves the sides, the decoder's double them.

A side of n becomes ceil(n / 2), so any size works: 28 -> 14 -> 7 -> 4, and back over the same sizes.
"""

import math
from itertools import pairwise

from torch import Tensor, nn

from genlab.errors import IncompatibleError
from genlab.interfaces.constraints import PositiveInt
from genlab_vae.decoder import Decoder
from genlab_vae.encoder import Encoder
from genlab_vae.mlp import ACTIVATIONS, Activation


class ConvEncoder(Encoder):
    """Strided 3x3 convolutions, then one linear layer."""

    def __init__(
        self,
        event_shape: tuple[int, ...],
        num_outputs: int,
        /,
        *,
        channels: tuple[PositiveInt, ...] = (32, 64),
        activation: Activation = "relu",
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            channels: the channels after each halving of the image.
            activation: the function after each convolution.

        Raises:
            IncompatibleError: when x is no image.
        """
        super().__init__()
        sizes = halved_sizes(event_shape, len(channels), "encoder", "conv")
        widths = (event_shape[0], *channels)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), ACTIVATIONS[activation]()]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * math.prod(sizes[-1]), num_outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Return `(B, num_outputs)`."""
        outputs: Tensor = self.layers(x)
        return outputs


class ConvDecoder(Decoder):
    """One linear layer, transposed 3x3 convolutions, then a 3x3 convolution to the output's channels."""

    def __init__(
        self,
        latent_dim: int,
        output_shape: tuple[int, ...],
        /,
        *,
        channels: tuple[PositiveInt, ...] = (64, 32),
        activation: Activation = "relu",
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            channels: the channels before each doubling of the image, from z on.
            activation: the function after each layer but the last.

        Raises:
            IncompatibleError: when x is no image.
        """
        super().__init__()
        sizes = halved_sizes(output_shape, len(channels), "decoder", "conv")[::-1]
        first = (channels or (output_shape[0],))[0]
        layers: list[nn.Module] = [
            nn.Linear(latent_dim, first * math.prod(sizes[0])),
            nn.Unflatten(1, (first, *sizes[0])),
            ACTIVATIONS[activation](),
        ]
        for index, (before, after) in enumerate(zip(channels, (*channels[1:], *channels[-1:]), strict=True)):
            height, width = sizes[index]
            # A transposed convolution of side n gives 2n - 1, and one more where the mirrored side was even.
            extra = (sizes[index + 1][0] - 2 * height + 1, sizes[index + 1][1] - 2 * width + 1)
            layers += [
                nn.ConvTranspose2d(before, after, 3, stride=2, padding=1, output_padding=extra),
                ACTIVATIONS[activation](),
            ]
        last = (channels or (first,))[-1]
        self.layers = nn.Sequential(*layers, nn.Conv2d(last, output_shape[0], 3, padding=1))

    def forward(self, z: Tensor) -> Tensor:
        """Return `(B, *O)`."""
        outputs: Tensor = self.layers(z)
        return outputs


def halved_sizes(shape: tuple[int, ...], num_halvings: int, slot: str, name: str) -> list[tuple[int, int]]:
    """Return an image's height and width before and after each halving.

    Args:
        shape: `(C, H, W)`.
        num_halvings: how often.
        slot, name: of the network, for the message.

    Raises:
        IncompatibleError: when it is no image.
    """
    if len(shape) != 3:
        raise IncompatibleError(
            f"{slot} {name!r} must have x of shape (channels, height, width), got {shape}. Use {slot} 'mlp'."
        )
    sizes = [(shape[1], shape[2])]
    for _ in range(num_halvings):
        height, width = sizes[-1]
        sizes.append(((height + 1) // 2, (width + 1) // 2))
    return sizes
