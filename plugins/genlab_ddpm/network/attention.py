"""Self-attention between all pixels of a feature map, one head.

    output = x + project( softmax(q k' / sqrt(C)) v )

Reference: Ho et al. 2020, appendix B; Vaswani et al. 2017, eq. 1.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genlab_ddpm.network.residual import group_norm, zeroed


class Attention(nn.Module):
    """Let every pixel look at every other; starts as the identity."""

    def __init__(self, channels: int, *, groups: int | None) -> None:
        """Make one from a recipe's keys.

        Args:
            channels: C, before and after.
            groups: groups of the group norm; None for 16 channels a group.
        """
        super().__init__()
        self.norm = group_norm(channels, groups)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.project = zeroed(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the attended feature map.

        Args:
            x: `(B, C, H, W)`.
        """
        qkv = self.qkv(self.norm(x))
        # Channels last, so that for a channels-last convolution these are views.
        q, k, v = qkv.permute(0, 2, 3, 1).flatten(1, 2).chunk(3, -1)
        height, width = x.shape[-2:]
        h = _attend(q, k, v).reshape(-1, height, width, x.shape[1]).permute(0, 3, 1, 2)
        output: Tensor = x + self.project(h)
        return output


def _attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Return softmax(q k' / sqrt(C)) v for `(B, pixels, C)` each."""
    if q.device.type == "cpu" and q.dtype == torch.bfloat16:
        # The fused kernel's bfloat16 backward on CPUs is several times slower than two matrix products.
        weights = torch.softmax((q @ k.transpose(1, 2)).float() / math.sqrt(q.shape[-1]), -1)
        return weights.to(v.dtype) @ v
    # One head, said: the fused kernels of GPUs want four dimensions.
    q, k, v = (part.unsqueeze(1) for part in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v).squeeze(1)
