"""Samplers with one fault each."""

import random

import numpy as np
import torch
from torch import Tensor

from genlab.interfaces import Draws, LatentModel, Sampler
from genlab.testing.reference.densities import standard_normal
from genlab.testing.reference.diffusion.model import Diffusion
from genlab.testing.reference.diffusion.sampler import Ancestral as DiffusionAncestral
from genlab.testing.reference.linear_gaussian.sampler import Ancestral


class WrongVariance(Ancestral):
    """Spreads x around its mean too little."""

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        draws = super().draw(model, num_draws, generator=generator)
        return Draws(model.bias + 0.9 * (draws.x - model.bias))


class WrongMean(Ancestral):
    """Shifts x by a tenth of the noise."""

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        return Draws(super().draw(model, num_draws, generator=generator).x + 0.1 * model.scale)


class WrongShape(Ancestral):
    """Draws heavy tails of the right mean and variance."""

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        signs = torch.randint(0, 2, (num_draws, 1), generator=generator)
        stretch = torch.where(signs == 0, 0.2, (2 - 0.2**2) ** 0.5).to(model.bias)
        draws = super().draw(model, num_draws, generator=generator)
        return Draws(model.bias + stretch * (draws.x - model.bias))


class GlobalGenerator(Ancestral):
    """Adds a little noise from torch's global generator."""

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        x = super().draw(model, num_draws, generator=generator).x
        return Draws(x + 1e-6 * torch.randn_like(x))


class NumpyGenerator(Ancestral):
    """Draws something from numpy's global generator, and does not even use it."""

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        np.random.rand()
        return super().draw(model, num_draws, generator=generator)


class SeedsGlobally(Ancestral):
    """Seeds Python's global generator."""

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        random.seed(0)
        return super().draw(model, num_draws, generator=generator)


class IgnoresGenerator(Ancestral):
    """Draws the same each time."""

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        return super().draw(model, num_draws, generator=torch.Generator().manual_seed(0))


class OneLatentForAll(Ancestral):
    """Draws z once a call."""

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        z = standard_normal((1, model.latent_dim), model.bias, generator=generator)
        noise = standard_normal((num_draws, len(model.bias)), model.bias, generator=generator)
        return Draws(model.mean_given(z) + model.scale * noise)


class SinglePrecision(Ancestral):
    """Draws in float32, whatever the model is."""

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        return Draws(super().draw(model, num_draws, generator=generator).x.float())


class Squeezed(Ancestral):
    """Drops the axis of a single draw."""

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        return Draws(super().draw(model, num_draws, generator=generator).x.squeeze(0))


class LeavesTraining(Ancestral):
    """Puts the model into training mode."""

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        model.train()
        return super().draw(model, num_draws, generator=generator)


class MovesWeights(Ancestral):
    """Scales the model's weights while it draws, and forgets to scale them back."""

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        with torch.no_grad():
            model.weight.mul_(1.001)
        return super().draw(model, num_draws, generator=generator)


class BetweenLevels(Sampler):
    """Draws integers, and the middles between them."""

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        shape = (num_draws, *model.event_shape)
        return Draws(0.5 * torch.randint(0, 3, shape, generator=generator).to(model.bias))


class NotANumber(Ancestral):
    """Divides nothing by nothing, once in a while."""

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        x = super().draw(model, num_draws, generator=generator).x
        return Draws(torch.where(x > model.bias + model.scale, torch.nan, x))


class EarlierAlphaBar(DiffusionAncestral):
    """Undoes noise as if each state were a timestep earlier."""

    @torch.no_grad()
    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        assert isinstance(model, Diffusion)
        like = next(model.denoiser.parameters())
        x = standard_normal((num_draws, *model.event_shape), like, generator=generator)
        for t in range(model.chain.timesteps, 0, -1):
            mean, var = model.reverse(x, max(t - 1, 1))
            x = mean + var.sqrt() * standard_normal(tuple(x.shape), like, generator=generator)
        return Draws(x)


class ForgottenNoise(DiffusionAncestral):
    """Ends at the mean of the last step."""

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        assert isinstance(model, Diffusion)
        path = super().draw(model, num_draws, generator=generator, trajectory=True).trajectory
        assert path is not None
        return Draws(model.reverse(path[-2], 1)[0])


class BackwardTrajectory(DiffusionAncestral):
    """Shows the way from the end to the beginning."""

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        draws = super().draw(model, num_draws, generator=generator, trajectory=trajectory)
        path: Tensor | None = draws.trajectory
        return Draws(draws.x, None if path is None else path.flip(0))


class OtherWithTrajectory(DiffusionAncestral):
    """Draws something else when it is asked for the way there."""

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        if trajectory:
            torch.randn((), generator=generator)
        return super().draw(model, num_draws, generator=generator, trajectory=trajectory)
