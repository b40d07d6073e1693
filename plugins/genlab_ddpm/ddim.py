"""Denoising diffusion implicit models: few steps of a chain with the same marginals and less noise.

    x_u = sqrt(alpha_bar_u) x_0_hat + sqrt(1 - alpha_bar_u - sigma^2) eps_hat + sigma noise
    sigma^2 = eta^2 (1 - alpha_bar_u) / (1 - alpha_bar_t) (1 - alpha_bar_t / alpha_bar_u),   from t to u < t

The timesteps are spread evenly over 1..T, both ends included, and rounded; the last step goes from 1 to 0. At eta = 0 a
draw is a function of x_T alone; at eta = 1 on all T timesteps it is ancestral sampling with the small variance.

Reference: Song, Meng & Ermon 2021, eqs. 12 and 16.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from genlab.errors import IncompatibleError
from genlab.interfaces import Draws, LatentModel, Sampler
from genlab.interfaces.constraints import PositiveInt, UnitFloat
from genlab_ddpm.model import DDPM
from genlab_ddpm.walk import walk


class DDIM(Sampler):
    """Draw in few steps."""

    partners: ClassVar[Mapping[str, type]] = {"model": DDPM}

    def __init__(
        self,
        model: DDPM,
        /,
        *,
        steps: PositiveInt = 50,
        eta: UnitFloat = 0.0,
        frames: PositiveInt = 20,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            steps: how many steps, at most T.
            eta: how much noise a step adds: 0 none, 1 as much as the reverse chain.
            frames: how many states a trajectory keeps after the first, where one is asked for.

        Raises:
            IncompatibleError: when there are more steps than timesteps.
        """
        if steps > model.timesteps:
            raise IncompatibleError(
                f"sampler.steps must be at most the model's {model.timesteps} timesteps, got {steps}. "
                "Lower sampler.steps."
            )
        self._steps = steps
        self._eta = eta
        self._frames = frames

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        """Draw observations; a trajectory holds states in the data's own values, not rounded."""
        assert isinstance(model, DDPM)

        def step(x_t: Tensor, t: int, following: int) -> Tensor:
            timesteps = torch.full((len(x_t),), t, device=x_t.device)
            x_0_hat = model.x_0_hat(model.network(x_t, timesteps), x_t, timesteps)
            if following == 0:
                return x_0_hat
            return _move(model, x_t, x_0_hat, t, following, eta=self._eta, generator=generator)

        frames = self._frames if trajectory else 0
        timesteps = grid(model.timesteps, self._steps)
        return walk(model, timesteps, step, num_draws, generator=generator, frames=frames)


def grid(timesteps: int, steps: int) -> list[int]:
    """Return `steps` timesteps from T down to 1, spread evenly; T alone for one step.

    >>> grid(1000, 5)
    [1000, 750, 500, 251, 1]
    """
    return torch.linspace(timesteps, 1, steps, dtype=torch.float64).round().long().tolist()


def _move(
    model: DDPM, x_t: Tensor, x_0_hat: Tensor, t: int, following: int, *, eta: float, generator: torch.Generator
) -> Tensor:
    """Return the state at timestep `following`, 1 or more."""
    chain = model.chain
    noise_var, following_var = chain.noise[t - 1].square(), chain.noise[following - 1].square()
    eps_hat = (x_t - chain.signal[t - 1] * x_0_hat) / chain.noise[t - 1]
    share = chain.alpha_bar[t - 1] / chain.alpha_bar[following - 1]
    var = eta**2 * following_var / noise_var * (1 - share)
    x = chain.signal[following - 1] * x_0_hat + (following_var - var).clamp(min=0).sqrt() * eps_hat
    if eta == 0:
        return x
    return x + var.sqrt() * torch.randn(x.shape, generator=generator, dtype=x.dtype, device=x.device)
