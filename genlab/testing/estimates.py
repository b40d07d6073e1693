"""Many independent estimates of one bound, to compare means and variances.

One estimate is made on a batch in which each observation stands several times; local terms are averaged over those
copies. Estimates with different seeds are independent, whatever the copies of one have in common.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from genlab.assembly import Assembly
from genlab.interfaces import Batch, ELBOEstimator
from genlab.ledger import Ledger
from genlab.testing.subject import Subject


@dataclass(frozen=True)
class Estimates:
    """R estimates of the terms of the bound on B observations.

    Attributes:
        local: by name, `(R, B)`, means over the copies of each observation.
        shared: by name, `(R,)`, the global terms.
        spread: by name, `(R, copies, B)` for a local term and `(R, 1, 1)` for a global one: every single value.
        exact: the names of the terms that are said to have no noise.
    """

    local: dict[str, Tensor]
    shared: dict[str, Tensor]
    spread: dict[str, Tensor]
    exact: frozenset[str]

    def totals(self, num_data: int) -> dict[str, Tensor]:
        """Return each term's contribution to the bound on `num_data` observations, `(R,)`."""
        scaled = {name: value.sum(1) * (num_data / value.shape[1]) for name, value in self.local.items()}
        return scaled | self.shared

    def elbo(self, num_data: int) -> Tensor:
        """Return the bound on `num_data` observations, `(R,)`."""
        return torch.stack(list(self.totals(num_data).values())).sum(0)


@torch.no_grad()
def estimates_of(
    subject: Subject,
    assembly: Assembly,
    batch: Batch,
    *,
    elbo: ELBOEstimator | None = None,
    num: int = 40,
    copies: int = 1,
    first_seed: int = 0,
) -> Estimates:
    """Make estimates with generators of their own.

    Args:
        subject: whose generators.
        assembly: the parts.
        batch: B observations.
        elbo: the estimator; by default the assembly's.
        num: R.
        copies: how often each observation stands in the batch that is estimated.
        first_seed: the first estimate's seed; the others' follow.
    """
    estimator = elbo if elbo is not None else assembly.elbo
    size = len(batch.x)
    tiled = replace(batch, x=batch.x.repeat(copies, *[1] * (batch.x.ndim - 1)), y=_repeated(batch.y, copies))
    ledgers = []
    for seed in range(first_seed, first_seed + num):
        generator = subject.generator(assembly, seed)
        ledgers.append(estimator.estimate(assembly.model, assembly.family, tiled, generator=generator).detach())
    return _gathered(ledgers, copies, size)


def _repeated(y: Tensor | None, copies: int) -> Tensor | None:
    return None if y is None else y.repeat(copies)


def _gathered(ledgers: list[Ledger], copies: int, size: int) -> Estimates:
    local, shared, spread = {}, {}, {}
    for term in ledgers[0].terms:
        values = torch.stack([ledger[term.name].double() for ledger in ledgers])
        if term.scope == "local":
            spread[term.name] = values.reshape(len(ledgers), copies, size)
            local[term.name] = spread[term.name].mean(1)
        else:
            spread[term.name] = values.reshape(-1, 1, 1)
            shared[term.name] = values
    exact = frozenset(term.name for term in ledgers[0].terms if term.exact)
    return Estimates(local, shared, spread, exact)
