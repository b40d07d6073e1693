"""The timestep as a vector: sines and cosines at geometrically spaced frequencies, then two linear layers.

A network that is told classes adds a learned vector for each, and one for no class.

Reference: Vaswani et al. 2017, section 3.5; Ho et al. 2020, appendix B.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class TimeEmbedding(nn.Module):
    """Embed timesteps."""

    frequencies: Tensor

    def __init__(self, channels: int, dim: int) -> None:
        """Make one.

        Args:
            channels: how many sines and cosines, even.
            dim: the size of the embedding.
        """
        super().__init__()
        half = channels // 2
        frequencies = torch.exp(torch.arange(half, dtype=torch.float64) * (-math.log(10_000) / max(1, half - 1)))
        self.register_buffer("frequencies", frequencies.to(torch.get_default_dtype()), persistent=False)
        self.layers = nn.Sequential(nn.Linear(2 * half, dim), nn.SiLU(), nn.Linear(dim, dim))

    def forward(self, t: Tensor) -> Tensor:
        """Return `(B, dim)` for timesteps `(B,)`."""
        angles = t.to(self.frequencies.dtype)[:, None] * self.frequencies
        embedding: Tensor = self.layers(torch.cat([angles.sin(), angles.cos()], 1))
        return embedding


class ConditionEmbedding(nn.Module):
    """Embed timesteps, and classes where there are any."""

    def __init__(self, channels: int, dim: int, num_classes: int | None) -> None:
        """Make one.

        Args:
            channels: how many sines and cosines, even.
            dim: the size of the embedding.
            num_classes: how many classes there are besides none; None where the network is told none.
        """
        super().__init__()
        self.time = TimeEmbedding(channels, dim)
        self.classes = None if num_classes is None else nn.Embedding(num_classes + 1, dim)

    def forward(self, t: Tensor, y: Tensor | None) -> Tensor:
        """Return `(B, dim)` after its SiLU, for timesteps and classes `(B,)`."""
        embedding = self.time(t)
        return F.silu(embedding if self.classes is None else embedding + self.classes(y))
