"""Enlarge a feature map by repeating its pixels, then convolve it 3x3.

Where the size doubles, both are one transposed convolution of stride 2. Behind a repeated pixel, the 3x3 kernel w meets
the same number more than once, so its weights can be added up beforehand; along each side

    kernel = (w_2, w_2 + w_1, w_1 + w_0, w_0)

It is the same function of the same parameters, for 4/9 of the products.

Reference: Dumoulin & Visin 2016, chapter 4 (transposed convolutions).
"""

import torch.nn.functional as F
from torch import Tensor, nn


class UpsamplingConv(nn.Conv2d):
    """A 3x3 convolution of an enlarged feature map."""

    def __init__(self, channels: int) -> None:
        """Make one.

        Args:
            channels: C, before and after.
        """
        super().__init__(channels, channels, 3, padding=1)

    def forward(self, x: Tensor, height: int, width: int) -> Tensor:  # type: ignore[override] # a size besides
        """Return `(B, C, height, width)` for a smaller map `(B, C, H, W)`."""
        if (height, width) == (2 * x.shape[-2], 2 * x.shape[-1]):
            return F.conv_transpose2d(x, _doubling(self.weight), self.bias, stride=2, padding=1)
        return super().forward(F.interpolate(x, size=(height, width), mode="nearest"))


def _doubling(weight: Tensor) -> Tensor:
    """Return the transposed convolution's kernel, `(C, C, 4, 4)`, input channels first."""
    flipped = weight.flip(2, 3).transpose(0, 1)
    taller = F.pad(flipped, (0, 0, 0, 1)) + F.pad(flipped, (0, 0, 1, 0))
    return F.pad(taller, (0, 1)) + F.pad(taller, (1, 0))
