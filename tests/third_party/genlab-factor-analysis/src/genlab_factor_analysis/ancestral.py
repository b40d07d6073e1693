"""Ancestral draws: z ~ N(0, I), then x = W z + b + sqrt(psi) eps."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from genlab.interfaces import Draws, LatentModel, Sampler

from genlab_factor_analysis.model import FactorAnalysis


class Ancestral(Sampler):
    """Draw the factors from the prior, then x."""

    partners: ClassVar[Mapping[str, type]] = {"model": FactorAnalysis}

    @torch.no_grad()
    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        """Draw observations; there is no trajectory, so none is kept."""
        if not isinstance(model, FactorAnalysis):
            raise TypeError(f"model must be a FactorAnalysis, got {type(model).__name__}.")
        loc = model.loc
        z = torch.randn(num_draws, model.num_factors, generator=generator, device=loc.device, dtype=loc.dtype)
        eps = torch.randn(num_draws, model.num_dims, generator=generator, device=loc.device, dtype=loc.dtype)
        x = model.mean_given(z) + model.noise_var().sqrt() * eps
        return Draws(x.reshape(num_draws, *model.event_shape))
