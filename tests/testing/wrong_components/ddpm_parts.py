"""Parts of a diffusion with one fault each."""

from dataclasses import replace

import torch
from genlab_ddpm.ddim import DDIM
from genlab_ddpm.heun import Heun
from genlab_ddpm.linear import Linear
from genlab_ddpm.model import DDPM
from genlab_ddpm.network.unet import UNet
from genlab_ddpm.objectives import Simple
from torch import Tensor
from torch.nn import functional as F

from genlab.interfaces import Draws, LatentModel, VariationalFamily

SAMPLERS = [
    ("StopsEarly", "ddim", "going_back_and_down_again_finds_x"),
    ("CorrectsAway", "ddim", "going_back_and_down_again_finds_x"),
    ("DrawsAnew", "heun", "latents_lead_to_one_observation"),
    ("StraightBeyond", "heun", "the_way_between_latents_ends_at_them"),
    ("CountsFromOne", "ddim", "labels_are_classes_of_the_data"),
]
"""Faults of samplers by class, with the correct sampler each was made of and the check that catches it."""


class SinglePrecision(Linear):
    """The variances are computed in float32."""

    def betas(self) -> Tensor:
        return super().betas().float()


class OneTooFew(Linear):
    """There is a variance for each step but the last."""

    def betas(self) -> Tensor:
        return super().betas()[:-1]


class NoNoise(Linear):
    """The first step adds nothing."""

    def betas(self) -> Tensor:
        betas = super().betas()
        betas[0] = 0
        return betas


class Timeless(UNet):
    """The timestep is not looked at."""

    def forward(
        self, x_t: Tensor, t: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        return super().forward(x_t, torch.ones_like(t), y, generator)


class WholeTimesteps(UNet):
    """What lies between two timesteps is taken for the earlier one."""

    def forward(
        self, x_t: Tensor, t: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        return super().forward(x_t, t.long(), y, generator)


class OneOutput(UNet):
    """There is one output, whatever was asked for."""

    def forward(
        self, x_t: Tensor, t: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        return super().forward(x_t, t, y, generator)[:, :1]


class GlobalDropout(UNet):
    """Dropout draws from torch's global generator."""

    def forward(
        self, x_t: Tensor, t: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        output = super().forward(x_t, t, y, generator)
        return output if generator is None else F.dropout(output, 0.5)


class Negative(Simple):
    """Errors count negatively."""

    def error_weight(self, model: DDPM, t: Tensor) -> Tensor:
        return -super().error_weight(model, t)


class StopsEarly(DDIM):
    """The way up leaves its last timestep out."""

    upwards = False

    def timesteps(self, model: DDPM) -> list[int]:
        timesteps = super().timesteps(model)
        return timesteps[1:] if self.upwards else timesteps

    def find_latents(
        self, model: LatentModel, family: VariationalFamily, x: Tensor, *, generator: torch.Generator
    ) -> Tensor:
        self.upwards = True
        latents = super().find_latents(model, family, x, generator=generator)
        self.upwards = False
        return latents


class CorrectsAway(DDIM):
    """A correction leads away from what it shall find."""

    def _corrected(self, model: DDPM, x_above: Tensor, x_t: Tensor, t: int, above: int) -> Tensor:
        return 2 * x_above - super()._corrected(model, x_above, x_t, t, above)


class DrawsAnew(Heun):
    """Latents are led to x with noise of its own."""

    def draw_from(self, model: LatentModel, latents: Tensor) -> Tensor:
        return super().draw_from(model, latents + 0.1 * torch.randn(latents.shape).to(latents))


class StraightBeyond(Heun):
    """The way goes past its second end."""

    def between(self, first: Tensor, second: Tensor, share: float) -> Tensor:
        return super().between(first, second, 1.1 * share)


class CountsFromOne(DDIM):
    """Labels begin at 1."""

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        draws = super().draw(model, num_draws, generator=generator, trajectory=trajectory)
        return draws if draws.y is None else replace(draws, y=draws.y + 1)
