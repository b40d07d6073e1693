"""Ancestral sampling of the linear Gaussian model: z from the prior, then x given z."""

from collections.abc import Mapping
from typing import ClassVar

import torch

from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.sampler import Draws, Sampler
from genlab.testing.reference.linear_gaussian.model import LinearGaussian


class Ancestral(Sampler):
    """Draw z ~ N(0, I) and x given z."""

    partners: ClassVar[Mapping[str, type]] = {"model": LinearGaussian}

    @torch.no_grad()
    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        """Draw observations; there is no trajectory, so none is kept."""
        if not isinstance(model, LinearGaussian):
            raise TypeError(f"model must be a LinearGaussian, got {type(model).__name__}.")
        _, x = model.sample_joint(num_draws, generator=generator)
        return Draws(x)
