"""Images beside and below each other as one picture."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from genlab.interfaces import DataSpec
from genlab.records.files import write_atomically

SMALLEST_SIDE = 48
GAP = 2


def image_grid(x: Tensor, spec: DataSpec, values: tuple[float, float] | None = None) -> Image.Image:
    """Return the images side by side, as near to a square as they go.

    Args:
        x: `(N, channels, height, width)` in the data's own values, 1 or 3 channels.
        spec: says how many levels a pixel has.
        values: as for `image_rows`.
    """
    return image_rows(torch.split(x, math.ceil(math.sqrt(len(x)))), spec, values)


def image_rows(rows: Sequence[Tensor], spec: DataSpec, values: tuple[float, float] | None = None) -> Image.Image:
    """Return the images of each row side by side, one row below the other.

    Args:
        rows: each `(N, channels, height, width)` in the data's own values, 1 or 3 channels.
        spec: says how many levels a pixel has.
        values: which values are black and white; by default `value_range` of all images.

    Returns:
        A grey or color picture; images smaller than 48 pixels are enlarged by a whole factor.
    """
    low, high = values or value_range(rows, spec)
    channels, height, width = rows[0].shape[1:]
    factor = max(1, math.ceil(SMALLEST_SIDE / max(height, width)))
    height, width = height * factor, width * factor
    shape = len(rows) * (height + GAP) - GAP, max(map(len, rows)) * (width + GAP) - GAP, channels
    canvas = np.full(shape, 255, dtype=np.uint8)
    for row, x in enumerate(rows):
        grey = ((x.float() - low) / max(high - low, 1e-12) * 255).round().clamp(0, 255).byte().cpu().numpy()
        for column, tile in enumerate(grey.repeat(factor, axis=2).repeat(factor, axis=3)):
            top, left = row * (height + GAP), column * (width + GAP)
            canvas[top : top + height, left : left + width] = tile.transpose(1, 2, 0)
    return Image.fromarray(canvas[:, :, 0] if channels == 1 else canvas)


def value_range(rows: Sequence[Tensor], spec: DataSpec) -> tuple[float, float]:
    """Return the values to show as black and white: the levels' ends, or of real values the smallest and largest."""
    if spec.levels:
        return 0.0, float(spec.levels - 1)
    return min(x.min().item() for x in rows), max(x.max().item() for x in rows)


def write_picture(picture: Image.Image, path: Path) -> None:
    """Write a picture as PNG; the file is whole or not there."""
    write_atomically(path, lambda temporary: picture.save(temporary, format="png"))
