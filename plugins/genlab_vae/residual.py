"""Residual convolutional networks for images.

    block(h) = h + conv(act(norm(conv(act(norm(h))))))

The last convolution of each block starts at zero, so a deep network begins as its few strided layers and is no harder
to train than those. Group normalisation sees one observation at a time. Between blocks the encoder halves the sides
and the decoder doubles them, by the nearest pixel; a side of n becomes ceil(n / 2), so any size works.

Reference: He et al. 2016 (identity mappings), section 4; Wu & He 2018 (group normalisation).
"""

import math

from torch import Tensor, nn
from torch.nn import functional as F

from genlab.interfaces.constraints import NonNegativeInt, PositiveInt
from genlab_vae.conv import halved_sizes
from genlab_vae.decoder import Decoder
from genlab_vae.encoder import Encoder
from genlab_vae.mlp import ACTIVATIONS, Activation

_MOST_GROUPS = 8
_LEAST_CHANNELS = 4


class ResidualEncoder(Encoder):
    """At each size some residual blocks, then a strided convolution; at the end one linear layer."""

    def __init__(
        self,
        event_shape: tuple[int, ...],
        num_outputs: int,
        /,
        *,
        channels: tuple[PositiveInt, ...] = (32, 64),
        blocks: NonNegativeInt = 1,
        activation: Activation = "silu",
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            channels: the channels after each halving of the image.
            blocks: how many residual blocks there are at each size.
            activation: the function before each convolution of a block.

        Raises:
            IncompatibleError: when x is no image.
        """
        super().__init__()
        sizes = halved_sizes(event_shape, len(channels), "encoder", "residual")
        layers: list[nn.Module] = []
        before = event_shape[0]
        for after in channels:
            layers.append(nn.Conv2d(before, after, 3, stride=2, padding=1))
            layers += [_Block(after, activation) for _ in range(blocks)]
            before = after
        layers += [_normalisation(before), ACTIVATIONS[activation]()] if channels else []
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(before * math.prod(sizes[-1]), num_outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Return `(B, num_outputs)`."""
        outputs: Tensor = self.layers(x)
        return outputs


class ResidualDecoder(Decoder):
    """One linear layer; at each size some residual blocks, then a doubling; at the end a 3x3 convolution."""

    def __init__(
        self,
        latent_dim: int,
        output_shape: tuple[int, ...],
        /,
        *,
        channels: tuple[PositiveInt, ...] = (64, 32),
        blocks: NonNegativeInt = 1,
        activation: Activation = "silu",
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            channels: the channels before each doubling of the image, from z on.
            blocks: how many residual blocks there are at each size.
            activation: the function before each convolution of a block.

        Raises:
            IncompatibleError: when x is no image.
        """
        super().__init__()
        sizes = halved_sizes(output_shape, len(channels), "decoder", "residual")[::-1]
        first = (channels or (output_shape[0],))[0]
        layers: list[nn.Module] = [
            nn.Linear(latent_dim, first * math.prod(sizes[0])),
            nn.Unflatten(1, (first, *sizes[0])),
        ]
        for width, narrower, size in zip(channels, (*channels[1:], *channels[-1:]), sizes[1:], strict=True):
            layers += [_Block(width, activation) for _ in range(blocks)]
            layers += [_Enlargement(size), nn.Conv2d(width, narrower, 3, padding=1)]
        last = (channels or (first,))[-1]
        layers += [_normalisation(last), ACTIVATIONS[activation]()] if channels else []
        self.layers = nn.Sequential(*layers, nn.Conv2d(last, output_shape[0], 3, padding=1))

    def forward(self, z: Tensor) -> Tensor:
        """Return `(B, *O)`."""
        outputs: Tensor = self.layers(z)
        return outputs


class _Block(nn.Module):
    """A residual block that starts as the identity."""

    def __init__(self, channels: int, activation: Activation) -> None:
        super().__init__()
        last = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(last.weight)
        if last.bias is not None:
            nn.init.zeros_(last.bias)
        self.branch = nn.Sequential(
            _normalisation(channels),
            ACTIVATIONS[activation](),
            nn.Conv2d(channels, channels, 3, padding=1),
            _normalisation(channels),
            ACTIVATIONS[activation](),
            last,
        )

    def forward(self, h: Tensor) -> Tensor:
        moved: Tensor = self.branch(h)
        return h + moved


class _Enlargement(nn.Module):
    """The image at a larger size, by the nearest pixel."""

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        self._size = size

    def forward(self, h: Tensor) -> Tensor:
        return F.interpolate(h, size=self._size, mode="nearest")


def _normalisation(channels: int) -> nn.Module:
    """Return a normalisation over groups of four channels or more; of fewer, little is left where the image is 1x1."""
    if channels == 1:
        return nn.Identity()
    fitting = (num for num in range(_MOST_GROUPS, 1, -1) if channels % num == 0 and channels // num >= _LEAST_CHANNELS)
    return nn.GroupNorm(next(fitting, 1), channels)
