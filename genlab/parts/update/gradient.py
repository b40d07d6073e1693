"""Stochastic gradient descent on the objective, by any optimiser of torch.

    lr_t = lr * min(1, t / warmup_steps) * decay((t - warmup_steps) / (steps - warmup_steps))
    average_t = d_t average_{t-1} + (1 - d_t) parameters_t,   d_t = min(ema, (1 + t) / (10 + t))

The running average forgets the first steps quickly, so it is good to evaluate with from the beginning.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from genlab.errors import IncompatibleError
from genlab.interfaces.accelerator import Accelerator
from genlab.interfaces.constraints import Decay, NonNegativeInt, PositiveFloat
from genlab.interfaces.elbo_estimator import ELBOEstimator
from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.settings import TrainSettings
from genlab.interfaces.update_rule import TrainingData, UpdateRule
from genlab.interfaces.variational_family import VariationalFamily
from genlab.ledger import Ledger
from genlab.parts.update.optimizer import build_optimizer, load_moments, moments


class Gradient(UpdateRule):
    """Move the parameters of model and family against the gradient of the objective."""

    shares_work: ClassVar[bool] = True

    def __init__(  # noqa: PLR0913 - five injected parts, seven keys
        self,
        model: LatentModel,
        family: VariationalFamily,
        elbo: ELBOEstimator,
        accelerator: Accelerator,
        train: TrainSettings,
        /,
        *,
        optimizer: str = "adamw",
        lr: PositiveFloat = 1e-3,
        options: dict[str, Any] | None = None,
        warmup_steps: NonNegativeInt = 0,
        decay: Literal["constant", "linear", "cosine"] = "constant",
        clip_norm: PositiveFloat | None = None,
        ema: Decay | None = None,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            optimizer: the name of a class in torch.optim, in any case.
            lr: the learning rate after warm-up.
            options: further arguments of the optimiser, e.g. { betas = [0.9, 0.99] }.
            warmup_steps: over how many steps the learning rate rises linearly from 0.
            decay: how the learning rate falls from then to the last step: constant, or to 0 linear or cosine.
            clip_norm: the largest norm of the whole gradient; longer ones are shortened.
            ema: the decay of a running average of the parameters, to evaluate and sample with.

        Raises:
            IncompatibleError: when there is nothing to move, or the optimiser is unknown or refuses its options.
        """
        named = dict(model.named_parameters(prefix="model")) | dict(family.named_parameters(prefix="family"))
        self._parameters = list({id(value): value for value in named.values() if value.requires_grad}.values())
        if not self._parameters:
            raise IncompatibleError("update 'gradient' must have parameters to move, got a model and family with none.")
        self._model, self._family, self._elbo, self._accelerator = model, family, elbo, accelerator
        self._optimizer = build_optimizer(optimizer, self._parameters, lr, options or {})
        self._lr, self._warmup_steps, self._decay, self._num_steps = lr, warmup_steps, decay, train.steps
        self._clip_norm = clip_norm
        self._ema = ema
        self._average = None if ema is None else [value.detach().clone() for value in self._parameters]
        self._updates = 0

    def step(self, data: TrainingData, *, generator: torch.Generator) -> Ledger:
        """Estimate the bound on the next minibatch and move once."""
        batch = data.next()
        # What the optimiser's zero_grad does, without its hooks, and before the memory is needed.
        for value in self._parameters:
            value.grad = None
        with self._accelerator.autocast():
            ledger = self._elbo.estimate(self._model, self._family, batch, generator=generator)
            objective = ledger.objective(batch.num_data)
        objective.backward()  # type: ignore[no-untyped-call]
        if self._accelerator.world_size > 1:
            self._average_gradients(data.share)
        if self._clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(self._parameters, self._clip_norm)
        for group in self._optimizer.param_groups:
            group["lr"] = self.learning_rate(self._updates)
        self._optimizer.step()
        self._updates += 1
        self._update_average()
        return ledger.detach()

    def _average_gradients(self, share: float) -> None:
        """Give every process the gradient on the whole minibatch, of which each has seen its share."""
        gradients = [value.grad for value in self._parameters if value.grad is not None]
        weighted = torch._foreach_mul(gradients, share)
        torch._foreach_copy_(gradients, self._accelerator.all_reduce_together(weighted))

    def learning_rate(self, updates: int) -> float:
        """Return the learning rate of the step after `updates` steps."""
        warmup = min(1.0, (updates + 1) / self._warmup_steps) if self._warmup_steps else 1.0
        remaining = max(1, self._num_steps - self._warmup_steps)
        progress = min(1.0, max(0, updates - self._warmup_steps) / remaining)
        factor = {"constant": 1.0, "linear": 1.0 - progress, "cosine": 0.5 * (1 + math.cos(math.pi * progress))}
        return self._lr * warmup * factor[self._decay]

    @torch.no_grad()
    def _update_average(self) -> None:
        if self._average is None or self._ema is None:
            return
        decay = min(self._ema, (1 + self._updates) / (10 + self._updates))
        torch._foreach_lerp_(self._average, [value.detach() for value in self._parameters], 1 - decay)

    @contextmanager
    def evaluation_weights(self) -> Iterator[None]:
        """Hold the averaged parameters while the context lasts; without `ema`, the current ones."""
        if self._average is None:
            yield
            return
        current = [value.detach().clone() for value in self._parameters]
        self._set_parameters(self._average)
        try:
            yield
        finally:
            self._set_parameters(current)

    @torch.no_grad()
    def _set_parameters(self, values: list[Tensor]) -> None:
        torch._foreach_copy_([value.detach() for value in self._parameters], values)

    def state_dict(self) -> dict[str, Any]:
        """Return the optimiser's moments, the averaged parameters and the number of updates."""
        average = {str(index): value for index, value in enumerate(self._average or [])}
        return {
            "updates": self._updates,
            "optimizer": type(self._optimizer).__name__,
            "moments": moments(self._optimizer),
            "average": average,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up where `state_dict` left off."""
        self._updates = int(state["updates"])
        load_moments(self._optimizer, state["moments"])
        with torch.no_grad():
            for index, value in enumerate(self._average or []):
                value.copy_(state["average"][str(index)])

    @torch.no_grad()
    def carry_over(self, state: dict[str, Any]) -> None:
        """Take the moments where the optimiser is the same; the average begins at the parameters."""
        if state.get("optimizer") == type(self._optimizer).__name__:
            load_moments(self._optimizer, state["moments"])
        for value, parameter in zip(self._average or [], self._parameters, strict=False):
            value.copy_(parameter)
