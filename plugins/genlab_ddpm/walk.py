"""A walk of samplers from noise to data: x_T, then one state after another down to x_0.

A walk is a list of timesteps T = t_1 > t_2 > .. > t_S >= 1 and a rule for a single step from t_i to t_{i+1}, the last
to 0.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from genlab.interfaces import Draws
from genlab_ddpm.guidance import Guidance
from genlab_ddpm.misfits import count_misfit, refuse
from genlab_ddpm.model import DDPM

Step = Callable[[Tensor, int, int], Tensor]
"""From (x_t, t, the next timestep or 0) to the next state."""


def check_steps(model: DDPM, steps: int) -> None:
    """Raise unless a sampler's steps fit the model's timesteps.

    Raises:
        IncompatibleError: when there are more steps than timesteps.
    """
    refuse(count_misfit("sampler.steps", steps, model.timesteps))


def walk(
    model: DDPM,
    timesteps: Sequence[int],
    step: Step,
    num_draws: int,
    *,
    generator: torch.Generator,
    frames: int,
    guidance: Guidance | None = None,
) -> Draws:
    """Draw observations by walking down from noise.

    Args:
        model: the fitted model.
        timesteps: where the walk stops on its way, from T down.
        step: one step.
        num_draws: how many observations.
        generator: the only source of randomness, on the model's device.
        frames: how many states to keep besides the first; 0 keeps no trajectory.
        guidance: what says which classes the draws are of.
    """
    like = model.chain.beta
    noise = torch.randn((num_draws, *model.event_shape), generator=generator, dtype=like.dtype, device=like.device)
    draws = walk_down(model, noise, timesteps, step, frames=frames)
    classes = None if guidance is None else guidance.classes(num_draws)
    return draws if classes is None else replace(draws, y=classes.to(draws.x.device))


@torch.no_grad()
def walk_down(model: DDPM, x: Tensor, timesteps: Sequence[int], step: Step, *, frames: int = 0) -> Draws:
    """Return the observations that a walk leads to.

    Args:
        model: the fitted model.
        x: x_T, `(B, *X)`, the state to begin with.
        timesteps, step, frames: as for `walk`.
    """
    kept = {round(index * len(timesteps) / frames) for index in range(1, frames + 1)} if frames else set()
    states = [x]
    with model.chain.held():
        for index, (t, following) in enumerate(zip(timesteps, [*timesteps[1:], 0], strict=True), start=1):
            x = step(x, t, following)
            if index in kept:
                states.append(x)
    trajectory = model.values.from_x_0(torch.stack(states)) if frames else None
    return Draws(model.values.nearest(x), trajectory)
