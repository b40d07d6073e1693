"""Coordinate ascent: each factor of q in turn at its exact optimum given the others.

A step is one sweep: phi for every observation, then the weights and the components (see `statistics`).
No line of it lowers the bound.

Reference: Blei, Kucukelbir & McAuliffe 2017, algorithm 2.
"""

from typing import Any, ClassVar

import torch

from genlab.interfaces.accelerator import Accelerator
from genlab.interfaces.constraints import NonNegativeFloat
from genlab.interfaces.update_rule import TrainingData, UpdateRule
from genlab.ledger import Ledger
from genlab_mixture.family import MeanField
from genlab_mixture.model import GaussianMixture
from genlab_mixture.single_coordinate import CompiledSums
from genlab_mixture.statistics import gather


class CoordinateAscent(UpdateRule):
    """Go through all observations once a step, and stop when that no longer helps."""

    shares_work: ClassVar[bool] = True

    def __init__(
        self,
        model: GaussianMixture,
        family: MeanField,
        accelerator: Accelerator,
        /,
        *,
        tolerance: NonNegativeFloat = 1e-3,
        compile: bool = False,  # noqa: A002 - the recipe's key
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            tolerance: stop when a sweep raised the bound by less than this many nats on all data; 0 never stops.
            compile: whether the loop over observations of one coordinate is compiled with torch.compile, which takes
                some seconds and a C++ compiler, and pays from about a hundred million observations in all sweeps.
        """
        self._model, self._family, self._tolerance = model, family, tolerance
        self._accelerator, self._fast_sums = accelerator, CompiledSums() if compile else None
        self._bound = torch.full((), -torch.inf, dtype=torch.float64)

    @torch.no_grad()
    def step(self, data: TrainingData, *, generator: torch.Generator) -> Ledger:
        """Sweep once.

        Returns:
            The bound on all N observations, exact, at the parameters the sweep found; a local term is one value,
            its mean over the N.
        """
        factors = self._family.factors()
        read = (batch.x for batch in data.sweep())
        statistics = gather(read, factors, self._model, self._fast_sums).reduced(self._accelerator)
        prior = self._model.prior()
        ledger = statistics.ledger(factors, prior)
        self._family.set_factors(statistics.optimum(prior, weight=1.0))
        self._decide(ledger.elbo(statistics.num_examples))
        return ledger

    def _decide(self, bound: torch.Tensor) -> None:
        """Stop where the sweep before this one gained too little; a check waits for the device, once a sweep."""
        previous, self._bound = self._bound, bound
        if self._tolerance > 0:
            gain = (bound - previous.to(bound.device)).item()
            if gain < self._tolerance:
                self.stop_reason = f"a sweep raised the bound by less than {self._tolerance:g} nats"

    def state_dict(self) -> dict[str, Any]:
        """Return the bound of the last sweep."""
        return {"bound": self._bound}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up where `state_dict` left off."""
        self._bound = state["bound"].clone()
