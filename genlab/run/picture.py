"""A grid of images as one picture."""

import math

import numpy as np
from PIL import Image
from torch import Tensor

from genlab.interfaces import DataSpec

SMALLEST_SIDE = 48
GAP = 2


def image_grid(x: Tensor, spec: DataSpec) -> Image.Image:
    """Return the images side by side, as near to a square as they go.

    Args:
        x: `(N, channels, height, width)` in the data's own values, 1 or 3 channels.
        spec: says how many levels a pixel has; without levels, x runs from its smallest to its largest value.

    Returns:
        A grey or color picture; images smaller than 48 pixels are enlarged by a whole factor.
    """
    low, high = (0.0, float(spec.levels - 1)) if spec.levels else (x.min().item(), x.max().item())
    grey = ((x.float() - low) / max(high - low, 1e-12) * 255).round().clamp(0, 255).byte().cpu().numpy()
    factor = max(1, math.ceil(SMALLEST_SIDE / max(grey.shape[-2:])))
    tiles = grey.repeat(factor, axis=2).repeat(factor, axis=3)
    count, channels, height, width = tiles.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    canvas = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, channels), 255, dtype=np.uint8)
    for index, tile in enumerate(tiles):
        top, left = (index // columns) * (height + GAP), (index % columns) * (width + GAP)
        canvas[top : top + height, left : left + width] = tile.transpose(1, 2, 0)
    return Image.fromarray(canvas[:, :, 0] if channels == 1 else canvas)
