"""Update rules with one fault each: gradient descent gone wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from genlab.interfaces import (
    Accelerator,
    ELBOEstimator,
    LatentModel,
    TrainingData,
    TrainSettings,
    UpdateRule,
    VariationalFamily,
)
from genlab.ledger import Ledger
from genlab.parts.update.gradient import Gradient


class _Wrong(UpdateRule):
    """Gradient descent by Adam with an average, to be spoiled."""

    def __init__(
        self,
        model: LatentModel,
        family: VariationalFamily,
        elbo: ELBOEstimator,
        accelerator: Accelerator,
        train: TrainSettings,
        /,
    ) -> None:
        self.model, self.family, self.elbo = model, family, elbo
        self.right = Gradient(model, family, elbo, accelerator, train, optimizer="adam", lr=0.02, ema=0.9)

    def step(self, data: TrainingData, *, generator: torch.Generator) -> Ledger:
        return self.right.step(data, generator=generator)

    def state_dict(self) -> dict[str, Any]:
        return self.right.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.right.load_state_dict(state)

    def evaluation_weights(self) -> Any:
        return self.right.evaluation_weights()


class ForgetsMoments(_Wrong):
    """Begins a resumed run without what the optimizer remembers."""

    def state_dict(self) -> dict[str, Any]:
        return self.right.state_dict() | {"moments": {}}


class ForgetsAverage(_Wrong):
    """Begins a resumed run with an average that has seen nothing."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        average = self.right.state_dict()["average"]
        self.right.load_state_dict(state | {"average": {name: value.clone() for name, value in average.items()}})


class KeepsOtherRandomness(_Wrong):
    """Adds noise from a generator of its own, which no state holds."""

    def __init__(
        self,
        model: LatentModel,
        family: VariationalFamily,
        elbo: ELBOEstimator,
        accelerator: Accelerator,
        train: TrainSettings,
        /,
    ) -> None:
        super().__init__(model, family, elbo, accelerator, train)
        self.generator = torch.Generator().manual_seed(0)

    def step(self, data: TrainingData, *, generator: torch.Generator) -> Ledger:
        with torch.no_grad():
            self.model.bias.add_(torch.randn(self.model.bias.shape, generator=self.generator), alpha=1e-3)
        return super().step(data, generator=generator)


class KeepsASet(_Wrong):
    """Keeps in its state what JSON does not know."""

    def state_dict(self) -> dict[str, Any]:
        return self.right.state_dict() | {"seen": {1, 2}}


class KeepsATuple(_Wrong):
    """Keeps in its state what JSON gives back as something else."""

    def state_dict(self) -> dict[str, Any]:
        return self.right.state_dict() | {"betas": (0.9, 0.99)}


class Ascends(_Wrong):
    """Goes the other way."""

    def step(self, data: TrainingData, *, generator: torch.Generator) -> Ledger:
        parameters = [*self.model.parameters(), *self.family.parameters()]
        before = [value.detach().clone() for value in parameters]
        ledger = super().step(data, generator=generator)
        with torch.no_grad():
            for value, was in zip(parameters, before, strict=True):
                value.copy_(2 * was - value)
        return ledger


class StandsStill(_Wrong):
    """Estimates, and moves nothing."""

    def step(self, data: TrainingData, *, generator: torch.Generator) -> Ledger:
        batch = data.next()
        return self.elbo.estimate(self.model, self.family, batch, generator=generator).detach()


class MovesAConstant(_Wrong):
    """Changes a number of the model that no state holds."""

    def step(self, data: TrainingData, *, generator: torch.Generator) -> Ledger:
        ledger = super().step(data, generator=generator)
        self.model.scale.mul_(0.99)
        return ledger


class MovesTheData(_Wrong):
    """Takes the mean off the data, for good."""

    def step(self, data: TrainingData, *, generator: torch.Generator) -> Ledger:
        data._split._x.mul_(0.9)
        return super().step(data, generator=generator)


class KeepsTheGraph(_Wrong):
    """Returns a ledger with its graph."""

    def step(self, data: TrainingData, *, generator: torch.Generator) -> Ledger:
        super().step(data, generator=generator)
        return self.elbo.estimate(self.model, self.family, data.next(), generator=generator)


class KeepsTheAverage(_Wrong):
    """Goes on training with the average that was put in place to evaluate with."""

    @contextmanager
    def evaluation_weights(self) -> Iterator[None]:
        self.right._set_parameters(self.right._average or [])
        yield


class KeepsTheAverageAfterAnError(_Wrong):
    """Does not put the parameters back when an evaluation is interrupted."""

    @contextmanager
    def evaluation_weights(self) -> Iterator[None]:
        self.context = self.right.evaluation_weights()  # kept, or it would clean up when it is collected
        self.context.__enter__()
        yield
        self.context.__exit__(None, None, None)


class GlobalGenerator(_Wrong):
    """Adds noise to the parameters, from torch's global generator."""

    def step(self, data: TrainingData, *, generator: torch.Generator) -> Ledger:
        with torch.no_grad():
            self.model.bias.add_(torch.randn_like(self.model.bias), alpha=1e-3)
        return super().step(data, generator=generator)
