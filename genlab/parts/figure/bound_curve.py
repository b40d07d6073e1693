"""The bound against the step, in training and on validation data."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure as Canvas

from genlab.interfaces.figure import Figure, FigureContext


class BoundCurve(Figure):
    """Draw the bound, and the objective where that is not the bound."""

    def draw(self, context: FigureContext) -> Canvas | None:
        """Return the curves, or None before two lines have been logged."""
        if len(context.history) < 2:
            return None
        bound, unit = (
            ("bits_per_dim", "bits per dimension")
            if _has(context.history, "bits_per_dim")
            else (
                "elbo_nats",
                "bound, nats per example",
            )
        )
        surrogates = sorted({key for line in context.history for key in line if key.startswith("objective_")})
        canvas = Canvas(figsize=(7, 4.2), layout="constrained")
        axes = canvas.subplots()
        _plot(axes, context.history, bound, "training", "C0", alpha=0.6)
        _plot(axes, context.history, f"validation_{bound}", "validation", "C1", marker="o")
        axes.set(xlabel="step", ylabel=unit)
        _frame(axes, [line.get(bound) for line in context.history])
        axes.grid(alpha=0.3)
        if surrogates:
            right = axes.twinx()
            _plot(right, context.history, surrogates[0], surrogates[0].replace("_", " "), "C2", alpha=0.4)
            right.set(yscale="log", ylabel=surrogates[0].replace("_", " "))
            right.legend(loc="upper center", frameon=False)
        axes.legend(frameon=False)
        return canvas


def _has(history: Sequence[Mapping[str, Any]], key: str) -> bool:
    return any(line.get(key) is not None for line in history)


def _plot(axes: Any, history: Sequence[Mapping[str, Any]], key: str, label: str, color: str, **style: Any) -> None:
    points = [(line["step"], line[key]) for line in history if line.get(key) is not None]
    if points:
        axes.plot(*zip(*points, strict=True), label=label, color=color, markersize=3, **style)


def _frame(axes: Any, values: Sequence[float | None]) -> None:
    """Leave the first tenth of the run out of the vertical range: it would flatten the rest."""
    late = [value for value in values[len(values) // 10 :] if value is not None]
    if late and max(late) > min(late):
        margin = 0.15 * (max(late) - min(late))
        axes.set_ylim(min(late) - margin, max(late) + margin)
