"""The way from one test image to another: images on the straight line between their posterior means."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from matplotlib.figure import Figure as Canvas

from genlab.interfaces.figure import Figure, FigureContext
from genlab_vae.image_grid import draw_image_grid, row_centres
from genlab_vae.model import VAE
from genlab_vae.observed import observed

_ROWS = 6
_STEPS = 9


class Interpolations(Figure):
    """A row for each pair of test images, the images themselves at the ends."""

    partners: ClassVar[Mapping[str, type]] = {"model": VAE}

    @torch.no_grad()
    def draw(self, context: FigureContext) -> Canvas | None:
        """Return the picture, or None for data that are no images, or of which there is one."""
        spec = context.data.spec
        seen = observed(context, 2 * _ROWS) if spec.is_image else None
        if seen is None or len(seen.x) < 2:
            return None
        rows = len(seen.x) // 2
        first, last = seen.means[:rows].unsqueeze(1), seen.means[rows : 2 * rows].unsqueeze(1)
        share = torch.linspace(0, 1, _STEPS, dtype=first.dtype, device=first.device).reshape(1, -1, 1)
        z = torch.lerp(first, last, share)
        between = seen.model.mean_given(z.flatten(0, 1)).reshape(rows, _STEPS, *spec.event_shape)
        ends = seen.x[:rows].unsqueeze(1), seen.x[rows : 2 * rows].unsqueeze(1)
        images = torch.cat([ends[0], between, ends[1]], 1)
        height, width = images.shape[-2:]
        canvas = Canvas(figsize=(8, 0.7 + 8 * rows * height / ((_STEPS + 2) * width)), layout="constrained")
        axes = canvas.subplots()
        draw_image_grid(axes, images, spec.levels)
        centres = row_centres(_STEPS + 2, width)
        axes.set_xticks([centres[0], centres[-1]], ["test image", "test image"], fontsize=8)
        axes.tick_params(length=0)
        axes.set_title("between the posterior means of two test images", fontsize=10)
        return canvas
