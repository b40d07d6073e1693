"""The mean of the ledgers between two logged lines, kept on the device so that no step waits for it."""

import math

import torch
from torch import Tensor

from genlab.errors import NonFiniteError
from genlab.interfaces import Accelerator, DataSpec
from genlab.ledger import Ledger, Scope
from genlab.run.evaluate import LedgerRow
from genlab.units import bits_per_dim

_OBJECTIVE = "objective"
_LARGEST_KEPT = 4096
"""Per-example values are kept as they are up to this many a step; of more, their mean is."""


class LedgerWindow:
    """Keeps ledgers; reading their mean is what computes it and waits for the device."""

    def __init__(self, num_data: int, spec: DataSpec, accelerator: Accelerator, share: float = 1.0) -> None:
        """Make one.

        Args:
            num_data: N, the number of training observations.
            spec: the data's specification.
            accelerator: joins this process to the others of the run, if there are any.
            share: which part of each minibatch this process reads; the shares of all processes sum to 1.
        """
        self._num_data, self._spec = num_data, spec
        self._accelerator, self._share = accelerator, share
        self._values: dict[str, list[Tensor]] = {}
        self._kinds: dict[str, tuple[Scope, bool]] = {}
        self._surrogate: str | None = None
        self.count = 0

    def add(self, ledger: Ledger) -> None:
        """Add one step's ledger; all steps have batches of one size."""
        for term in ledger.terms:
            value = term.value.mean() if term.value.numel() > _LARGEST_KEPT else term.value
            self._values.setdefault(term.name, []).append(value.reshape(-1))
            self._kinds[term.name] = (term.scope, term.exact)
        self._surrogate = ledger.surrogate
        if ledger.surrogate_objective is not None:
            self._values.setdefault(_OBJECTIVE, []).append(ledger.surrogate_objective.reshape(-1))
        self.count += 1

    def take(self, first_step: int, recipe: str) -> tuple[dict[str, float | None], tuple[LedgerRow, ...]]:
        """Return the mean as metrics and as rows, over all processes, and start again.

        Args:
            first_step: the first step it covers, from 1.
            recipe: the name of the run's recipe.

        Raises:
            NonFiniteError: when a term or the objective is NaN or infinite, with the first step where one was.
        """
        means = self._means(first_step, recipe)
        surrogate = means.pop(_OBJECTIVE, None)
        rows = tuple(
            LedgerRow(name, self._kinds[name][0], value, None, self._kinds[name][1]) for name, value in means.items()
        )
        elbo_nats = sum(row.nats if row.scope == "local" else row.nats / self._num_data for row in rows)
        metrics: dict[str, float | None] = {"elbo_nats": elbo_nats}
        if self._surrogate is None:
            metrics["objective"] = -elbo_nats
        else:
            metrics[f"objective_{self._surrogate}"] = surrogate
        if self._spec.levels is not None:
            metrics["bits_per_dim"] = bits_per_dim(elbo_nats, self._spec.num_dims)
        metrics |= {f"term.{row.name}_nats": row.nats for row in rows}
        return metrics, rows

    def _means(self, first_step: int, recipe: str) -> dict[str, float]:
        """Return the mean of each local term per example, of each global term, and of the surrogate."""
        stacked = torch.stack([torch.cat(values).double().mean() for values in self._values.values()])
        if self._accelerator.world_size > 1:
            stacked = self._accelerator.all_reduce(stacked * self._share)
        means = dict(zip(self._values, stacked.tolist(), strict=True))
        if not all(map(math.isfinite, means.values())):
            raise NonFiniteError(self._fault(means, first_step, recipe))
        self._values, self.count = {}, 0
        return means

    def _fault(self, means: dict[str, float], first_step: int, recipe: str) -> str:
        """Say what was first not finite, and at which step; of another process only the steps are known."""
        name, value = next((name, mean) for name, mean in means.items() if not math.isfinite(mean))
        where = f"steps {first_step} to {first_step + self.count - 1}, in another process"
        for index, kept in ((index, kept) for index in range(self.count) for kept in self._values):
            numbers = self._values[kept][index]
            wrong = numbers[~torch.isfinite(numbers)]
            if len(wrong):
                name, value, where = kept, float(wrong[0]), f"step {first_step + index}"
                break
        what = f"the objective {self._surrogate!r}" if name == _OBJECTIVE else f"term {name!r} of the bound"
        return f"{what} must be finite, got {value} ({where} of {recipe})."
