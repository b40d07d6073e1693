"""How much each latent tells: the divergence of its posterior from the prior, and whether it is active.

Where latents are not independent under posterior and prior, no divergence belongs to one of them, and the variance of
its posterior means is shown instead.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from matplotlib.figure import Figure as Canvas

from genlab.interfaces.figure import Figure, FigureContext
from genlab_vae.diagnostics import ACTIVE
from genlab_vae.model import VAE

_NUM_OBSERVATIONS = 2000
_BATCH_SIZE = 500
_MOST_LABELS = 64


class Latents(Figure):
    """A bar for each latent, the highest first; unused latents are grey."""

    partners: ClassVar[Mapping[str, type]] = {"model": VAE}

    @torch.no_grad()
    def draw(self, context: FigureContext) -> Canvas | None:
        """Return the picture, or None where the posterior is not one over the model's vector z."""
        assert isinstance(context.model, VAE)
        split = context.data.test if len(context.data.test) else context.data.train
        stop = min(_NUM_OBSERVATIONS, len(split))
        batches = split.in_order(_BATCH_SIZE, context.generator, stop=stop)
        series = context.model.diagnose(context.family, batches, generator=context.generator).series
        if not series:
            return None
        activity = series["activity_by_latent"]
        heights = series.get("kl_by_latent_nats", activity)
        order = sorted(range(len(heights)), key=lambda latent: -heights[latent])
        canvas = Canvas(figsize=(min(12, 5 + 0.2 * len(order)), 3.6), layout="constrained")
        axes = canvas.subplots()
        for active, color, label in (
            (True, "tab:blue", f"active: variance of its posterior mean above {ACTIVE}"),
            (False, "0.7", "unused"),
        ):
            places = [place for place, latent in enumerate(order) if (activity[latent] > ACTIVE) == active]
            if places:
                axes.bar(places, [heights[order[place]] for place in places], color=color, label=label)
        shown = range(0, len(order), -(-len(order) // _MOST_LABELS))
        axes.set_xticks(shown, [str(order[place]) for place in shown], fontsize=7)
        known = "kl_by_latent_nats" in series
        axes.set(xlabel="latent", ylabel="KL divergence (nats)" if known else "variance of the posterior mean")
        axes.margins(y=0.2)
        axes.legend(frameon=False, loc="upper right")  # where the bars are lowest
        title = f"{sum(value > ACTIVE for value in activity)} of {len(order)} latents are active"
        axes.set_title(title + (f", {sum(heights):.3g} nats in all" if known else ""), fontsize=10)
        return canvas
