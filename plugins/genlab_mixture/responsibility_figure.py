"""Which component each x belongs to: the responsibilities phi under the fitted q.

phi_k(x) = q(z = k given x)
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from matplotlib import colormaps
from matplotlib.figure import Figure as Canvas
from torch import Tensor

from genlab.interfaces.figure import Figure, FigureContext
from genlab_mixture.density_figure import axis_names, rows_to_show
from genlab_mixture.family import MeanField
from genlab_mixture.model import GaussianMixture

_NUM_POINTS = 2_000
_NUM_COLUMNS = 400
_GRID = 600
_NUM_NAMED = 20
"""How many components the legend names, those with the largest share of the picture."""


class MixtureResponsibilities(Figure):
    """Shares over the axis in one dimension, coloured points in two, a map of observations in more."""

    partners: ClassVar[Mapping[str, type]] = {"model": GaussianMixture, "family": MeanField}

    @torch.no_grad()
    def draw(self, context: FigureContext) -> Canvas | None:
        """Return the picture, or None where there is one component."""
        family, spec = context.family, context.data.spec
        assert isinstance(family, MeanField)
        if len(family.log_concentration) == 1:
            return None
        rows = rows_to_show(context.data.train, context.generator, _NUM_POINTS)
        canvas = Canvas(figsize=(7, 3.6) if spec.num_dims != 2 else (6.5, 6), layout="constrained")
        axes = canvas.subplots()
        if spec.num_dims == 1:
            _draw_shares(axes, rows[:, 0], family)
        elif spec.num_dims == 2:
            _draw_points(axes, rows, family)
        else:
            _draw_map(axes, rows, family)
        if spec.num_dims <= 2:
            names = axis_names(spec)
            axes.set(xlabel=names[0], ylabel=names[1] if spec.num_dims == 2 else "responsibility")
        axes.set_title(f"{spec.name}: which component each observation belongs to", fontsize=10)
        return canvas


def _phi(rows: Tensor, family: MeanField) -> Tensor:
    """Return the responsibilities `(K, R)` of rows `(R, D)` on the CPU."""
    phi: Tensor = family.posterior(rows.to(family.log_concentration.device)).log_phi.exp().cpu().double()
    return phi


def _draw_shares(axes: Any, x: Tensor, family: MeanField) -> None:
    observed = x[~x.isnan()]
    margin = 0.05 * (observed.max() - observed.min()).item() or 1.0
    grid = torch.linspace(observed.min().item() - margin, observed.max().item() + margin, _GRID, dtype=torch.float64)
    phi = _phi(grid.unsqueeze(1), family)
    colors = [f"C{component % 10}" for component in range(len(phi))]
    named = set(phi.sum(1).argsort(descending=True, stable=True)[:_NUM_NAMED].tolist())
    labels = [str(component) if component in named else "" for component in range(len(phi))]  # "" is in no legend
    axes.stackplot(grid.numpy(), phi.numpy(), colors=colors, alpha=0.75, labels=labels)
    axes.plot(observed.numpy(), np.full(len(observed), -0.03), "|", color="0.3", markersize=7, clip_on=False)
    axes.set(xlim=(grid[0].item(), grid[-1].item()), ylim=(0, 1))
    axes.legend(title="component", frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))


def _draw_points(axes: Any, rows: Tensor, family: MeanField) -> None:
    phi = _phi(rows, family)
    axes.scatter(rows[:, 0].numpy(), rows[:, 1].numpy(), s=12, linewidths=0, c=_blended(phi))


def _blended(phi: Tensor) -> Any:
    """Return the components' colours mixed by the responsibilities, `(R, 3)`."""
    palette = np.array([colormaps["tab10"](component % 10)[:3] for component in range(len(phi))])
    return np.clip(phi.T.numpy() @ palette, 0, 1)


def _draw_map(axes: Any, rows: Tensor, family: MeanField) -> None:
    phi = _phi(rows[:: max(1, len(rows) // _NUM_COLUMNS)], family)
    order = np.lexsort((-phi.max(0).values.numpy(), phi.argmax(0).numpy()))
    picture = axes.imshow(phi[:, order].numpy(), aspect="auto", vmin=0, vmax=1, cmap="Greys", interpolation="nearest")
    axes.set(xlabel="training observations, by their likeliest component", ylabel="component", yticks=range(len(phi)))
    axes.figure.colorbar(picture, ax=axes, label="responsibility")
