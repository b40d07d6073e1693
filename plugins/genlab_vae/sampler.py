"""Ancestral sampling: z from the prior, then x from the likelihood given z."""

from collections.abc import Mapping
from typing import ClassVar

import torch

from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.sampler import Draws, Sampler
from genlab_vae.directed import DirectedModel


class Ancestral(Sampler):
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
