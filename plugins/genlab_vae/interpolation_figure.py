"""The way from one test image to another: images on the straight line between their posterior means.

E[x given z],   z = (1 - share) mu(x_a) + share mu(x_b)
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from matplotlib.figure import Figure as Canvas
from torch import Tensor

from genlab.interfaces.figure import Figure, FigureContext
from genlab_vae.directed import DirectedModel
from genlab_vae.image_grid import draw_image_grid, row_centres
from genlab_vae.observed import observed

_ROWS = 6
_STEPS = 9


class Interpolations(Figure):
    """A row for each pair of test images, the images themselves at the ends."""

    partners: ClassVar[Mapping[str, type]] = {"model": DirectedModel}

    @torch.no_grad()
    def draw(self, context: FigureContext) -> Canvas | None:
        """Return the picture, or None for data that are no images, or of which there is one."""
        spec = context.data.spec
        seen = observed(context, 2 * _ROWS) if spec.is_image else None
        if seen is None or len(seen.x) < 2:
            return None
        rows = len(seen.x) // 2
        shares = torch.linspace(0, 1, _STEPS, dtype=torch.float64)
        values = {layer: _between(means[:rows], means[rows : 2 * rows], shares) for layer, means in seen.means.items()}
        between = seen.model.mean_given(seen.model.latents_at(values)).reshape(rows, _STEPS, *spec.event_shape)
        ends = seen.x[:rows].unsqueeze(1), seen.x[rows : 2 * rows].unsqueeze(1)
        images = torch.cat([ends[0], between, ends[1]], 1)
        height, width = images.shape[-2:]
        canvas = Canvas(figsize=(8, 0.9 + 8 * rows * height / ((_STEPS + 2) * width)), layout="constrained")
        axes = canvas.subplots()
        draw_image_grid(axes, images, spec.levels)
        labels = ["$x_a$", *(f"{share:g}" for share in shares.tolist()), "$x_b$"]
        axes.set_xticks(row_centres(_STEPS + 2, width), labels, fontsize=8)
        axes.tick_params(length=0)
        for column in (1, _STEPS + 1):  # what was given stands apart from what was decoded
            axes.axvline(column * (width + 1) - 1, color="tab:orange", linewidth=2)
        axes.set_xlabel("share of $x_b$ in z", fontsize=9)
        axes.set_title("from a test image to another, between the means of their posteriors", fontsize=10)
        return canvas


def _between(first: Tensor, last: Tensor, shares: Tensor) -> Tensor:
    """Return the values on the line from each first to its last, `(B * shares, J)`, given `(B, J)` of both."""
    weights = shares.to(first.device, first.dtype).reshape(1, -1, 1)
    return torch.lerp(first.unsqueeze(1), last.unsqueeze(1), weights).flatten(0, 1)
