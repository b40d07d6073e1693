"""Where the bits go: what each timestep costs the bound, and what the network sees there.

    cost(t) = sum over s >= t of L_{s-1}, in bits per dimension, with L_0 at t = 1

Read from the right, the curve is a code for x in the making: pure noise costs nothing, and the last steps, which settle
every grey level, cost most. Below it stand test images at some timesteps, and the x_0 that the network makes of them.
"""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from matplotlib.figure import Figure as Canvas
from torch import Tensor

from genlab.interfaces import Figure, FigureContext
from genlab_ddpm.family import ForwardDiffusion
from genlab_ddpm.model import DDPM
from genlab_ddpm.terms import step_kl

_NUM_IMAGES = 32
_NUM_TIMESTEPS = 40
_NUM_SHOWN = 10


class DiffusionTerms(Figure):
    """The cost of the timesteps, above noisy images and what the network makes of them."""

    partners: ClassVar[Mapping[str, type]] = {"model": DDPM, "family": ForwardDiffusion}

    @torch.no_grad()
    def draw(self, context: FigureContext) -> Canvas | None:
        """Return the picture; for data that are no images, the curve alone."""
        model, spec = context.model, context.data.spec
        assert isinstance(model, DDPM)
        split = context.data.test if len(context.data.test) else context.data.train
        indices = torch.arange(min(_NUM_IMAGES, len(split)))
        x_0 = model.values.to_x_0(next(iter(split.batches([indices], context.generator))).x)
        canvas = Canvas(figsize=(8, 5.6 if spec.is_image else 3.4), layout="constrained")
        panels = canvas.subfigures(1 + spec.is_image, 1, squeeze=False, height_ratios=[3.2] + [2.4] * spec.is_image)
        timesteps = _logarithmic(model.timesteps, _NUM_TIMESTEPS)
        with model.chain.held():
            _draw_cost(panels[0, 0], timesteps, _costs(model, x_0, timesteps, context.generator))
            if spec.is_image:
                _draw_images(panels[1, 0], model, x_0[:1], context.generator)
        return canvas


def _logarithmic(timesteps: int, count: int) -> list[int]:
    """Return at most `count` timesteps from 1 to T, spread evenly in log t."""
    return sorted({round(timesteps ** (index / (count - 1))) for index in range(count)})


def _predict(
    model: DDPM, x_0: Tensor, timestep: int, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return t, a draw of x_t, the network's x_0, and the log variance of the step down."""
    t = torch.full((len(x_0),), timestep, device=x_0.device)
    eps = torch.randn(x_0.shape, generator=generator, dtype=x_0.dtype, device=x_0.device)
    x_t = model.chain.diffuse(x_0, eps, t)
    prediction, share = model.ask(x_t, t)
    return t, x_t, model.x_0_hat(prediction, x_t, t), model.log_var(t, x_t, share)


def _costs(model: DDPM, x_0: Tensor, timesteps: list[int], generator: torch.Generator) -> list[float]:
    """Return the mean cost of each timestep alone, in bits per dimension."""
    costs = []
    for timestep in timesteps:
        t, _, x_0_hat, log_var = _predict(model, x_0, timestep, generator)
        first = timestep == 1
        nats = -model.decoder_log_prob(x_0, x_0_hat, log_var) if first else step_kl(model, x_0, x_0_hat, log_var, t)
        costs.append(nats.mean().item() / (x_0[0].numel() * math.log(2)))
    return costs


def _running_sum(timesteps: list[int], costs: list[float]) -> Any:
    """Return the cost of timesteps t..T together, for t = 1..T; costs of t >= 2 are interpolated."""
    last = timesteps[-1]
    later = np.interp(np.arange(2, last + 1), timesteps[1:], costs[1:]) if last > 1 else np.zeros(0)
    return np.cumsum(np.concatenate([costs[:1], later])[::-1])[::-1]


def _draw_cost(panel: Any, timesteps: list[int], costs: list[float]) -> None:
    axes = panel.subplots()
    axes.plot(np.arange(1, timesteps[-1] + 1), _running_sum(timesteps, costs), color="C0")
    axes.set(xscale="log", xlabel="timestep t (1 is nearly clean)", ylabel="bits per dimension from T down to t")
    axes.grid(alpha=0.3)


def _draw_images(panel: Any, model: DDPM, x_0: Tensor, generator: torch.Generator) -> None:
    """Draw one observation at some timesteps, and below each the network's x_0."""
    timesteps = _logarithmic(model.timesteps, _NUM_SHOWN)
    axes = panel.subplots(2, len(timesteps), squeeze=False)
    for column, timestep in enumerate(timesteps):
        _, x_t, x_0_hat, _ = _predict(model, x_0, timestep, generator)
        for row, state in enumerate((x_t, x_0_hat)):
            shown = ((state[0] + 1) / 2).clamp(0, 1).movedim(0, -1).cpu().float().numpy()
            axes[row, column].imshow(shown[..., 0] if shown.shape[-1] != 3 else shown, cmap="gray", vmin=0, vmax=1)
            axes[row, column].set(xticks=[], yticks=[])
        axes[0, column].set_title(f"t = {timestep}", fontsize=8)
    axes[0, 0].set_ylabel("x_t", fontsize=8)
    axes[1, 0].set_ylabel("x_0_hat", fontsize=8)
