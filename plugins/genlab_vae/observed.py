"""What the figures of a VAE look at: the first test observations and the means of their posteriors."""

from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.interfaces.figure import FigureContext
from genlab_vae.model import VAE
from genlab_vae.posterior import LatentPosterior


@dataclass(frozen=True)
class Observed:
    """Observations of a split.

    Attributes:
        model: the fitted VAE.
        x: `(B, *X)`, in the data's own values.
        y: `(B,)` labels, or None.
        means: `(B, J)`, E_q z of each.
    """

    model: VAE
    x: Tensor
    y: Tensor | None
    means: Tensor

    @property
    def by_activity(self) -> list[int]:
        """The latents, those whose posterior means vary most over the observations first."""
        order: list[int] = self.means.double().var(0, correction=0).argsort(descending=True, stable=True).tolist()
        return order


def observed(context: FigureContext, count: int) -> Observed | None:
    """Return the first `count` test observations, or training ones where there is no test split.

    None where the model is no VAE, or the posterior not one over its vector z.
    """
    split = context.data.test if len(context.data.test) else context.data.train
    batch = next(iter(split.batches([torch.arange(min(count, len(split)))], context.generator)))
    posterior = context.family.posterior(batch.x)
    if not isinstance(context.model, VAE) or not isinstance(posterior, LatentPosterior):
        return None
    return Observed(context.model, batch.x, batch.y, posterior.describe()["mean"])
