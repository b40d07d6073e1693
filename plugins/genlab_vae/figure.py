"""What a fitted VAE does to images it was not fitted to: test images beside their reconstructions.

A reconstruction is the mean of x given the posterior's mean of z.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from matplotlib.figure import Figure as Canvas

from genlab.interfaces.figure import Figure, FigureContext
from genlab_vae.directed import DirectedModel
from genlab_vae.image_grid import draw_image_grid, row_centres
from genlab_vae.observed import observed

_NUM_IMAGES = 12


class Reconstructions(Figure):
    """Originals in one row, reconstructions in the row below."""

    partners: ClassVar[Mapping[str, type]] = {"model": DirectedModel}

    @torch.no_grad()
    def draw(self, context: FigureContext) -> Canvas | None:
        """Return the picture, or None for data that are no images."""
        spec = context.data.spec
        seen = observed(context, _NUM_IMAGES) if spec.is_image else None
        if seen is None:
            return None
        images = torch.stack([seen.x, seen.model.mean_given(seen.model.latents_at(seen.means))])
        height, width = images.shape[-2:]
        canvas = Canvas(figsize=(9, 0.5 + 9 * 2 * height / (len(seen.x) * width)), layout="constrained")
        axes = canvas.subplots()
        draw_image_grid(axes, images, spec.levels)
        axes.set_yticks(row_centres(2, height), ["original", "reconstruction"], fontsize=8)
        axes.tick_params(length=0)
        axes.set_title("test images, and the mean of x given the mean of z", fontsize=10)
        return canvas
