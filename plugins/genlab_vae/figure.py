"""What a fitted VAE does to observations it was not fitted to: test images beside their reconstructions.

A reconstruction is the mean of x given the posterior's mean of z. With two latent dimensions the posterior
means of the test data are drawn too, coloured by class where there are labels.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from matplotlib.figure import Figure as Canvas
from torch import Tensor

from genlab.interfaces.data_source import Batch, Split
from genlab.interfaces.figure import Figure, FigureContext
from genlab_vae.family import DiagonalGaussian
from genlab_vae.model import VAE

_NUM_IMAGES = 12
_NUM_POINTS = 2000


class Reconstructions(Figure):
    """Originals beside reconstructions, and the latent plane where z has two dimensions."""

    partners: ClassVar[Mapping[str, type]] = {"model": VAE, "family": DiagonalGaussian}

    @torch.no_grad()
    def draw(self, context: FigureContext) -> Canvas | None:
        """Return the picture, or None for data that are no images with more than two latent dimensions."""
        model, family, spec = context.model, context.family, context.data.spec
        if not isinstance(model, VAE) or not isinstance(family, DiagonalGaussian):
            return None
        shows_plane = model.latent_dim == 2
        if not (spec.is_image or shows_plane):
            return None
        split = context.data.test if len(context.data.test) else context.data.train
        batch = _first(split, _NUM_POINTS if shows_plane else _NUM_IMAGES, context.generator)
        means = family.posterior(batch.x).mean
        heights = [1.9] * spec.is_image + [6.0] * shows_plane
        canvas = Canvas(figsize=(9, sum(heights)), layout="constrained")
        panels = canvas.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)
        if spec.is_image:
            pairs = torch.stack([batch.x[:_NUM_IMAGES], model.mean_given(means[:_NUM_IMAGES])])
            _draw_images(panels[0, 0], pairs, (spec.levels - 1) if spec.levels else None)
        if shows_plane:
            _draw_plane(panels[-1, 0], means, batch.y)
        return canvas


def _first(split: Split, count: int, generator: torch.Generator) -> Batch:
    indices = torch.arange(min(count, len(split)))
    return next(iter(split.batches([indices], generator)))


def _draw_images(panel: Any, pairs: Tensor, top: int | None) -> None:
    """Draw originals in the first row and reconstructions in the second; `pairs` is `(2, B, C, H, W)`."""
    low, high = (0.0, float(top)) if top else (float(pairs.min()), float(pairs.max()))
    shown = ((pairs - low) / max(high - low, 1e-12)).clamp(0, 1).movedim(2, -1).cpu().float().numpy()
    axes = panel.subplots(2, shown.shape[1], squeeze=False)
    for row, label in enumerate(("original", "reconstruction")):
        for column in range(shown.shape[1]):
            axis = axes[row, column]
            image = shown[row, column]
            axis.imshow(image[..., 0] if image.shape[-1] != 3 else image, cmap="gray", vmin=0, vmax=1)
            axis.set(xticks=[], yticks=[])
        axes[row, 0].set_title(label, loc="left", fontsize=9)


def _draw_plane(panel: Any, means: Tensor, labels: Tensor | None) -> None:
    """Draw the posterior means `(B, 2)`, one colour a class."""
    axis = panel.subplots()
    points = means.cpu().float().numpy()
    if labels is None:
        axis.scatter(points[:, 0], points[:, 1], s=6)
    else:
        for label in sorted(set(labels.tolist())):
            chosen = (labels == label).cpu().numpy()
            axis.scatter(points[chosen, 0], points[chosen, 1], s=6, label=str(label))
        axis.legend(title="class", loc="center left", bbox_to_anchor=(1.0, 0.5), markerscale=2, frameon=False)
    axis.set(xlabel="$z_1$", ylabel="$z_2$", title="posterior means of test data", aspect="equal")
