"""The data and the fitted mixture: what each component explains, and what the next x may be.

p(x given data) = sum_k a_k / A p(x given component k, its parameters integrated over q)
"""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Ellipse
from torch import Tensor

from genlab.interfaces.data_source import DataSpec, Split
from genlab.interfaces.figure import Figure, FigureContext
from genlab_mixture.factors import GlobalFactors
from genlab_mixture.family import MeanField
from genlab_mixture.model import GaussianMixture

_NUM_ROWS = 20_000
_NUM_RUG = 200
_NUM_POINTS = 3_000
_NUM_NAMED = 10
"""How many components the legend names, the heaviest; the others are drawn."""


class MixtureDensity(Figure):
    """A histogram with the components in one dimension, points with ellipses in two."""

    partners: ClassVar[Mapping[str, type]] = {"model": GaussianMixture, "family": MeanField}

    @torch.no_grad()
    def draw(self, context: FigureContext) -> Canvas | None:
        """Return the picture, or None for data of three dimensions or more."""
        family = context.family
        if not isinstance(family, MeanField) or context.data.spec.num_dims > 2:
            return None
        rows = rows_to_show(context.data.train, context.generator, _NUM_ROWS)
        factors = family.factors()
        canvas = Canvas(figsize=(7, 4.5) if context.data.spec.num_dims == 1 else (6.5, 6), layout="constrained")
        axes = canvas.subplots()
        if context.data.spec.num_dims == 1:
            _draw_curves(axes, rows[~rows[:, 0].isnan(), 0], factors)
        else:
            _draw_ellipses(axes, rows, factors)
        names = axis_names(context.data.spec)
        axes.set(xlabel=names[0], ylabel=names[1] if len(names) == 2 else "density")
        axes.set_title(f"{context.data.spec.name}: {len(context.data.train):,} training observations", fontsize=10)
        num_others = len(factors.concentration) - _NUM_NAMED
        title = f"and {num_others} lighter components" if num_others > 0 else None
        axes.legend(frameon=False, fontsize=8, title=title, loc="upper right")
        return canvas


def rows_to_show(split: Split, generator: torch.Generator, most: int) -> Tensor:
    """Return observations spread evenly over the split, at most `most`, `(R, D)` on the CPU."""
    count = min(len(split), most)
    indices = torch.arange(count) * len(split) // count
    return next(iter(split.batches([indices], generator))).x.double().cpu()


def axis_names(spec: DataSpec) -> tuple[str, ...]:
    """Return what to call the coordinates: the columns' names, or x_1, x_2, ..."""
    if spec.columns:
        return tuple(spec.columns)
    return ("x",) if spec.num_dims == 1 else tuple(f"$x_{{{index + 1}}}$" for index in range(spec.num_dims))


def _draw_curves(axes: Any, x: Tensor, factors: GlobalFactors) -> None:
    """Draw the histogram, the rug, each weighted component and their sum."""
    weights, mean, scale = factors.expected_weights.cpu(), factors.components.mean[:, 0].cpu(), _scale(factors)
    margin = 0.05 * (x.max() - x.min()).item() + scale.max().sqrt().item()
    grid = torch.linspace(x.min().item() - margin, x.max().item() + margin, 600, dtype=torch.float64)
    log_density = factors.components.log_predictive(grid.unsqueeze(1).to(factors.concentration.device), None).cpu()
    curves = weights.unsqueeze(-1) * log_density.exp()
    axes.hist(x.numpy(), bins=_num_bins(len(x)), density=True, color="0.85", label="training data")
    rug = x[:: max(1, len(x) // _NUM_RUG)]
    axes.plot(rug.numpy(), torch.zeros_like(rug).numpy(), "|", color="0.3", markersize=8, clip_on=False, zorder=4)
    for rank, component in enumerate(weights.argsort(descending=True).tolist()):
        label = f"{component}: weight {weights[component]:.2f}, mean {mean[component]:,.4g}"
        color, shown = f"C{component % 10}", label if rank < _NUM_NAMED else None
        axes.plot(grid.numpy(), curves[component].numpy(), color=color, label=shown, zorder=3)
    axes.plot(grid.numpy(), curves.sum(0).numpy(), color="black", linewidth=2.5, label="predictive density")
    axes.set_ylim(0, None)


def _num_bins(count: int) -> int:
    return min(120, max(20, round(2 * math.cbrt(count))))


def _draw_ellipses(axes: Any, x: Tensor, factors: GlobalFactors) -> None:
    """Draw the observations, and around each component's mean two scales of its predictive x."""
    points = x[:: max(1, len(x) // _NUM_POINTS)].numpy()
    axes.scatter(points[:, 0], points[:, 1], s=5, color="0.6", linewidths=0, label="training data")
    weights, mean = factors.expected_weights.cpu(), factors.components.mean.cpu()
    lengths, directions = torch.linalg.eigh(_scale(factors))
    for rank, component in enumerate(weights.argsort(descending=True).tolist()):
        color = f"C{component % 10}"
        center = (mean[component, 0].item(), mean[component, 1].item())
        width, height = (4 * lengths[component].sqrt()).tolist()
        angle = math.degrees(math.atan2(directions[component, 1, 0].item(), directions[component, 0, 0].item()))
        label = f"{component}: weight {weights[component]:.2f}" if rank < _NUM_NAMED else None
        style = {"facecolor": "none", "edgecolor": color, "linewidth": 1.6}
        axes.add_patch(Ellipse(center, width, height, angle=angle, label=label, **style))
        axes.plot(*center, "+", color=color, markersize=9)
    axes.autoscale_view()


def _scale(factors: GlobalFactors) -> Tensor:
    return factors.components.predictive_scale.cpu()
