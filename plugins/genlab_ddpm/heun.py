"""Heun's method on the probability-flow equation: second order, two network calls a step.

With s_t = sqrt(alpha_bar_t), n_t = sqrt(1 - alpha_bar_t), y = x / s and sigma = n / s the flow is

    dy / dsigma = eps_hat(x, t)

and a step from t to u is an Euler step (which is DDIM at eta = 0), then the mean of the slopes at its two ends:

    y' = y_t + (sigma_u - sigma_t) eps_hat(x_t, t)
    y_u = y_t + (sigma_u - sigma_t) / 2 [ eps_hat(x_t, t) + eps_hat(s_u y', u) ]

The last step, from 1 to 0, where sigma is 0, is Euler's: it returns x_0_hat.

Reference: Karras et al. 2022, algorithm 1; Song et al. 2021 (score-based models), eq. 13.
"""

import torch
from torch import Tensor

from genlab.interfaces import Draws, LatentModel, Part
from genlab.interfaces.constraints import NonNegativeInt, PositiveInt
from genlab_ddpm.flow_sampler import FlowSampler
from genlab_ddpm.grid import Spacing
from genlab_ddpm.guidance import Guidance, guided
from genlab_ddpm.model import DDPM, Ask
from genlab_ddpm.walk import check_steps, walk


class Heun(FlowSampler):
    """Follow the probability flow, correcting every step."""

    def __init__(
        self,
        model: DDPM,
        /,
        *,
        steps: PositiveInt = 18,
        spacing: Spacing = "log-snr",
        guidance: Part[Guidance] | None = None,
        corrections: NonNegativeInt = 1,
        frames: PositiveInt = 20,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            steps: how many steps, at most T; the network is called twice in each but the last.
            spacing: along which scale the timesteps lie evenly: t (even), its root (quadratic), the log-snr, or
                its sigma^(1/7) (karras).
            guidance: which class draws shall be of, where the model is told classes; by default none in particular.
            corrections: how often a step is corrected on the way from x to noise, each time by two more calls.
            frames: how many states a trajectory keeps after the first, where one is asked for.

        Raises:
            IncompatibleError: when there are more steps than timesteps, or the guidance does not fit.
        """
        check_steps(model, steps)
        self.steps, self.spacing = steps, spacing
        self.corrections, self._frames = corrections, frames
        self.guidance = guided(guidance, model)

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        """Draw observations; a trajectory holds states in the data's own values, not rounded."""
        assert isinstance(model, DDPM)

        def step(x_t: Tensor, t: int, following: int) -> Tensor:
            return self.flow_step(model, x_t, t, following)

        frames, timesteps = self._frames if trajectory else 0, self.timesteps(model)
        return walk(model, timesteps, step, num_draws, generator=generator, frames=frames, guidance=self.guidance)

    def flow_step(self, model: DDPM, x_t: Tensor, t: int, following: int) -> Tensor:
        """Return the state at the timestep `following`, below or above t, or 0."""
        x_0_hat, _ = model.denoise(x_t, t, self._ask)
        return _heun_step(model, x_t, x_0_hat, t, following, self._ask) if following else x_0_hat


def _heun_step(model: DDPM, x_t: Tensor, x_0_hat: Tensor, t: int, following: int, ask: Ask | None = None) -> Tensor:
    """Return the state at timestep `following`, 1 or more, below or above t.

    Args:
        model: gives the chain and the second slope.
        x_t: `(B, *X)`.
        x_0_hat: `(B, *X)`, the denoised x_t.
        t, following: timesteps.
        ask: as `DDPM.denoise` takes it.
    """
    chain = model.chain
    signal, ratio = chain.signal[t - 1], chain.noise[t - 1] / chain.signal[t - 1]
    next_signal, next_ratio = chain.signal[following - 1], chain.noise[following - 1] / chain.signal[following - 1]
    y, change = x_t / signal, next_ratio - ratio
    slope = (y - x_0_hat) / ratio
    euler = y + change * slope
    next_slope = (euler - model.denoise(next_signal * euler, following, ask)[0]) / next_ratio
    return next_signal * (y + 0.5 * change * (slope + next_slope))
