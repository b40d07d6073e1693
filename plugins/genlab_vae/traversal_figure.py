"""What each latent does to an image: z_j goes through its prior, all others stay at a test image's posterior mean.

It goes from -3 to 3 where the prior is a standard normal, and else between the quantiles of the prior that have as much
below them: a VampPrior may lie anywhere.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from matplotlib.figure import Figure as Canvas

from genlab.interfaces.figure import Figure, FigureContext
from genlab_vae.image_grid import draw_image_grid, row_centres
from genlab_vae.model import VAE
from genlab_vae.observed import by_activity, observed
from genlab_vae.prior_quantiles import prior_quantiles
from genlab_vae.standard_normal import StandardNormal

_MOST_ROWS = 10
_COLUMNS = 11
_REACH = 3.0
_NUM_OBSERVATIONS = 500


class Traversals(Figure):
    """A row for each of the ten latents whose posterior means vary most."""

    partners: ClassVar[Mapping[str, type]] = {"model": VAE}

    @torch.no_grad()
    def draw(self, context: FigureContext) -> Canvas | None:
        """Return the picture, or None for data that are no images."""
        spec = context.data.spec
        seen = observed(context, _NUM_OBSERVATIONS) if spec.is_image else None
        if seen is None:
            return None
        assert isinstance(seen.model, VAE)
        (means,) = seen.means.values()
        latents = by_activity(means)[:_MOST_ROWS]
        z = means[0].expand(len(latents), _COLUMNS, -1).clone()
        scores = torch.linspace(-_REACH, _REACH, _COLUMNS, dtype=z.dtype, device=z.device)
        values = prior_quantiles(seen.model, scores, context.generator)
        for row, latent in enumerate(latents):
            z[row, :, latent] = values[:, latent]
        images = seen.model.mean_given(z.flatten(0, 1)).reshape(*z.shape[:2], *spec.event_shape)
        height, width = images.shape[-2:]
        canvas = Canvas(figsize=(8, 0.9 + 8 * len(latents) * height / (_COLUMNS * width)), layout="constrained")
        axes = canvas.subplots()
        draw_image_grid(axes, images, spec.levels)
        axes.set_yticks(row_centres(len(latents), height), [f"$z_{{{latent}}}$" for latent in latents])
        axes.set_xticks(
            row_centres(_COLUMNS, width), [f"{round(score, 1) + 0.0:g}" for score in scores.tolist()], fontsize=8
        )
        axes.tick_params(length=0)
        standard = isinstance(seen.model.prior, StandardNormal)
        axes.set_xlabel(
            "$z_j$" if standard else "quantile of $z_j$ under the prior, named by a standard normal's", fontsize=9
        )
        axes.set_title("one latent at a time, the others at the posterior mean of a test image", fontsize=10)
        return canvas
