"""Sums over the ledgers of a split, batch by batch, with their standard errors.

R repeats with fresh noise on the same observations give the bound as their mean, and from R = 2 on its error,

    se^2 = 1/R sum_u var_r(U_ru)

where U_ru is what unit u contributes in repeat r. The units are the examples, whose noise is independent; where
the ledger has global terms, the examples of one batch share a draw of the global latents, and the units are the
batches.

The spread over the examples is merged batch by batch: with n, mean and squares S = sum (U - mean)^2 of two parts,

    S = S_1 + S_2 + (mean_2 - mean_1)^2 n_1 n_2 / (n_1 + n_2)

Reference: Chan, Golub & LeVeque 1983.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from genlab.ledger import Ledger, Scope, Term

TOTAL = "total"
"""Stands for the sum of all terms, beside which no term is called so."""


class LedgerSums:
    """What an evaluation keeps of the ledgers it has seen.

    Attributes:
        kinds: scope and exactness of each term, by name.
        num_repeats: R.
    """

    def __init__(self, num_batches: int) -> None:
        """Make one.

        Args:
            num_batches: how many batches the split has; each counts for so much of a global term.
        """
        self._num_batches = num_batches
        self.kinds: dict[str, tuple[Scope, bool]] = {}
        self.num_repeats = 0
        self._means: dict[str, float] = {}
        self._vars: dict[str, float] = {}
        self._examples = (0, 0.0, 0.0)  # n, mean and squares
        self._objective: dict[str, tuple[float, int]] = {}
        self._measures: dict[str, tuple[float, int]] = {}

    def add(self, repeats: Sequence[Ledger]) -> None:
        """Add one batch.

        Args:
            repeats: its ledger in each of R repeats.
        """
        terms, self.num_repeats = repeats[0].terms, len(repeats)
        self.kinds = {term.name: (term.scope, term.exact) for term in terms}
        by_batch = any(term.scope == "global" for term in terms)
        units = {
            term.name: torch.stack([self._contribution(ledger.terms[row], by_batch) for ledger in repeats])
            for row, term in enumerate(terms)
        }
        total = torch.stack(list(units.values())).sum(0)
        for name, values in ((TOTAL, total), *units.items()):
            self._means[name] = self._means.get(name, 0.0) + values.sum(1).mean().item()
            if self.num_repeats > 1:
                self._vars[name] = self._vars.get(name, 0.0) + values.var(0).sum().item()
        if not by_batch:
            self._spread(total.mean(0))
        for ledger in repeats:
            self._add_objective(ledger)
            for name, value in ledger.measures.items():
                total_so_far, count = self._measures.get(name, (0.0, 0))
                self._measures[name] = (total_so_far + value.double().sum().item(), count + len(value))

    def mean(self, name: str) -> float:
        """Return the mean over repeats of a term's sum over the split, in nats; of a global term, of its value."""
        return self._means[name]

    def error(self, name: str) -> float | None:
        """Return the standard error of `mean`: 0 where all is exact, None after one repeat."""
        exact = [exact for term, (_, exact) in self.kinds.items() if name in (TOTAL, term)]
        if all(exact):
            return 0.0
        return (self._vars[name] / self.num_repeats) ** 0.5 if self.num_repeats > 1 else None

    def spread(self) -> float | None:
        """Return the standard deviation over examples of their bound; None with global terms or a single example."""
        count, _, squares = self._examples
        return (squares / (count - 1)) ** 0.5 if count > 1 else None

    def surrogate(self) -> dict[str, float]:
        """Return the mean over examples of what training minimises, by its name; empty where it is the bound."""
        return {name: total / count for name, (total, count) in self._objective.items()}

    def measures(self) -> dict[str, float]:
        """Return the mean over examples and repeats of what the estimates tell of themselves, by name."""
        return {name: total / count for name, (total, count) in self._measures.items()}

    def _contribution(self, term: Term, by_batch: bool) -> Tensor:
        """Return what each unit of a batch adds to the bound on the whole split, `(U,)` in nats."""
        value = term.value.double().cpu()
        if term.scope == "global":
            return value.reshape(1) / self._num_batches
        return value.sum().reshape(1) if by_batch else value

    def _spread(self, values: Tensor) -> None:
        count, mean, squares = self._examples
        new_mean, added = values.mean().item(), len(values)
        squares += (values - new_mean).square().sum().item()
        squares += (new_mean - mean) ** 2 * count * added / (count + added)
        self._examples = (count + added, (mean * count + new_mean * added) / (count + added), squares)

    def _add_objective(self, ledger: Ledger) -> None:
        if ledger.surrogate is not None and ledger.surrogate_objective is not None:
            total, count = self._objective.get(ledger.surrogate, (0.0, 0))
            value = ledger.surrogate_objective.item() * ledger.batch_size
            self._objective[ledger.surrogate] = (total + value, count + ledger.batch_size)
