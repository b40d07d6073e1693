"""Inpainting: draw what is missing of an image, given the rest.

A step from t to u < t is the sampler's own for the unknown pixels; the known ones are put where the forward chain takes
the image they come from,

    x_u = unknown * step(x_t) + known * ( sqrt(alpha_bar_u) x_0 + sqrt(1 - alpha_bar_u) eps ) .

The unknown pixels of x_u were drawn before they saw these known ones. So the step is repeated: back to t by the
forward chain, x_t = sqrt(alpha_bar_t / alpha_bar_u) x_u + sqrt(1 - alpha_bar_t / alpha_bar_u) eps, and down again,
until the two parts agree.

Reference: Lugmayr et al. 2022 (RePaint), algorithm 1 with jumps of one step.
"""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from genlab.errors import IncompatibleError
from genlab.interfaces import Draws, LatentModel, Part
from genlab.interfaces.constraints import PositiveInt
from genlab_ddpm.ddim import stochastic_step
from genlab_ddpm.diffusion_sampler import DiffusionSampler
from genlab_ddpm.grid import Spacing, grid
from genlab_ddpm.guidance import Guidance, guided
from genlab_ddpm.model import DDPM
from genlab_ddpm.walk import check_steps, walk


class Inpainting(DiffusionSampler):
    """Keep the pixels that a mask leaves black, and draw the white ones."""

    def __init__(
        self,
        model: DDPM,
        /,
        *,
        image: Path,
        mask: Path,
        steps: PositiveInt = 100,
        repeats: PositiveInt = 10,
        spacing: Spacing = "even",
        guidance: Part[Guidance] | None = None,
        frames: PositiveInt = 20,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            image: a picture of the data's size, whose known pixels are kept.
            mask: a picture of the same size: black where the image is known, anything lighter where it is to be drawn.
            steps: how many steps, at most T.
            repeats: how many times each step is made; more make the drawn pixels fit the kept ones better.
            spacing: along which scale the timesteps lie evenly: t (even), its root (quadratic), the log-snr, or
                its sigma^(1/7) (karras).
            guidance: which class draws shall be of, where the model is told classes; by default none in particular.
            frames: how many states a trajectory keeps after the first, where one is asked for.

        Raises:
            IncompatibleError: when a picture cannot be read or is of another size, or there are too many steps.
        """
        check_steps(model, steps)
        self._known = _read(image, "image", model)
        self._unknown = _read(mask, "mask", model).amax(0, keepdim=True) > 0
        self._steps, self._repeats, self._spacing, self._frames = steps, repeats, spacing, frames
        self.guidance = guided(guidance, model)

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        """Draw observations; a trajectory holds states in the data's own values, not rounded."""
        assert isinstance(model, DDPM)
        chain, like = model.chain, model.chain.beta
        x_0, unknown = model.values.to_x_0(self._known.to(like)), self._unknown.to(like.device)

        def normal(x: Tensor) -> Tensor:
            return torch.randn(x.shape, generator=generator, dtype=x.dtype, device=x.device)

        def step(x_t: Tensor, t: int, following: int) -> Tensor:
            for repeat in range(self._repeats):
                x_0_hat, _ = model.denoise(x_t, t, self._ask)
                if following == 0:
                    return torch.where(unknown, x_0_hat, x_0)
                drawn = stochastic_step(model, x_t, x_0_hat, t, following, eta=1.0, generator=generator)
                kept = chain.signal[following - 1] * x_0 + chain.noise[following - 1] * normal(x_t)
                x = torch.where(unknown, drawn, kept)
                if repeat < self._repeats - 1:
                    share = chain.alpha_bar[t - 1] / chain.alpha_bar[following - 1]
                    x_t = share.sqrt() * x + (1 - share).sqrt() * normal(x)
            return x

        frames = self._frames if trajectory else 0
        timesteps = grid(chain.log_snr, self._steps, self._spacing)
        return walk(model, timesteps, step, num_draws, generator=generator, frames=frames, guidance=self.guidance)


def _read(path: Path, key: str, model: DDPM) -> Tensor:
    """Return a picture in the data's own values, `(C, H, W)`."""
    if len(model.event_shape) != 3 or model.values.levels is None:
        raise IncompatibleError("sampler 'inpainting' needs a model of images of grey levels. Use another sampler.")
    channels, height, width = model.event_shape
    try:
        with Image.open(path) as file:
            picture = np.array(file.convert("L" if channels == 1 else "RGB"))
    except (OSError, SyntaxError) as error:
        raise IncompatibleError(f"sampler.{key} must be a picture that can be read, got {path}: {error}.") from error
    if picture.shape[:2] != (height, width):
        got = f"{picture.shape[1]} x {picture.shape[0]}"
        raise IncompatibleError(f"sampler.{key} must be {width} x {height} pixels, as the data are, got {got}.")
    pixels = torch.from_numpy(picture).reshape(height, width, channels).permute(2, 0, 1).float()
    return (pixels * ((model.values.levels - 1) / 255)).round()
