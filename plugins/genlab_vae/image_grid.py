"""Images side by side in one picture, on one scale of values."""

import torch
from matplotlib.axes import Axes
from torch import Tensor
from torch.nn import functional as F


def draw_image_grid(axes: Axes, images: Tensor, levels: int | None) -> None:
    """Draw images in rows and columns, without ticks.

    Args:
        axes: where to.
        images: `(R, S, C, H, W)`: R rows of S images, in the data's own values; C = 3 is colour, of any other number
            of channels the first is shown.
        levels: L, where values go from 0 to L - 1; None where they are real, and the images' own range is shown.
    """
    low, high = (0.0, levels - 1.0) if levels else (float(images.min()), float(images.max()))
    shown = ((images.float() - low) / max(high - low, 1e-12)).clamp(0, 1)
    shown = shown if shown.shape[2] == 3 else shown[:, :, :1]
    framed = F.pad(shown, (0, 1, 0, 1), value=1.0)  # a white line between neighbours
    rows = torch.cat(list(framed), dim=2)  # (S, C, R * H, W)
    picture = torch.cat(list(rows), dim=2).movedim(0, -1).cpu().numpy()
    axes.imshow(picture[..., 0] if picture.shape[-1] == 1 else picture, cmap="gray", vmin=0, vmax=1)
    axes.set(xticks=[], yticks=[])
    axes.set_frame_on(False)


def row_centres(num_rows: int, height: int) -> list[float]:
    """Return where the middle of each row of a grid is, for labels."""
    return [row * (height + 1) + (height - 1) / 2 for row in range(num_rows)]
