"""Families with one fault each: the amortized reference family, or its posterior, gone wrong."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from genlab.interfaces import DataSpec, LatentSummary
from genlab.testing.reference.densities import standard_normal
from genlab.testing.reference.linear_gaussian.family import AmortizedFamily, GaussianPosterior
from genlab.testing.reference.linear_gaussian.model import LinearGaussian
from genlab.testing.reference.mixture.family import MeanField, MeanFieldPosterior


class _Wrong(AmortizedFamily):
    """Gives posteriors of another class."""

    wrong: type[GaussianPosterior]

    def posterior(self, x: Tensor) -> GaussianPosterior:
        right = super().posterior(x)
        return self.wrong(right.mean, right.factor)


class _TooNarrow(GaussianPosterior):
    def rsample(self, num_samples: int, *, generator: torch.Generator) -> Tensor:
        return self.mean + 0.8 * (super().rsample(num_samples, generator=generator) - self.mean)


class TooNarrow(_Wrong):
    """Draws from a narrower law than its density says."""

    wrong = _TooNarrow


class _Global(GaussianPosterior):
    def rsample(self, num_samples: int, *, generator: torch.Generator) -> Tensor:
        return self.mean + torch.randn(num_samples, *self.mean.shape, dtype=self.mean.dtype) @ self.factor.T


class GlobalGenerator(_Wrong):
    """Draws from torch's global generator."""

    wrong = _Global


class _Seeding(GaussianPosterior):
    def rsample(self, num_samples: int, *, generator: torch.Generator) -> Tensor:
        torch.manual_seed(0)
        return super().rsample(num_samples, generator=generator)


class SeedsGlobally(_Wrong):
    """Seeds torch's global generator whenever it draws, and does not use it."""

    wrong = _Seeding


class KeepsTheModel(AmortizedFamily):
    """Keeps the model as an attribute, so that its state holds the model's."""

    def __init__(self, model: LinearGaussian, spec: DataSpec, /) -> None:
        """Make one for a model."""
        super().__init__(model, spec)
        self.model = model


class _Deaf(GaussianPosterior):
    def rsample(self, num_samples: int, *, generator: torch.Generator) -> Tensor:
        return super().rsample(num_samples, generator=torch.Generator().manual_seed(0))


class IgnoresGenerator(_Wrong):
    """Draws from a generator of its own."""

    wrong = _Deaf


class _Detached(GaussianPosterior):
    def rsample(self, num_samples: int, *, generator: torch.Generator) -> Tensor:
        eps = standard_normal((num_samples, *self.mean.shape), self.mean, generator=generator)
        return self.mean + eps @ self.factor.detach().T


class DetachedSpread(_Wrong):
    """Lets no gradient through the spread of a draw."""

    wrong = _Detached


class _Doubled(GaussianPosterior):
    def rsample(self, num_samples: int, *, generator: torch.Generator) -> Tensor:
        draw = super().rsample(num_samples, generator=generator)
        return draw + self.mean - self.mean.detach()


class DoubledGradient(_Wrong):
    """Counts the gradient of the mean twice."""

    wrong = _Doubled


class _Unnormalised(GaussianPosterior):
    def log_prob(self, z: Tensor) -> dict[str, Tensor]:
        return {"entropy": super().log_prob(z)["entropy"] + self.factor.diagonal().log().sum()}


class DroppedDeterminant(_Wrong):
    """Leaves the determinant out of its density."""

    wrong = _Unnormalised


class _Underflowing(GaussianPosterior):
    def log_prob(self, z: Tensor) -> dict[str, Tensor]:
        return {"entropy": (60 * super().log_prob(z)["entropy"] - 600).exp().log() / 60 + 10}


class Underflow(_Wrong):
    """Takes the logarithm of a density that is 0 in float32."""

    wrong = _Underflowing


class _SamePlace(GaussianPosterior):
    def log_prob(self, z: Tensor) -> dict[str, Tensor]:
        return {"prior": super().log_prob(z)["entropy"]}


class TakenName(_Wrong):
    """Calls its factor by a name of the model's."""

    wrong = _SamePlace


class _InPlace(GaussianPosterior):
    def log_prob(self, z: Tensor) -> dict[str, Tensor]:
        value = super().log_prob(z)
        z -= self.mean
        return value


class InPlace(_Wrong):
    """Centres z where it lies."""

    wrong = _InPlace


class BatchNormalised(AmortizedFamily):
    """Takes the mean of the batch off each observation."""

    def posterior(self, x: Tensor) -> GaussianPosterior:
        return super().posterior(x - x.mean(0))


class SinglePrecision(AmortizedFamily):
    """Computes in float32, whatever x is."""

    def posterior(self, x: Tensor) -> GaussianPosterior:
        right = super().posterior(x)
        return GaussianPosterior(right.mean.float(), right.factor.float())


class SwappedAxes(MeanField):
    """Gives responsibilities with a row for each component."""

    def posterior(self, x: Tensor) -> MeanFieldPosterior:
        right = super().posterior(x)
        right.describe = lambda: {"responsibilities": right.log_phi.exp().T}
        return right


class LogOfStd(MeanField):
    """Reports the logarithm of a standard deviation."""

    def describe(self, interval: float, truth: Mapping[str, Any]) -> list[LatentSummary]:
        return [replace(summary, std=math.log(summary.std)) for summary in super().describe(interval, truth)]


class UncenteredInterval(MeanField):
    """Gives the interval of a number that was never moved to its mean."""

    def describe(self, interval: float, truth: Mapping[str, Any]) -> list[LatentSummary]:
        return [replace(summary, mean=summary.mean + 20 * summary.std) for summary in super().describe(interval, truth)]


class ShrinkingIntervals(MeanField):
    """Narrows intervals as their probability grows."""

    def describe(self, interval: float, truth: Mapping[str, Any]) -> list[LatentSummary]:
        return list(super().describe(1.4 - interval, truth))
