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

    def take(self, where: str) -> tuple[dict[str, float | None], tuple[LedgerRow, ...]]:
        """Return the mean as metrics and as rows, over all processes, and start again.

        Args:
            where: the steps it covers, for the message of an error.

        Raises:
            NonFiniteError: when a term or the objective is NaN or infinite.
        """
        means = self._means(where)
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

    def _means(self, where: str) -> dict[str, float]:
        """Return the mean of each local term per example, of each global term, and of the surrogate."""
        stacked = torch.stack([torch.cat(values).double().mean() for values in self._values.values()])
        if self._accelerator.world_size > 1:
            stacked = self._accelerator.all_reduce(stacked * self._share)
        means = dict(zip(self._values, stacked.tolist(), strict=True))
        self._values, self.count = {}, 0
        for name, value in means.items():
            if not math.isfinite(value):
                what = f"the objective {self._surrogate!r}" if name == _OBJECTIVE else f"term {name!r} of the bound"
                raise NonFiniteError(f"{what} must be finite, got {value} ({where}).")
        return means
