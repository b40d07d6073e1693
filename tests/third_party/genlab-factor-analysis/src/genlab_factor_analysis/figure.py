"""What each factor does to each column, and how much of a column the factors explain.

The communality of column d is sum_j W_dj^2 / (sum_j W_dj^2 + psi_d), the share of its variance that is shared.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from genlab.interfaces import DataSpec, Figure, FigureContext
from matplotlib.figure import Figure as Canvas
from torch import Tensor

from genlab_factor_analysis.model import FactorAnalysis
from genlab_factor_analysis.principal_axes import principal_axes

_MOST_TILES = 15


class FactorLoadings(Figure):
    """A heat map with the communalities beside it; for images, each factor as an image."""

    partners: ClassVar[Mapping[str, type]] = {"model": FactorAnalysis}

    @torch.no_grad()
    def draw(self, context: FigureContext) -> Canvas | None:
        """Return the picture; the factors are rotated to their principal axes."""
        model = context.model
        if not isinstance(model, FactorAnalysis):
            return None
        noise_var = model.noise_var().double().cpu()
        loadings = principal_axes(model.loadings.detach().double().cpu(), noise_var)
        shared = loadings.square().sum(1)
        communalities = shared / (shared + noise_var)
        if context.data.spec.is_image:
            return _images(loadings, communalities, context.data.spec)
        return _heat_map(loadings, communalities, context.data.spec)


def _heat_map(loadings: Tensor, communalities: Tensor, spec: DataSpec) -> Canvas:
    num_columns, num_factors = loadings.shape
    height = min(12.0, 2.0 + 0.25 * num_columns)
    canvas = Canvas(figsize=(4.5 + 0.4 * num_factors, height), layout="constrained")
    left, right = canvas.subplots(1, 2, sharey=True, width_ratios=(max(2, num_factors), 2))
    limit = loadings.abs().max().item() or 1.0
    picture = left.imshow(loadings.numpy(), cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
    left.set(xlabel="factor", title=f"{spec.name}: loadings", xticks=range(num_factors))
    left.set_yticks(range(num_columns), spec.columns or [f"column {index}" for index in range(num_columns)])
    canvas.colorbar(picture, ax=left, location="left", label="loading, in the data's units")
    right.barh(range(num_columns), communalities.numpy(), color="0.5")
    right.set(xlabel="communality", xlim=(0, 1))
    return canvas


def _images(loadings: Tensor, communalities: Tensor, spec: DataSpec) -> Canvas:
    shown = loadings[:, :_MOST_TILES]
    tiles = [communalities, *shown.T]
    titles = ["communality", *(f"factor {index}" for index in range(shown.shape[1]))]
    columns = min(4, len(tiles))
    rows = -(-len(tiles) // columns)
    canvas = Canvas(figsize=(1.9 * columns, 2.1 * rows), layout="constrained")
    limit = shown.abs().max().item() or 1.0
    for index, axes in enumerate(canvas.subplots(rows, columns, squeeze=False).flat):
        axes.set_axis_off()
        if index < len(tiles):
            style: dict[str, Any] = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
            style = style if index else {"cmap": "gray", "vmin": 0.0, "vmax": 1.0}
            axes.imshow(tiles[index].reshape(spec.event_shape).mean(0).numpy(), **style)
            axes.set_title(titles[index], fontsize=9)
    return canvas
