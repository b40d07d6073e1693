"""Ancestral sampling: z from the prior, then x from the likelihood given z; and x reconstructed.

    z ~ p(z), x ~ p(x given z)          x to E[z given x] under q, and that to E[x given z]

Where the latents lie in layers, they stand one after the other.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from genlab.errors import UsageError
from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.reconstructing_sampler import ReconstructingSampler
from genlab.interfaces.sampler import Draws
from genlab.interfaces.variational_family import VariationalFamily
from genlab_vae.directed import DirectedModel
from genlab_vae.posterior import means_by_layer


class Ancestral(ReconstructingSampler):
    """Draw z from the prior and x given z."""

    partners: ClassVar[Mapping[str, type]] = {"model": DirectedModel}

    def __init__(self, *, mean: bool = False) -> None:
        """Make one from a recipe's keys.

        Args:
            mean: show the mean of x given z, which has no pixel noise, instead of a draw of x.
        """
        self.mean = mean

    @torch.no_grad()
    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        """Draw observations; there is no trajectory, so none is kept."""
        if not isinstance(model, DirectedModel):
            raise TypeError(f"model must be a DirectedModel, got {type(model).__name__}.")
        z = model.sample_prior(num_draws, generator=generator)
        x = model.mean_given(z) if self.mean else model.sample_given(z, generator=generator)
        return Draws(x)

    @torch.no_grad()
    def find_latents(
        self, model: LatentModel, family: VariationalFamily, x: Tensor, *, generator: torch.Generator
    ) -> Tensor:
        """Return the posterior mean of z, `(B, J)`, of all layers side by side; nothing is drawn.

        Raises:
            UsageError: when the family's posterior describes no mean of a layer.
        """
        assert isinstance(model, DirectedModel)
        means = means_by_layer(family.posterior(x))
        if means.keys() != model.layers.keys():
            raise UsageError(
                f"family must say where the mean of z is to reconstruct x, got {type(family).__name__}, which does "
                "not. Use another."
            )
        return torch.cat([means[layer] for layer in model.layers], 1)

    @torch.no_grad()
    def draw_from(self, model: LatentModel, latents: Tensor) -> Tensor:
        """Return E[x given z], `(B, *X)`, for latents `(B, J)` as `find_latents` returns them."""
        assert isinstance(model, DirectedModel)
        parts = torch.split(latents, list(model.layers.values()), dim=1)
        return model.mean_given(model.latents_at(dict(zip(model.layers, parts, strict=True))))

    def between(self, first: Tensor, second: Tensor, share: float) -> Tensor:
        """Return latents on the straight line between two, `(B, J)`: the prior may be any, and has no great circles."""
        return torch.lerp(first, second, share)
