"""What the figures of a VAE look at: the first test observations and the means of their posteriors."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.interfaces.figure import FigureContext
from genlab_vae.directed import DirectedModel
from genlab_vae.posterior import means_by_layer


@dataclass(frozen=True)
class Observed:
    """Observations of a split.

    Attributes:
        model: the fitted VAE.
        x: `(B, *X)`, in the data's own values.
        y: `(B,)` labels, or None.
        means: E_q z of each, `(B, J)`, by layer; `""` names an only one.
    """

    model: DirectedModel
    x: Tensor
    y: Tensor | None
    means: Mapping[str, Tensor]


def observed(context: FigureContext, count: int) -> Observed | None:
    """Return the first `count` test observations, or training ones where there is no test split.

    None where the model is no VAE, or the posterior describes no means of its latents.
    """
    split = context.data.test if len(context.data.test) else context.data.train
    batch = next(iter(split.batches([torch.arange(min(count, len(split)))], context.generator)))
    means = means_by_layer(context.family.posterior(batch.x))
    if not isinstance(context.model, DirectedModel) or not means:
        return None
    return Observed(context.model, batch.x, batch.y, means)


def by_activity(means: Tensor) -> list[int]:
    """Return the latents of `(B, J)` posterior means, those that vary most over the observations first."""
    order: list[int] = means.double().var(0, correction=0).argsort(descending=True, stable=True).tolist()
    return order
