"""The bound of every candidate of a run, the picked one marked."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure as Canvas

from genlab.interfaces.figure import Figure, FigureContext

_MOST_NAMES = 30


class CandidateBounds(Figure):
    """Draw the corrected bound against the candidate; restarts of the same values share a place."""

    def draw(self, context: FigureContext) -> Canvas | None:
        """Return the bounds, or None for a run without candidates."""
        rows = [row for row in context.candidates if row["corrected_nats"] is not None]
        if not rows:
            return None
        places = list(dict.fromkeys(_place(row) for row in rows))
        best = max(row["corrected_nats"] for row in rows)
        canvas = Canvas(figsize=(7, 4.2), layout="constrained")
        axes = canvas.subplots()
        tops = [max(row["corrected_nats"] for row in rows if _place(row) == place) for place in places]
        axes.plot(range(len(places)), tops, color="C0", alpha=0.4, linewidth=1)
        axes.plot([places.index(_place(row)) for row in rows], [row["corrected_nats"] for row in rows], "o", color="C0")
        axes.plot(tops.index(best), best, "o", color="C3", label="picked")
        axes.set_xticks(range(len(places)), places if len(places) <= _MOST_NAMES else [""] * len(places))
        axes.set(xlabel=_axis(rows), ylabel=_bound_name(rows))
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
        return canvas


def _place(row: Mapping[str, Any]) -> str:
    return ", ".join(str(value) for value in row["values"].values())


def _axis(rows: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(key.rpartition(".")[2] for key in rows[0]["values"]) or "restarts"


def _bound_name(rows: Sequence[Mapping[str, Any]]) -> str:
    corrected = any(row["log_symmetries_nats"] for row in rows)
    return f"bound on all training data{' + log symmetries' if corrected else ''}, nats"
