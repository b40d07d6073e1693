"""Ancestral sampling: every step of the learned reverse chain, as the model defines it.

    x_T ~ N(0, I);   x_{t-1} ~ p(x_{t-1} | x_t), t = T..2;   x_0 = the mean of p(x_0 | x_1), to the nearest level

Reference: Ho, Jain & Abbeel 2020, algorithm 2.
"""

import torch
from torch import Tensor

from genlab.interfaces import Draws, LatentModel, Part
from genlab.interfaces.constraints import PositiveInt
from genlab_ddpm.diffusion_sampler import DiffusionSampler
from genlab_ddpm.guidance import Guidance, guided
from genlab_ddpm.model import DDPM
from genlab_ddpm.walk import walk


class Ancestral(DiffusionSampler):
    """Draw by all T steps of the reverse chain."""

    def __init__(self, model: DDPM, /, *, guidance: Part[Guidance] | None = None, frames: PositiveInt = 20) -> None:
        """Make one from a recipe's keys.

        Args:
            guidance: which class draws shall be of, where the model is told classes; by default none in particular.
            frames: how many states a trajectory keeps after the first, where one is asked for.
        """
        self.guidance = guided(guidance, model)
        self._frames = frames

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        """Draw observations; a trajectory holds states in the data's own values, not rounded."""
        assert isinstance(model, DDPM)

        def step(x_t: Tensor, t: int, following: int) -> Tensor:
            mean, log_var = model.reverse(x_t, torch.full((len(x_t),), t, device=x_t.device), self._ask)
            if following == 0:
                return mean
            noise = torch.randn(x_t.shape, generator=generator, dtype=x_t.dtype, device=x_t.device)
            return mean + torch.exp(0.5 * log_var) * noise

        timesteps = range(model.timesteps, 0, -1)
        frames = self._frames if trajectory else 0
        return walk(model, timesteps, step, num_draws, generator=generator, frames=frames, guidance=self.guidance)
