"""What the bound is made of, sweep by sweep: its terms stacked, those above zero upwards, those below downwards."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from matplotlib.figure import Figure as Canvas

from genlab.interfaces.figure import Figure, FigureContext
from genlab_mixture.family import MeanField
from genlab_mixture.model import GaussianMixture

_LOCAL = ("likelihood", "assignment_prior", "assignment_entropy")


class MixtureTerms(Figure):
    """The terms of the training bound against the step."""

    partners: ClassVar[Mapping[str, type]] = {"model": GaussianMixture, "family": MeanField}

    def draw(self, context: FigureContext) -> Canvas | None:
        """Return the picture, or None before two lines with terms have been logged."""
        lines = [line for line in context.history if line.get("term.likelihood_nats") is not None]
        if len(lines) < 2:
            return None
        names = [key.removeprefix("term.").removesuffix("_nats") for key in lines[0] if key.startswith("term.")]
        steps = np.array([line["step"] for line in lines])
        # A global term is logged as its whole value; an example's share of it is 1/N.
        shares = {name: 1.0 if name in _LOCAL else 1 / len(context.data.train) for name in names}
        values = {name: shares[name] * np.array([line[f"term.{name}_nats"] for line in lines]) for name in names}
        canvas = Canvas(figsize=(7.5, 4.2), layout="constrained")
        axes = canvas.subplots()
        colors = [f"C{index % 10}" for index in range(len(names))]
        above = [np.clip(values[name], 0, None) for name in names]
        below = [np.clip(values[name], None, 0) for name in names]
        axes.stackplot(steps, above, colors=colors, alpha=0.75, labels=[name.replace("_", " ") for name in names])
        axes.stackplot(steps, below, colors=colors, alpha=0.75)
        axes.plot(steps, [line["elbo_nats"] for line in lines], color="black", linewidth=2, label="bound (their sum)")
        axes.set(xlabel="step", ylabel="nats per example", xlim=(steps[0], steps[-1]))
        axes.set_title(f"{context.data.spec.name}: the terms of the training bound", fontsize=10)
        axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
        return canvas
