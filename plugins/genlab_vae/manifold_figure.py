"""All images of a VAE with two latents: the mean of x given z on a grid of equally probable z.

The grid's lines are quantiles of the prior, as draws from it tell them, so that each image stands for as much
probability as any other. Reference: Kingma & Welling 2014, appendix A.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from matplotlib.figure import Figure as Canvas

from genlab.interfaces.figure import Figure, FigureContext
from genlab_vae.image_grid import draw_image_grid, row_centres
from genlab_vae.model import VAE

_SIZE = 20
_PRIOR_DRAWS = 10_000


class Manifold(Figure):
    """A grid of images over the plane of z."""

    partners: ClassVar[Mapping[str, type]] = {"model": VAE}

    @torch.no_grad()
    def draw(self, context: FigureContext) -> Canvas | None:
        """Return the picture, or None for data that are no images and for other numbers of latents than two."""
        model, spec = context.model, context.data.spec
        if not isinstance(model, VAE) or not spec.is_image or model.latent_dim != 2:
            return None
        draws = model.sample_prior(_PRIOR_DRAWS, generator=context.generator)
        shares = (torch.arange(_SIZE, dtype=draws.dtype, device=draws.device) + 0.5) / _SIZE
        across, up = torch.quantile(draws, shares, dim=0).unbind(1)
        z = torch.stack(torch.meshgrid(across, up.flip(0), indexing="xy"), dim=-1)  # the largest z_1 at the top
        images = model.mean_given(z.flatten(0, 1)).reshape(_SIZE, _SIZE, *spec.event_shape)
        height, width = images.shape[-2:]
        canvas = Canvas(figsize=(8, 0.8 + 8 * height / width), layout="constrained")
        axes = canvas.subplots()
        draw_image_grid(axes, images, spec.levels)
        ends = [0, _SIZE // 2, _SIZE - 1]
        axes.set_xticks([row_centres(_SIZE, width)[end] for end in ends], [f"{across[end]:.2g}" for end in ends])
        axes.set_yticks([row_centres(_SIZE, height)[end] for end in ends], [f"{up.flip(0)[end]:.2g}" for end in ends])
        axes.tick_params(length=0)
        axes.set(xlabel="$z_0$", ylabel="$z_1$")
        axes.set_title("the mean of x on a grid of equally probable z", fontsize=10)
        return canvas
