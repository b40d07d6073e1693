"""Stochastic variational inference: natural gradients estimated on minibatches.

On a minibatch of B out of N: phi at its exact optimum, the global optimum as if the batch were all data N/B times
over, and a step of length rho_t towards it in the natural parameters,

    new = (1 - rho_t) current + rho_t optimum        rho_t = (t + tau)^(-kappa),   t = 1, 2, ...

These lengths sum to infinity and their squares do not (Robbins & Monro 1951). With tau = 0 the first is 1: on a
batch of all data that step is one sweep of coordinate ascent.

Far from the optimum the noise of a large minibatch matters less than the way still to go. So the first W steps may be
whole, rho_t = 1, each a sweep of a minibatch in place of all data; then t counts from there. A component of which a
minibatch holds nothing falls back to its prior in a whole step, so W is 0 unless the recipe says otherwise.

The noise of the minibatches keeps the iterates apart from the optimum, and averages out of their mean: from a step on,
the mean of the natural parameters is kept to evaluate and sample with (Polyak & Juditsky 1992).

Reference: Hoffman et al. 2013, figure 4 and eqs. 15, 16 and 26.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, ClassVar

import torch
from annotated_types import Gt, Le

from genlab.interfaces.accelerator import Accelerator
from genlab.interfaces.constraints import NonNegativeFloat, NonNegativeInt, PositiveInt
from genlab.interfaces.update_rule import TrainingData, UpdateRule
from genlab.ledger import Ledger
from genlab_mixture.factors import Natural
from genlab_mixture.family import MeanField
from genlab_mixture.model import GaussianMixture
from genlab_mixture.statistics import gather


class NaturalGradient(UpdateRule):
    """Read one minibatch a step and move part of the way to its optimum."""

    shares_work: ClassVar[bool] = True

    def __init__(
        self,
        model: GaussianMixture,
        family: MeanField,
        accelerator: Accelerator,
        /,
        *,
        tau: NonNegativeFloat = 1.0,
        kappa: Annotated[float, Gt(0.5), Le(1)] = 0.7,
        whole_steps: NonNegativeInt = 0,
        average_from: PositiveInt | None = None,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            tau: the delay: larger shortens the first steps.
            kappa: how fast the steps shorten, above 0.5 and at most 1: rho_t = (t + tau)^(-kappa).
            whole_steps: W, how many steps at first go all the way, rho_t = 1; after them t counts from 1. They save
                steps where a minibatch holds many observations of each component.
            average_from: the step from which on the mean of the natural parameters is kept, to evaluate and sample
                with; by default the newest are used.
        """
        self._model, self._family, self._accelerator = model, family, accelerator
        self._tau, self._kappa, self._whole_steps = tau, kappa, whole_steps
        self._steps = self._averaged = 0
        self._average_from = average_from
        self._average: Natural = ()

    @torch.no_grad()
    def step(self, data: TrainingData, *, generator: torch.Generator) -> Ledger:
        """Move once.

        Returns:
            The bound estimated on the minibatch at the parameters before the step; a local term is one value, its
            mean over the minibatch.
        """
        batch = data.next()
        factors = self._family.factors()
        statistics = gather([batch.x], factors, self._model).reduced(self._accelerator)
        self._steps += 1
        prior = self._model.prior()
        optimum = statistics.optimum(prior, weight=batch.num_data / statistics.num_examples)
        moved = factors.moved(optimum, self.step_length(self._steps))
        self._family.set_factors(moved)
        if self._average_from is not None and self._steps >= self._average_from:
            self._add_to_average(moved.natural())
        return statistics.ledger(factors, prior)

    def step_length(self, t: int) -> float:
        """Return the length of step t, which counts from 1, whole steps included."""
        if t <= self._whole_steps:
            return 1.0
        return float((t - self._whole_steps + self._tau) ** -self._kappa)

    def _add_to_average(self, natural: Natural) -> None:
        self._averaged += 1
        pairs = zip(self._average or natural, natural, strict=True)
        self._average = tuple(torch.lerp(mean, new, 1 / self._averaged) for mean, new in pairs)

    @contextmanager
    def evaluation_weights(self) -> Iterator[None]:
        """Hold the averaged parameters while the context lasts; before there are any, the current ones."""
        if not self._average:
            yield
            return
        current = [value.detach().clone() for value in self._family.parameters()]
        self._family.set_factors(self._family.factors().with_natural(self._average))
        try:
            yield
        finally:
            with torch.no_grad():
                torch._foreach_copy_([value.detach() for value in self._family.parameters()], current)

    def state_dict(self) -> dict[str, Any]:
        """Return how many steps were made, and the average with how many it is of."""
        average = {str(index): value for index, value in enumerate(self._average)}
        return {"steps": self._steps, "averaged": self._averaged, "average": average}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up where `state_dict` left off."""
        self._steps, self._averaged = int(state["steps"]), int(state["averaged"])
        device = self._family.log_concentration.device
        self._average = tuple(state["average"][str(index)].to(device) for index in range(len(state["average"])))

    def carry_over(self, state: dict[str, Any]) -> None:
        """Go on shortening the steps where the other run stopped: new data are more of the same stream."""
        self._steps = int(state.get("steps", 0))
