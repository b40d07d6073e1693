"""Figures with one fault each."""

from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure as Canvas

from genlab.interfaces import Figure, FigureContext


class MovesTheModel(Figure):
    """Trains a little, for a prettier picture."""

    def draw(self, context: FigureContext) -> Canvas | None:
        for parameter in context.model.parameters():
            parameter.data.mul_(0.99)
        return Canvas()


class GlobalNoise(Figure):
    """Scatters points by numpy's global generator."""

    def draw(self, context: FigureContext) -> Canvas | None:
        canvas = Canvas()
        canvas.subplots().plot(np.random.rand(5))
        return canvas


class OtherEachTime(Figure):
    """Scatters points by a generator that starts anywhere."""

    def draw(self, context: FigureContext) -> Canvas | None:
        canvas, generator = Canvas(), torch.Generator()
        generator.seed()
        canvas.subplots().plot(torch.rand(5, generator=generator).numpy())
        return canvas


class NoCanvas(Figure):
    """Returns what is no figure."""

    def draw(self, context: FigureContext) -> Any:
        return "picture.png"


class WantsAKey(Figure):
    """Cannot be built without a key, which no recipe gives."""

    def __init__(self, *, bins: int) -> None:
        """Make one.

        Args:
            bins: how many.
        """

    def draw(self, context: FigureContext) -> Canvas | None:
        return None
