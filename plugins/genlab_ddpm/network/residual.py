"""A residual block of two convolutions, told the timestep in between.

    h = conv(silu(norm(x))) + linear(silu(embedding));   h = conv(dropout(silu(norm(h))));   output = h + shortcut(x)

The last convolution starts at zero, so that a fresh block is its shortcut.

Reference: Ho et al. 2020, appendix B.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genlab.errors import IncompatibleError

_CHANNELS_A_GROUP = 16


class ResidualBlock(nn.Module):
    """Two convolutions and a shortcut."""

    def __init__(
        self, in_channels: int, out_channels: int, embedding_dim: int, *, groups: int | None, dropout: float
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            in_channels, out_channels: channels before and after.
            embedding_dim: the size of the timestep's embedding.
            groups: groups of a group norm; None for at least 16 channels in each.
            dropout: the share of features dropped in training.
        """
        super().__init__()
        self.norm_1 = group_norm(in_channels, groups)
        self.conv_1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.embed = nn.Linear(embedding_dim, out_channels)
        self.norm_2 = group_norm(out_channels, groups)
        self.conv_2 = zeroed(nn.Conv2d(out_channels, out_channels, 3, padding=1))
        self.shortcut = nn.Conv2d(in_channels, out_channels, 1) if in_channels != out_channels else nn.Identity()
        self.dropout = dropout

    def forward(self, x: Tensor, embedding: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Return the block's output.

        Args:
            x: `(B, in_channels, H, W)`.
            embedding: `(B, embedding_dim)`, after its SiLU.
            generator: the randomness of dropout; None drops nothing.
        """
        h = self.conv_1(F.silu(self.norm_1(x))) + self.embed(embedding)[:, :, None, None]
        h = F.silu(self.norm_2(h))
        if self.dropout > 0 and generator is not None:
            h = drop(h, self.dropout, generator)
        output: Tensor = self.conv_2(h) + self.shortcut(x)
        return output


def drop(h: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Set a random share of the entries to zero and scale up the others."""
    keep = torch.rand(h.shape, generator=generator, device=h.device) >= share
    return h * keep.to(h.dtype) / (1 - share)


def group_norm(channels: int, groups: int | None) -> nn.GroupNorm:
    """Return a group norm, by default of at least 16 channels a group: with fewer, bfloat16 on CPUs is slow."""
    if groups is None:
        groups = next(count for count in range(max(1, channels // _CHANNELS_A_GROUP), 0, -1) if channels % count == 0)
    if channels % groups:
        raise IncompatibleError(
            f"every channel count of network 'unet', and every sum of two that a skip joins, must be a multiple of its "
            f"{groups} groups, got {channels}. Change model.network.channels or model.network.groups."
        )
    return nn.GroupNorm(groups, channels)


def zeroed(layer: nn.Conv2d) -> nn.Conv2d:
    """Return the layer with all its parameters zero."""
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer
