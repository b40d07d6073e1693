"""Ancestral sampling of the diffusion: every step of the reverse chain, the last one drawn too."""

from collections.abc import Mapping
from typing import ClassVar

import torch

from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.sampler import Draws, Sampler
from genlab.testing.reference.densities import standard_normal
from genlab.testing.reference.diffusion.model import Diffusion


class Ancestral(Sampler):
    """Draw x_T ~ N(0, I), then x_{t-1} from p(x_{t-1} | x_t) down to x_0."""

    partners: ClassVar[Mapping[str, type]] = {"model": Diffusion}

    @torch.no_grad()
    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        """Draw observations; a trajectory holds x_T..x_0."""
        if not isinstance(model, Diffusion):
            raise TypeError(f"model must be a Diffusion, got {type(model).__name__}.")
        like = next(model.denoiser.parameters())
        x = standard_normal((num_draws, *model.event_shape), like, generator=generator)
        states = [x]
        for t in range(model.chain.timesteps, 0, -1):
            mean, var = model.reverse(x, t)
            x = mean + var.sqrt() * standard_normal(tuple(x.shape), like, generator=generator)
            states.append(x)
        return Draws(x, torch.stack(states) if trajectory else None)
