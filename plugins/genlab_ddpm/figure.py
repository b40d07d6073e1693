"""Where the bits go: the schedule, what each timestep costs the bound, and what the network sees there.

    cost of t       L_{t-1} in bits per dimension; L_0 at t = 1
    from T down     L_T and the costs of all timesteps s >= t together; at t = 1 the bound

Read from the right, the last curve is a code for x in the making: pure noise costs nothing, and the last steps, which
settle every grey level, cost most. Below stand a test image at some timesteps and the x_0 that the network makes of it.
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
from genlab_ddpm.terms import prior_kl, step_kl

_NUM_IMAGES = 32
_NUM_TIMESTEPS = 40
_NUM_SHOWN = 10
_WIDTH, _CURVES_HEIGHT, _TITLE_HEIGHT = 10.0, 2.8, 0.35
_TINY = 1e-300


class DiffusionTerms(Figure):
    """The schedule and the cost of the timesteps, above noisy images and what the network makes of them."""

    partners: ClassVar[Mapping[str, type]] = {"model": DDPM, "family": ForwardDiffusion}

    @torch.no_grad()
    def draw(self, context: FigureContext) -> Canvas | None:
        """Return the picture; for data that are no images, the curves alone."""
        model, spec = context.model, context.data.spec
        assert isinstance(model, DDPM)
        split = context.data.test if len(context.data.test) else context.data.train
        indices = torch.arange(min(_NUM_IMAGES, len(split)))
        batch = next(iter(split.batches([indices], context.generator)))
        x_0, shown = model.values.to_x_0(batch.x), _logarithmic(model.timesteps, _NUM_SHOWN)
        heights = [_CURVES_HEIGHT]
        if spec.is_image:
            heights.append(2 * _WIDTH / len(shown) * spec.event_shape[1] / spec.event_shape[2] + _TITLE_HEIGHT)
        canvas = Canvas(figsize=(_WIDTH, sum(heights)), layout="constrained")
        panels = canvas.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)
        timesteps = _logarithmic(model.timesteps, _NUM_TIMESTEPS)
        with model.chain.held():
            each = _every(timesteps, _costs(model, x_0, batch.y, timesteps, context.generator))
            last = _bits_per_dim(prior_kl(model, x_0), x_0)
            _draw_curves(panels[0, 0], model.chain.log_snr.cpu().float().numpy(), each, last)
            if spec.is_image:
                y = None if batch.y is None else batch.y[:1]
                _draw_images(panels[1, 0], model, x_0[:1], y, shown, context.generator)
        return canvas


def _logarithmic(timesteps: int, count: int) -> list[int]:
    """Return at most `count` timesteps from 1 to T, spread evenly in log t."""
    return sorted({round(timesteps ** (index / (count - 1))) for index in range(count)})


def _predict(
    model: DDPM, x_0: Tensor, y: Tensor | None, timestep: int, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return t, a draw of x_t, the network's x_0, and the log variance of the step down."""
    t = torch.full((len(x_0),), timestep, device=x_0.device)
    eps = torch.randn(x_0.shape, generator=generator, dtype=x_0.dtype, device=x_0.device)
    x_t = model.chain.diffuse(x_0, eps, t)
    prediction, share = model.ask(x_t, t, y)
    return t, x_t, model.x_0_hat(prediction, x_t, t), model.log_var(t, x_t, share)


def _costs(model: DDPM, x_0: Tensor, y: Tensor | None, timesteps: list[int], generator: torch.Generator) -> list[float]:
    """Return the mean cost of each timestep alone, in bits per dimension."""
    costs = []
    for timestep in timesteps:
        t, _, x_0_hat, log_var = _predict(model, x_0, y, timestep, generator)
        first = timestep == 1
        nats = -model.decoder_log_prob(x_0, x_0_hat, log_var) if first else step_kl(model, x_0, x_0_hat, log_var, t)
        costs.append(_bits_per_dim(nats, x_0))
    return costs


def _bits_per_dim(nats: Tensor, x_0: Tensor) -> float:
    return nats.mean().item() / (x_0[0].numel() * math.log(2))


def _every(timesteps: list[int], costs: list[float]) -> np.ndarray:
    """Return the cost of t = 1..T; those of t >= 2 lie between the given ones, on powers of t."""
    last = timesteps[-1]
    if last == 1:
        return np.array(costs)
    logs = np.log(np.maximum(costs[1:], _TINY))
    later = np.exp(np.interp(np.log(np.arange(2, last + 1)), np.log(timesteps[1:]), logs))
    return np.concatenate([costs[:1], later])


def _draw_curves(panel: Any, log_snr: np.ndarray, each: np.ndarray, last: float) -> None:
    """Draw the schedule, the cost of each timestep, and that of all from T down."""
    schedule, one, together = panel.subplots(1, 3)
    t = np.arange(1, len(each) + 1)
    schedule.plot(t, log_snr)
    schedule.set(title="schedule", ylabel="log SNR (nats)")
    one.plot(t[:1], each[:1], "o", markersize=4, label="$L_0$")
    one.plot(t[1:], each[1:], color="C0", label="$L_{t-1}$")
    one.plot(t[-1:], [last], "s", color="C3", markersize=4, label="$L_T$")
    one.set(title="cost of each timestep", ylabel="bits per dimension", xscale="log", yscale="log")
    one.legend(frameon=False)
    total = last + np.cumsum(each[::-1])[::-1]
    together.plot(t, total)
    together.annotate(f"{total[0]:.2f}", (1, total[0]), xytext=(6, -3), textcoords="offset points")
    together.set(title="cost from $T$ down to $t$", ylabel="bits per dimension", xscale="log")
    for axes in (schedule, one, together):
        axes.set_xlabel("timestep $t$")
        axes.grid(alpha=0.3)


def _draw_images(
    panel: Any, model: DDPM, x_0: Tensor, y: Tensor | None, timesteps: list[int], generator: torch.Generator
) -> None:
    """Draw one observation at some timesteps, and below each the network's x_0."""
    axes = panel.subplots(2, len(timesteps), squeeze=False)
    for column, timestep in enumerate(timesteps):
        _, x_t, x_0_hat, _ = _predict(model, x_0, y, timestep, generator)
        for row, state in enumerate((x_t, x_0_hat)):
            shown = ((state[0] + 1) / 2).clamp(0, 1).movedim(0, -1).cpu().float().numpy()
            axes[row, column].imshow(shown[..., 0] if shown.shape[-1] != 3 else shown, cmap="gray", vmin=0, vmax=1)
            axes[row, column].set(xticks=[], yticks=[])
        axes[0, column].set_title(f"$t = {timestep}$", fontsize=9)
    axes[0, 0].set_ylabel("$x_t$")
    axes[1, 0].set_ylabel(r"$\hat{x}_0$")
