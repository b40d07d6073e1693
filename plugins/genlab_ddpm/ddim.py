"""Denoising diffusion implicit models: few steps of a chain with the same marginals and less noise.

    x_u = sqrt(alpha_bar_u) x_0_hat + sqrt(1 - alpha_bar_u - sigma^2) eps_hat + sigma noise
    sigma^2 = eta^2 (1 - alpha_bar_u) / (1 - alpha_bar_t) (1 - alpha_bar_t / alpha_bar_u),   from t to u < t

The timesteps are spread over 1..T, both ends included (see `grid`); the last step goes from 1 to 0. At eta = 0 a draw
is a function of x_T alone; at eta = 1 on all T timesteps it is ancestral sampling with the small variance.

Reference: Song, Meng & Ermon 2021, eqs. 12 and 16.
"""

import torch
from torch import Tensor

from genlab.errors import UsageError
from genlab.interfaces import Draws, LatentModel, Part
from genlab.interfaces.constraints import NonNegativeInt, PositiveInt, UnitFloat
from genlab_ddpm.flow_sampler import FlowSampler
from genlab_ddpm.grid import Spacing
from genlab_ddpm.guidance import Guidance, guided
from genlab_ddpm.model import DDPM
from genlab_ddpm.walk import check_steps, walk


class DDIM(FlowSampler):
    """Draw in few steps."""

    def __init__(
        self,
        model: DDPM,
        /,
        *,
        steps: PositiveInt = 50,
        eta: UnitFloat = 0.0,
        spacing: Spacing = "even",
        guidance: Part[Guidance] | None = None,
        corrections: NonNegativeInt = 1,
        frames: PositiveInt = 20,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            steps: how many steps, at most T.
            eta: how much noise a step adds: 0 none, 1 as much as the reverse chain.
            spacing: along which scale the timesteps lie evenly: t (even), its root (quadratic), the log-snr, or
                its sigma^(1/7) (karras).
            guidance: which class draws shall be of, where the model is told classes; by default none in particular.
            corrections: how often a step is corrected on the way from x to noise, each time by one more call.
            frames: how many states a trajectory keeps after the first, where one is asked for.

        Raises:
            IncompatibleError: when there are more steps than timesteps.
        """
        check_steps(model, steps)
        self.steps, self.spacing = steps, spacing
        self.corrections = corrections
        self._eta = eta
        self._frames = frames
        self.guidance = guided(guidance, model)

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        """Draw observations; a trajectory holds states in the data's own values, not rounded."""
        assert isinstance(model, DDPM)

        def step(x_t: Tensor, t: int, following: int) -> Tensor:
            x_0_hat, _ = model.denoise(x_t, t, self._ask)
            if following == 0:
                return x_0_hat
            return stochastic_step(model, x_t, x_0_hat, t, following, eta=self._eta, generator=generator)

        frames, timesteps = self._frames if trajectory else 0, self.timesteps(model)
        return walk(model, timesteps, step, num_draws, generator=generator, frames=frames, guidance=self.guidance)

    def flow_step(self, model: DDPM, x_t: Tensor, t: int, following: int) -> Tensor:
        """Return the state at the timestep `following`, below or above t, or 0.

        Raises:
            UsageError: where eta is above 0.
        """
        if self._eta:
            raise UsageError(
                f"sampler.eta must be 0 to find the noise behind an observation, got {self._eta:g}: each step would "
                "add noise of its own. Set it with -s sampler.eta=0."
            )
        x_0_hat, _ = model.denoise(x_t, t, self._ask)
        return stochastic_step(model, x_t, x_0_hat, t, following) if following else x_0_hat


def stochastic_step(
    model: DDPM,
    x_t: Tensor,
    x_0_hat: Tensor,
    t: int,
    following: int,
    *,
    eta: float = 0.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Return the state at timestep `following`, 1 or more; where eta is 0 it may be above t.

    Args:
        model: gives the chain.
        x_t: `(B, *X)`.
        x_0_hat: `(B, *X)`, the denoised x_t.
        t, following: timesteps.
        eta: how much noise is added, 0 to 1.
        generator: the only source of randomness; not used where eta is 0.
    """
    chain = model.chain
    noise_var, following_var = chain.noise[t - 1].square(), chain.noise[following - 1].square()
    eps_hat = (x_t - chain.signal[t - 1] * x_0_hat) / chain.noise[t - 1]
    share = chain.alpha_bar[t - 1] / chain.alpha_bar[following - 1]
    var = eta**2 * following_var / noise_var * (1 - share)
    x = chain.signal[following - 1] * x_0_hat + (following_var - var).clamp(min=0).sqrt() * eps_hat
    if eta == 0:
        return x
    return x + var.sqrt() * torch.randn(x.shape, generator=generator, dtype=x.dtype, device=x.device)
