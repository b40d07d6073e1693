"""The mean of the ledgers between two logged lines, kept on the device so that no step waits for it."""

import torch
from torch import Tensor

from genlab.errors import NonFiniteError
from genlab.interfaces import DataSpec
from genlab.ledger import Ledger, Scope
from genlab.run.evaluate import LedgerRow
from genlab.units import bits_per_dim


class LedgerWindow:
    """Sums ledgers; reading their mean is what waits for the device."""

    def __init__(self, num_data: int, spec: DataSpec) -> None:
        """Args:
        num_data: N, the number of training observations.
        spec: the data's specification.
        """
        self._num_data, self._spec = num_data, spec
        self._sums: dict[str, Tensor] = {}
        self._kinds: dict[str, tuple[Scope, bool]] = {}
        self._surrogate: str | None = None
        self.count = 0

    def add(self, ledger: Ledger) -> None:
        """Add one step's ledger."""
        values = ledger.totals(self._num_data)
        self._kinds = {term.name: (term.scope, term.exact) for term in ledger.terms}
        self._surrogate = ledger.surrogate
        if ledger.surrogate_objective is not None:
            values["objective"] = ledger.surrogate_objective
        for name, value in values.items():
            self._sums[name] = self._sums[name] + value.double() if name in self._sums else value.double()
        self.count += 1

    def take(self, where: str) -> tuple[dict[str, float | None], tuple[LedgerRow, ...]]:
        """Return the mean as metrics and as rows, and start again.

        Args:
            where: the steps it covers, for the message of an error.

        Raises:
            NonFiniteError: when a term or the objective is NaN or infinite.
        """
        values = (torch.stack(list(self._sums.values())) / self.count).tolist()
        means = dict(zip(self._sums, values, strict=True))
        for name, value in means.items():
            if not torch.isfinite(torch.tensor(value)):
                what = f"the objective {self._surrogate!r}" if name == "objective" else f"term {name!r} of the bound"
                raise NonFiniteError(f"{what} must be finite, got {value} ({where}).")
        surrogate = means.pop("objective", None)
        elbo_nats = sum(means.values()) / self._num_data
        metrics: dict[str, float | None] = {
            "objective" if self._surrogate is None else f"objective_{self._surrogate}": -elbo_nats
            if surrogate is None
            else surrogate,
            "elbo_nats": elbo_nats,
        }
        if self._spec.levels is not None:
            metrics["bits_per_dim"] = bits_per_dim(elbo_nats, self._spec.num_dims)
        rows = tuple(self._row(name, value) for name, value in means.items())
        metrics |= {f"term.{row.name}_nats": row.nats for row in rows}
        self._sums, self.count = {}, 0
        return metrics, rows

    def _row(self, name: str, value: float) -> LedgerRow:
        scope, exact = self._kinds[name]
        return LedgerRow(name, scope, value / self._num_data if scope == "local" else value, None, exact)
