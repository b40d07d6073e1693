"""Where test observations lie among the latents: their posterior means, coloured by class where there are labels.

Of more than two latents, the two whose posterior means vary most are shown. Layers have an axis system each.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from torch import Tensor

from genlab.interfaces.figure import Figure, FigureContext
from genlab_vae.directed import DirectedModel
from genlab_vae.observed import by_activity, observed

_NUM_POINTS = 2000


class PosteriorMeans(Figure):
    """A point for each test observation."""

    partners: ClassVar[Mapping[str, type]] = {"model": DirectedModel}

    @torch.no_grad()
    def draw(self, context: FigureContext) -> Canvas | None:
        """Return the picture, or None for a single latent."""
        seen = observed(context, _NUM_POINTS)
        layers = {} if seen is None else {name: means for name, means in seen.means.items() if means.shape[1] > 1}
        if seen is None or not layers:
            return None
        canvas = Canvas(figsize=(7 * len(layers), 6), layout="constrained")
        for axes, (layer, means) in zip(canvas.subplots(1, len(layers), squeeze=False)[0], layers.items(), strict=True):
            across, up = sorted(by_activity(means)[:2])
            _scatter(axes, means[:, [across, up]].cpu().float(), seen.y)
            axes.set(xlabel=f"$z_{{{across}}}$", ylabel=f"$z_{{{up}}}$", aspect="equal")
            which = "" if means.shape[1] == 2 else f", by the two {layer} latents that vary most".replace("  ", " ")
            axes.set_title(f"posterior means of {len(seen.x):,} observations{which}", fontsize=10)
        return canvas


def _scatter(axes: Axes, points: Tensor, labels: Tensor | None) -> None:
    if labels is None:
        axes.scatter(points[:, 0].numpy(), points[:, 1].numpy(), s=6)
        return
    classes = sorted(set(labels.tolist()))
    colors = colormaps["tab10" if len(classes) <= 10 else "turbo"].resampled(max(len(classes), 10))
    for place, label in enumerate(classes):
        own = points[(labels == label).cpu()].numpy()
        axes.scatter(own[:, 0], own[:, 1], s=6, color=colors(place), label=str(label))
    axes.legend(title="class", loc="center left", bbox_to_anchor=(1.0, 0.5), markerscale=2, frameon=False)
