"""Samplers that follow the probability flow, down from noise to data and up again.

Without noise of its own a sampler's step is a map, x_u = step(x_t) from t down to u, so a draw is a function of x_T.
Inverting it leads from data to that x_T: the same rule goes up, and each step is corrected a few times towards the
exact inverse of the one that leads down,

    x_t <- x_t + s_t / s_u [ x_u - step(x_t) ],   s_t = sqrt(alpha_bar_t), s_0 = 1 .

The error of going up and down again falls with the number of steps to the power 1 for DDIM and 3 for Heun's method,
whose first error has the other sign on the way back, and for each correction to one power more. Where steps are long,
many corrections need not converge.

Data of grey levels are not what the flow leads to: it ends at numbers near the levels, which are rounded. So their
way up begins at a draw of x_1 given x_0, as the bound's does. Begun at the levels themselves, it would end at
latents that no draw begins with: flat parts of an image would have no noise in them.

Between two latents lies the great circle, on which the length of a normal vector stays what it is.

Reference: Song, Meng & Ermon 2021 (DDIM), sections 4.3, 5.3 and 5.4, appendix D.5; Pan et al. 2023 (AIDI).
"""

import abc
from itertools import pairwise

import torch
from torch import Tensor

from genlab.interfaces import InvertibleSampler, LatentModel, VariationalFamily
from genlab_ddpm.diffusion_sampler import DiffusionSampler
from genlab_ddpm.grid import Spacing, grid
from genlab_ddpm.model import DDPM
from genlab_ddpm.walk import walk_down


class FlowSampler(DiffusionSampler, InvertibleSampler):
    """A sampler that can take its steps without noise, in both directions.

    Attributes:
        steps: how many steps lead from noise to data.
        spacing: along which scale their timesteps lie evenly.
        corrections: how often a step up is corrected.
    """

    steps: int
    spacing: Spacing
    corrections: int

    def timesteps(self, model: DDPM) -> list[int]:
        """Return where it stops on its way down, from T."""
        return grid(model.chain.log_snr, self.steps, self.spacing)

    @abc.abstractmethod
    def flow_step(self, model: DDPM, x_t: Tensor, t: int, following: int) -> Tensor:
        """Return the state `(B, *X)` at the timestep `following`, below or above t, or 0.

        Raises:
            UsageError: where the sampler's keys make its steps add noise.
        """

    @torch.no_grad()
    def find_latents(
        self, model: LatentModel, family: VariationalFamily, x: Tensor, *, generator: torch.Generator
    ) -> Tensor:
        """Return x_T, `(B, *X)`."""
        assert isinstance(model, DDPM)
        upwards = self.timesteps(model)[::-1]
        with model.chain.held():
            x_t = self._first(model, model.values.to_x_0(x), upwards[0], generator)
            for t, above in pairwise(upwards):
                x_t = self._corrected(model, self.flow_step(model, x_t, t, above), x_t, t, above)
        return x_t

    def draw_from(self, model: LatentModel, latents: Tensor) -> Tensor:
        """Return the observations `(B, *X)` that x_T leads to."""
        assert isinstance(model, DDPM)

        def step(x_t: Tensor, t: int, following: int) -> Tensor:
            return self.flow_step(model, x_t, t, following)

        return walk_down(model, latents, self.timesteps(model), step).x

    def between(self, first: Tensor, second: Tensor, share: float) -> Tensor:
        """Return the x_T on the great circle through two, `(B, *X)`."""
        return great_circle(first, second, share)

    def _first(self, model: DDPM, x_0: Tensor, t: int, generator: torch.Generator) -> Tensor:
        """Return the state to begin with, at the lowest timestep."""
        chain = model.chain
        if model.values.levels is None:
            return self._corrected(model, chain.signal[t - 1] * x_0, x_0, 0, t)
        eps = torch.randn(x_0.shape, generator=generator, dtype=x_0.dtype, device=x_0.device)
        return chain.signal[t - 1] * x_0 + chain.noise[t - 1] * eps

    def _corrected(self, model: DDPM, x_above: Tensor, x_t: Tensor, t: int, above: int) -> Tensor:
        """Return the state at `above`, moved towards the one whose step down to t is x_t."""
        signal = model.chain.signal
        ratio = signal[above - 1] / signal[t - 1] if t else signal[above - 1]
        for _ in range(self.corrections):
            x_above = x_above + ratio * (x_t - self.flow_step(model, x_above, above, t))
        return x_above


def great_circle(first: Tensor, second: Tensor, share: float) -> Tensor:
    """Return sin((1 - share) a) / sin(a) first + sin(share a) / sin(a) second, a the angle between the two.

    >>> great_circle(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]), 0.5)
    tensor([[0.7071, 0.7071]])

    Args:
        first, second: `(B, *X)`.
        share: 0 gives `first`, 1 gives `second`.
    """
    one, other = first.flatten(1), second.flatten(1)
    cosine = torch.nn.functional.cosine_similarity(one, other).clamp(-1, 1)
    angle = torch.acos(cosine)[:, None]
    sine = torch.sin(angle)
    # Along one line there is no circle; the straight way is its limit.
    straight = sine < 1e-6
    weights = [torch.where(straight, part, torch.sin(part * angle) / sine) for part in (1 - share, share)]
    return (weights[0] * one + weights[1] * other).reshape(first.shape)
