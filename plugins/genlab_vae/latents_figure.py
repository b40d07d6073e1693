"""How much each latent tells: the divergence of its posterior from the prior, and whether it is active.

Where latents are not independent under posterior and prior, no divergence belongs to one of them, and the variance of
its posterior means is shown instead.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from genlab.interfaces.figure import Figure, FigureContext
from genlab_vae.diagnostics import ACTIVE
from genlab_vae.directed import DirectedModel

_NUM_OBSERVATIONS = 2000
_BATCH_SIZE = 500
_MOST_LABELS = 64


class Latents(Figure):
    """A bar for each latent, the highest first; unused latents are grey."""

    partners: ClassVar[Mapping[str, type]] = {"model": DirectedModel}

    @torch.no_grad()
    def draw(self, context: FigureContext) -> Canvas | None:
        """Return the picture, or None where the posterior describes no means of its latents."""
        split = context.data.test if len(context.data.test) else context.data.train
        stop = min(_NUM_OBSERVATIONS, len(split))
        batches = split.in_order(_BATCH_SIZE, context.generator, stop=stop)
        series = context.model.diagnose(context.family, batches, generator=context.generator).series
        activities = {name: values for name, values in series.items() if name.startswith("activity_by_")}
        if not activities:
            return None
        most = max(map(len, activities.values()))
        canvas = Canvas(figsize=(min(12, 5 + 0.2 * most), 3.6 * len(activities)), layout="constrained")
        rows = canvas.subplots(len(activities), squeeze=False)[:, 0]
        for axes, (name, activity) in zip(rows, activities.items(), strict=True):
            divergences = series.get("kl_by_latent_nats") if len(activities) == 1 else None
            _draw_bars(axes, name.removeprefix("activity_by_").replace("_", " "), activity, divergences)
        return canvas


def _draw_bars(axes: Axes, what: str, activity: Sequence[float], divergences: Sequence[float] | None) -> None:
    """Draw the latents of a layer, `what` in the singular, by their divergences where they have their own."""
    heights = activity if divergences is None else divergences
    order = sorted(range(len(heights)), key=lambda latent: -heights[latent])
    for active, color, label in (
        (True, "tab:blue", f"active: variance of its posterior mean above {ACTIVE}"),
        (False, "0.7", "unused"),
    ):
        places = [place for place, latent in enumerate(order) if (activity[latent] > ACTIVE) == active]
        if places:
            axes.bar(places, [heights[order[place]] for place in places], color=color, label=label)
    shown = range(0, len(order), -(-len(order) // _MOST_LABELS))
    axes.set_xticks(shown, [str(order[place]) for place in shown], fontsize=7)
    axes.set(xlabel=what, ylabel="variance of the posterior mean" if divergences is None else "KL divergence (nats)")
    axes.margins(y=0.2)
    axes.legend(frameon=False, loc="upper right")  # where the bars are lowest
    title = f"{sum(value > ACTIVE for value in activity)} of {len(order)} {what}s are active"
    axes.set_title(title + (f", {sum(divergences):.3g} nats in all" if divergences else ""), fontsize=10)
