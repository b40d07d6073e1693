"""A U-Net: down through coarser and coarser feature maps and up again, with skips across.

Level 0 is the image's own resolution; each further level halves it (an odd size rounds up, and the way up returns to
the size it came from). On a level's way down stand `blocks` residual blocks, on its way up one more; in the middle two
blocks around an attention.

Reference: Ronneberger et al. 2015; Ho et al. 2020, appendix B, whose CIFAR-10 network is channels (128, 256, 256, 256),
blocks 2, attention (1,), groups 32, dropout 0.1.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genlab.errors import IncompatibleError
from genlab.interfaces.constraints import Decay, PositiveInt
from genlab_ddpm.network.attention import Attention
from genlab_ddpm.network.fourier import with_fourier_features
from genlab_ddpm.network.network import Network, NetworkSpec
from genlab_ddpm.network.residual import ResidualBlock, group_norm, zeroed
from genlab_ddpm.network.time_embedding import ConditionEmbedding
from genlab_ddpm.network.upsampling import UpsamplingConv


class UNet(Network):
    """A residual U-Net for images of any size."""

    def __init__(
        self,
        spec: NetworkSpec,
        /,
        *,
        channels: tuple[PositiveInt, ...] = (32, 64),
        blocks: PositiveInt = 2,
        attention: tuple[int, ...] = (),
        groups: PositiveInt | None = None,
        fourier: tuple[int, ...] = (),
        dropout: Decay = 0.0,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            channels: how many features on each level, the finest first; as many levels as numbers.
            blocks: residual blocks on each level's way down.
            attention: the levels with attention after each block; 0 is the finest. The middle always has one.
            groups: groups of every group norm; by default as many as leave 16 channels in each.
            fourier: exponents n of features sin(2^n pi x) and cos(2^n pi x) of x; 7 and 8 show single levels of 8 bits.
            dropout: the share of features dropped in training.

        Raises:
            IncompatibleError: when x is no image, a level does not exist, or channels do not divide into groups.
        """
        super().__init__()
        _check(spec.event_shape, channels, attention)
        in_channels, embedding_dim = spec.event_shape[0], 4 * channels[0]

        def block(before: int, level: int) -> _Block:
            return _Block(
                ResidualBlock(before, channels[level], embedding_dim, groups=groups, dropout=dropout),
                Attention(channels[level], groups=groups) if level in attention else nn.Identity(),
            )

        last = len(channels) - 1
        self.embedding = ConditionEmbedding(channels[0], embedding_dim, spec.num_classes)
        self.first = nn.Conv2d((1 + 2 * len(fourier)) * in_channels, channels[0], 3, padding=1)
        self.down, self.coarsen, self.up, self.refine = (nn.ModuleList() for _ in range(4))
        width, skips = channels[0], [channels[0]]
        for level in range(last + 1):
            for _ in range(blocks):
                self.down.append(block(width, level))
                width = channels[level]
                skips.append(width)
            if level < last:
                self.coarsen.append(nn.Conv2d(width, width, 3, stride=2, padding=1))
                skips.append(width)
        self.middle_1 = ResidualBlock(width, width, embedding_dim, groups=groups, dropout=dropout)
        self.middle_attention = Attention(width, groups=groups)
        self.middle_2 = ResidualBlock(width, width, embedding_dim, groups=groups, dropout=dropout)
        for level in range(last, -1, -1):
            for _ in range(blocks + 1):
                self.up.append(block(width + skips.pop(), level))
                width = channels[level]
            if level > 0:
                self.refine.append(UpsamplingConv(width))
        self.norm = group_norm(width, groups)
        self.last = zeroed(nn.Conv2d(width, spec.num_outputs * in_channels, 3, padding=1))
        self._blocks, self._num_outputs, self._fourier = blocks, spec.num_outputs, fourier

    def forward(
        self, x_t: Tensor, t: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        """Return the predictions, `(B, num_outputs, *X)`; zero before training."""
        embedding = self.embedding(t, y)
        h = self.first(with_fourier_features(x_t, self._fourier))
        skips = [h]
        for index, block in enumerate(self.down):
            h = block(h, embedding, generator)
            skips.append(h)
            level, place = divmod(index, self._blocks)
            if place == self._blocks - 1 and level < len(self.coarsen):
                h = self.coarsen[level](h)
                skips.append(h)
        h = self.middle_2(self.middle_attention(self.middle_1(h, embedding, generator)), embedding, generator)
        for index, block in enumerate(self.up):
            skip = skips.pop()
            step, place = divmod(index, self._blocks + 1)
            if place == 0 and step > 0:
                h = self.refine[step - 1](h, *skip.shape[-2:])
            h = block(torch.cat([h, skip], 1), embedding, generator)
        output: Tensor = self.last(F.silu(self.norm(h)))
        return output.reshape(len(x_t), self._num_outputs, *x_t.shape[1:])


class _Block(nn.Module):
    """A residual block and what follows it."""

    def __init__(self, residual: ResidualBlock, attention: nn.Module) -> None:
        super().__init__()
        self.residual = residual
        self.attention = attention

    def forward(self, x: Tensor, embedding: Tensor, generator: torch.Generator | None) -> Tensor:
        output: Tensor = self.attention(self.residual(x, embedding, generator))
        return output


def _check(event_shape: tuple[int, ...], channels: tuple[int, ...], attention: tuple[int, ...]) -> None:
    if len(event_shape) != 3:
        raise IncompatibleError(
            f"data of network 'unet' must be images (channels, height, width), got shape {event_shape}. "
            "Use image data or another network."
        )
    if not channels or channels[0] < 2:
        raise IncompatibleError(
            f"model.network.channels must name at least one level, of 2 features or more, got {list(channels)}. "
            "Use for example [32, 64]."
        )
    beyond = [level for level in attention if not 0 <= level < len(channels)]
    if beyond:
        raise IncompatibleError(
            f"model.network.attention must name levels 0 to {len(channels) - 1}, got {beyond[0]}. "
            "Give a level of model.network.channels."
        )
