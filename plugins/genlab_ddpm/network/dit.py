"""A diffusion transformer: the image as a sequence of patches, conditioned by adaptive layer norms.

    tokens = linear(patches) + positions;    c = embed(t) + embed(y)
    (shift, scale, gate)_1,2 = linear(silu(c))
    tokens += gate_1 attention( norm(tokens) (1 + scale_1) + shift_1 )
    tokens += gate_2 mlp( norm(tokens) (1 + scale_2) + shift_2 )

All gates and the last layer start at zero, so that a fresh block is the identity and a fresh network says zero.

Reference: Peebles & Xie 2023, section 3.2 (adaLN-Zero).
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genlab.errors import IncompatibleError
from genlab.interfaces.constraints import Decay, PositiveInt
from genlab_ddpm.network.network import Network, NetworkSpec
from genlab_ddpm.network.residual import drop
from genlab_ddpm.network.time_embedding import ConditionEmbedding

_FREQUENCIES = 256


class DiT(Network):
    """A transformer over patches, for images whose sides are multiples of the patch."""

    def __init__(
        self,
        spec: NetworkSpec,
        /,
        *,
        patch: PositiveInt = 2,
        dim: PositiveInt = 128,
        depth: PositiveInt = 4,
        heads: PositiveInt = 4,
        dropout: Decay = 0.0,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            patch: the side of a patch in pixels.
            dim: features of a token, a multiple of 4 and of heads.
            depth: how many blocks.
            heads: how many attentions side by side in a block.
            dropout: the share of each block's output dropped in training.

        Raises:
            IncompatibleError: when x is no image, or sizes do not divide each other.
        """
        super().__init__()
        _check(spec.event_shape, patch, dim, heads)
        channels, self._height, self._width = spec.event_shape
        self._patch, self._num_outputs = patch, spec.num_outputs
        self.patches = nn.Conv2d(channels, dim, patch, stride=patch)
        self.embedding = ConditionEmbedding(_FREQUENCIES, dim, spec.num_classes)
        positions = _positions(self._height // patch, self._width // patch, dim)
        self.register_buffer("positions", positions.to(torch.get_default_dtype()), persistent=False)
        self.blocks = nn.ModuleList(_Block(dim, heads, dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(dim, elementwise_affine=False)
        self.modulation = _zeroed(nn.Linear(dim, 2 * dim))
        self.last = _zeroed(nn.Linear(dim, spec.num_outputs * channels * patch * patch))

    def forward(
        self, x_t: Tensor, t: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        """Return the predictions, `(B, num_outputs, *X)`; zero before training."""
        condition = self.embedding(t, y)
        tokens = self.patches(x_t).flatten(2).transpose(1, 2) + self.get_buffer("positions")
        for block in self.blocks:
            tokens = block(tokens, condition, generator)
        shift, scale = self.modulation(condition).unsqueeze(1).chunk(2, -1)
        return self._image(self.last(self.norm(tokens) * (1 + scale) + shift))

    def _image(self, tokens: Tensor) -> Tensor:
        """Put patches `(B, H W / P^2, O C P^2)` back in their places, `(B, O, C, H, W)`."""
        side, rows, columns = self._patch, self._height // self._patch, self._width // self._patch
        grid = tokens.reshape(len(tokens), rows, columns, self._num_outputs, -1, side, side)
        return grid.permute(0, 3, 4, 1, 5, 2, 6).reshape(len(tokens), self._num_outputs, -1, self._height, self._width)


class _Block(nn.Module):
    """Attention and a perceptron, each scaled, shifted and gated by the condition."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.modulation = _zeroed(nn.Linear(dim, 6 * dim))
        self.norm_1 = nn.LayerNorm(dim, elementwise_affine=False)
        self.norm_2 = nn.LayerNorm(dim, elementwise_affine=False)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.project = nn.Linear(dim, dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(approximate="tanh"), nn.Linear(4 * dim, dim))
        self._heads, self._dropout = heads, dropout

    def forward(self, tokens: Tensor, condition: Tensor, generator: torch.Generator | None) -> Tensor:
        parts = self.modulation(condition).unsqueeze(1).chunk(6, -1)
        shift_1, scale_1, gate_1, shift_2, scale_2, gate_2 = parts
        attended = self._attend(self.norm_1(tokens) * (1 + scale_1) + shift_1)
        tokens = tokens + gate_1 * self._dropped(attended, generator)
        thought = self.mlp(self.norm_2(tokens) * (1 + scale_2) + shift_2)
        result: Tensor = tokens + gate_2 * self._dropped(thought, generator)
        return result

    def _attend(self, tokens: Tensor) -> Tensor:
        batch_size, length, dim = tokens.shape
        heads = self.qkv(tokens).reshape(batch_size, length, 3, self._heads, dim // self._heads)
        q, k, v = heads.permute(2, 0, 3, 1, 4)
        attended: Tensor = self.project(
            F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch_size, length, dim)
        )
        return attended

    def _dropped(self, tokens: Tensor, generator: torch.Generator | None) -> Tensor:
        return tokens if generator is None or self._dropout == 0 else drop(tokens, self._dropout, generator)


def _positions(rows: int, columns: int, dim: int) -> Tensor:
    """Return sines and cosines of the row and of the column of each patch, `(rows columns, dim)`."""
    quarter = dim // 4
    frequencies = torch.exp(torch.arange(quarter, dtype=torch.float64) * (-math.log(10_000) / quarter))
    places = torch.cartesian_prod(torch.arange(rows).double(), torch.arange(columns).double()).reshape(-1, 2)
    angles = places.unsqueeze(-1) * frequencies
    return torch.cat([angles.sin(), angles.cos()], -1).flatten(1)


def _zeroed(layer: nn.Linear) -> nn.Linear:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _check(event_shape: tuple[int, ...], patch: int, dim: int, heads: int) -> None:
    if len(event_shape) != 3:
        raise IncompatibleError(
            f"data of network 'dit' must be images (channels, height, width), got shape {event_shape}. "
            "Use image data or another network."
        )
    if event_shape[1] % patch or event_shape[2] % patch:
        raise IncompatibleError(
            f"model.network.patch must divide height and width, {event_shape[1]} and {event_shape[2]}, got {patch}."
        )
    if dim % 4 or dim % heads:
        raise IncompatibleError(
            f"model.network.dim must be a multiple of 4 and of the {heads} heads, got {dim}. Change one of them."
        )
