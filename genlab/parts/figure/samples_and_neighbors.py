"""The draws that lie nearest to training images, above these images: what a model has memorized is seen at once."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure as Canvas
from torch import Tensor

from genlab.divergences.samples import nearest_of
from genlab.interfaces.figure import Figure, FigureContext

NUM_SHOWN = 12
READ_AT_ONCE = 500
MOST_TRAINING, MOST_TEST = 100_000, 100
GAP = 0.12
"""Between two images, as a share of their width."""
NARROWEST = 6.0
"""Inches that the words above and below take."""


class SamplesAndNeighbors(Figure):
    """Draw the samples nearest to training images in pixels, each with its image, nearest first.

    The number below a pair is its distance over the median distance of test images to theirs: about 1 where the model
    draws new images, near 0 for a copy.
    """

    def draw(self, context: FigureContext) -> Canvas | None:
        """Return the pairs; None without draws, or where the data are no images of one or three channels."""
        if context.draws is None or not context.data.spec.is_image or context.data.spec.event_shape[0] not in (1, 3):
            return None
        x = context.draws.x
        test = _first_test_images(context)
        squares, places = nearest_of(_rows(torch.cat([x, test])), _training_rows(context))
        distances, typical = squares[: len(x)].sqrt(), squares[len(x) :].sqrt()
        order = distances.argsort(stable=True)[:NUM_SHOWN]
        (neighbors,) = context.data.train.batches([places[order].cpu()], context.generator)
        labels, number = distances[order], "distance in pixels"
        if len(typical) and float(typical.median()) > 0:
            labels, number = labels / typical.median(), "distance over that of test images to theirs: near 0 is a copy"
        title = f"the {len(order)} of {len(x)} draws nearest to training images (above), and these images (below)"
        canvas = _picture(x[order], neighbors.x, labels, title, context.data.spec.levels)
        canvas.supxlabel(number, fontsize=8)
        return canvas


def _first_test_images(context: FigureContext) -> Tensor:
    test, draws = context.data.test, context.draws
    assert draws is not None
    stop = min(len(test), MOST_TEST)
    batches = test.in_order(MOST_TEST, context.generator, stop=stop) if stop else ()
    return torch.cat([draws.x[:0], *(batch.x.to(draws.x) for batch in batches)])


def _training_rows(context: FigureContext) -> Iterator[Tensor]:
    stop = min(len(context.data.train), MOST_TRAINING)
    for batch in context.data.train.in_order(READ_AT_ONCE, context.generator, stop=stop):
        yield _rows(batch.x)


def _rows(x: Tensor) -> Tensor:
    return x.flatten(1).double()


def _picture(draws: Tensor, neighbors: Tensor, labels: Tensor, title: str, levels: int | None) -> Canvas:
    both = [images.float().cpu().movedim(1, -1).numpy() for images in (draws, neighbors)]
    low, high = (0.0, levels - 1.0) if levels else (min(one.min() for one in both), max(one.max() for one in both))
    canvas = Canvas(figsize=(max(0.75 * len(draws) + 0.2, NARROWEST), 2.2), layout="constrained")
    axes = canvas.subplots()
    for row, images in enumerate(both):
        for column, image in enumerate(images):
            _show(axes, np.clip((image - low) / max(high - low, 1e-12), 0, 1), column, -row)
    for column, label in enumerate(labels.tolist()):
        axes.text(column + (1 - GAP) / 2, -1.08, f"{label:.2f}", ha="center", va="top", fontsize=8)
    axes.set(xlim=(0, len(draws) - GAP), ylim=(-1.2, 1 - GAP))
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_title(title, fontsize=9)
    return canvas


def _show(axes: Any, image: Any, left: float, bottom: float) -> None:
    picture = image[..., 0] if image.shape[-1] == 1 else image
    extent = (left, left + 1 - GAP, bottom, bottom + 1 - GAP)
    axes.imshow(picture, cmap="gray", vmin=0, vmax=1, extent=extent, interpolation="nearest")
