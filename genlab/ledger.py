"""The ledger: the named terms whose sum is the evidence lower bound.

    ELBO = E_q[ log p(x, z) - log q(z | x) ] = N/B * sum over local terms + sum over global terms

A *local* term has one value per example of a batch of B; a *global* term has one value for all N examples and
is never scaled. Every term is signed as it enters the bound, so an entropy is counted positive and a KL
divergence negative, and the terms of one ledger simply add up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from genlab.errors import NonFiniteError

Scope = Literal["local", "global"]


@dataclass(frozen=True)
class Term:
    """One named contribution to the bound, in nats.

    Attributes:
        name: the term's name, e.g. `likelihood`.
        value: `(B,)` when local, `()` when global; differentiable where the estimator is.
        scope: `local` (scaled by N/B on a minibatch) or `global` (never scaled).
        exact: whether the value has no Monte Carlo error, given the posterior.
    """

    name: str
    value: Tensor
    scope: Scope
    exact: bool


@dataclass(frozen=True)
class Ledger:
    """An estimate of the bound on one batch, as named terms, with what training minimises.

    Attributes:
        terms: the rows; their names are distinct and at least one is local.
        surrogate: None when training minimises the negative bound. Otherwise the name of what it minimises
            instead (`simple`, `beta_elbo`), which is then never logged as a bound.
        surrogate_objective: `()`, the value of the surrogate; None exactly when `surrogate` is.
        measures: `(B,)` by the metric's name: what the estimate tells of itself for each example, such as how many
            draws had a say in it. They are no part of the bound, and an evaluation reports their means.
    """

    terms: tuple[Term, ...]
    surrogate: str | None = None
    surrogate_objective: Tensor | None = None
    measures: Mapping[str, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [term.name for term in self.terms]
        if len(set(names)) != len(names):
            raise ValueError(f"a ledger's terms must have distinct names, got {names}.")
        if not any(term.scope == "local" for term in self.terms):
            raise ValueError(f"a ledger must have a local term, got {names}.")
        if (self.surrogate is None) != (self.surrogate_objective is None):
            raise ValueError("a surrogate must come with its value, and a value with its name.")

    def __getitem__(self, name: str) -> Tensor:
        """Return the value of the term called `name`."""
        for term in self.terms:
            if term.name == name:
                return term.value
        raise KeyError(f"no term {name!r} in the ledger; it has {[term.name for term in self.terms]}.")

    @property
    def batch_size(self) -> int:
        """B, the number of examples the local terms speak of."""
        return next(int(term.value.shape[0]) for term in self.terms if term.scope == "local")

    @property
    def exact(self) -> bool:
        """Whether no term has a Monte Carlo error."""
        return all(term.exact for term in self.terms)

    def per_example(self) -> Tensor:
        """Return the sum of the local terms of each example, `(B,)` in nats."""
        return _sum([term.value for term in self.terms if term.scope == "local"])

    def totals(self, num_data: int) -> dict[str, Tensor]:
        """Return each term's contribution to the bound on all `num_data` examples, `()` in nats."""
        return {
            term.name: term.value.sum() * (num_data / self.batch_size) if term.scope == "local" else term.value
            for term in self.terms
        }

    def elbo(self, num_data: int) -> Tensor:
        """Return the bound on all `num_data` examples, `()` in nats: N/B * sum(local) + sum(global)."""
        return torch.stack(list(self.totals(num_data).values())).sum()

    def objective(self, num_data: int) -> Tensor:
        """Return what training minimises, `()`: the surrogate, or the negative bound in nats per example."""
        if self.surrogate_objective is not None:
            return self.surrogate_objective
        shared = [term.value for term in self.terms if term.scope == "global"]
        per_example = self.per_example().mean()
        return -(per_example + _sum(shared) / num_data) if shared else -per_example

    def detach(self) -> "Ledger":
        """Return the same ledger with no graph behind it."""
        terms = tuple(Term(term.name, term.value.detach(), term.scope, term.exact) for term in self.terms)
        surrogate = self.surrogate_objective
        measures = {name: value.detach() for name, value in self.measures.items()}
        return Ledger(terms, self.surrogate, None if surrogate is None else surrogate.detach(), measures)

    def check_finite(self, where: str) -> None:
        """Raise if a term or the objective is NaN or infinite.

        Args:
            where: where this ledger was estimated, e.g. `step 40`; it becomes part of the message.

        Raises:
            NonFiniteError: naming the first such term, its value and `where`.
        """
        for term in self.terms:
            if not bool(torch.isfinite(term.value).all()):
                bad = term.value[~torch.isfinite(term.value)].flatten()[0].item()
                raise NonFiniteError(f"term {term.name!r} of the bound must be finite, got {bad} ({where}).")
        if self.surrogate_objective is not None and not bool(torch.isfinite(self.surrogate_objective).all()):
            raise NonFiniteError(
                f"the objective {self.surrogate!r} must be finite, got {self.surrogate_objective.item()} ({where})."
            )


def _sum(values: list[Tensor]) -> Tensor:
    """Return the sum of a few tensors; of one, itself."""
    return sum(values[1:], start=values[0])
