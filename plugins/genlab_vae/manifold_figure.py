"""All images of a VAE with two latents: the mean of x given z on a grid of quantiles of the prior.

Where z_0 and z_1 are independent, as under a standard normal, each image stands for as much probability as any other.

Reference: Kingma & Welling 2014, appendix A.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from matplotlib.figure import Figure as Canvas

from genlab.interfaces.figure import Figure, FigureContext
from genlab_vae.image_grid import draw_image_grid, row_centres
from genlab_vae.model import VAE
from genlab_vae.prior_quantiles import prior_quantiles

_SIZE = 21
_LABELLED = range(0, _SIZE, 5)


class Manifold(Figure):
    """A grid of images over the plane of z."""

    partners: ClassVar[Mapping[str, type]] = {"model": VAE}

    @torch.no_grad()
    def draw(self, context: FigureContext) -> Canvas | None:
        """Return the picture, or None for data that are no images and for other numbers of latents than two."""
        model, spec = context.model, context.data.spec
        if not isinstance(model, VAE) or not spec.is_image or model.latent_dim != 2:
            return None
        shares = (torch.arange(_SIZE, device=context.generator.device) + 0.5) / _SIZE
        across, up = prior_quantiles(model, torch.special.ndtri(shares), context.generator).unbind(1)
        down = up.flip(0)  # the largest z_1 at the top
        z = torch.stack(torch.meshgrid(across, down, indexing="xy"), dim=-1)
        images = model.mean_given(z.flatten(0, 1)).reshape(_SIZE, _SIZE, *spec.event_shape)
        height, width = images.shape[-2:]
        canvas = Canvas(figsize=(8, 0.8 + 8 * height / width), layout="constrained")
        axes = canvas.subplots()
        draw_image_grid(axes, images, spec.levels)
        columns, rows = row_centres(_SIZE, width), row_centres(_SIZE, height)
        axes.set_xticks([columns[place] for place in _LABELLED], [f"{across[place]:.2f}" for place in _LABELLED])
        axes.set_yticks([rows[place] for place in _LABELLED], [f"{down[place]:.2f}" for place in _LABELLED])
        axes.tick_params(length=0)
        axes.set(xlabel="$z_0$", ylabel="$z_1$")
        axes.set_title("the mean of x given z, on a grid of quantiles of the prior", fontsize=10)
        return canvas
