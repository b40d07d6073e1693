"""Evaluate the bound on a split, with standard errors.

The split is gone through R times with fresh noise on the same observations; the bound is the mean. What differs
between the repeats is Monte Carlo error and nothing else, so from R = 2 on

    se^2 = 1/R sum_u var_r(U_ru)

where U_ru is what unit u contributes in repeat r. The units are the examples, whose noise is independent; where
the ledger has global terms, the examples of one batch share a draw of the global latents, and the units are the
batches.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from genlab.assembly.assembly import Assembly
from genlab.assembly.streams import stream_seed
from genlab.errors import DataError, UsageError
from genlab.ledger import Ledger, Scope
from genlab.run.looking import looking_at
from genlab.units import bits_per_dim


@dataclass(frozen=True)
class LedgerRow:
    """One term of an evaluated bound.

    Attributes:
        name: the term's name.
        scope: `local` or `global`.
        nats: a local term's mean per example; a global term's whole value.
        se: the Monte Carlo standard error of `nats`; 0 when exact, None after a single repeat.
        exact: whether the term has no Monte Carlo error.
    """

    name: str
    scope: Scope
    nats: float
    se: float | None
    exact: bool


@dataclass(frozen=True)
class Evaluation:
    """A bound on a split.

    Attributes:
        metrics: `elbo_nats` (per example), `elbo_nats_se` (Monte Carlo), `elbo_nats_data_se` (spread over the
            examples, None with global terms), `bits_per_dim` and its errors (None for real-valued data), and what
            the estimator's protocol or surrogate names.
        ledger: the terms; N * sum(local) + sum(global) = N * elbo_nats.
        protocol: how the numbers were made.
        num_examples: N.
    """

    metrics: dict[str, float | None]
    ledger: tuple[LedgerRow, ...]
    protocol: str
    num_examples: int

    def as_json(self) -> dict[str, Any]:
        """Return the document `genlab eval --json` prints."""
        rows = [vars(row) for row in self.ledger]
        return {
            "metrics": self.metrics,
            "ledger": rows,
            "protocol": self.protocol,
            "num_examples": self.num_examples,
        }


def evaluate(assembly: Assembly, split: str = "test", *, max_examples: int | None = None) -> Evaluation:
    """Evaluate the bound with the averaged weights, in float32, without touching any training state.

    Args:
        assembly: a fitted assembly.
        split: `train`, `validation` or `test`.
        max_examples: use only the first so many observations; by default what the recipe's `eval` says.

    Raises:
        UsageError: when there is no split of that name.
        DataError: when the split is empty.
        NonFiniteError: when a term is NaN or infinite.
    """
    num_examples = examples_to_evaluate(assembly, split, max_examples)
    with looking_at(assembly):
        repeats = [list(evaluation_ledgers(assembly, split, num_examples, 0))]
        if not all(term.exact for ledger in repeats[0] for term in ledger.terms):
            repeats += [
                list(evaluation_ledgers(assembly, split, num_examples, r)) for r in range(1, assembly.eval.repeats)
            ]
    return _summarise(assembly, split, num_examples, repeats)


def examples_to_evaluate(assembly: Assembly, split: str, max_examples: int | None = None) -> int:
    """Return how many observations of a split an evaluation uses.

    Raises:
        UsageError: when there is no split of that name.
        DataError: when the split is empty.
    """
    available = observations_in(assembly, split)
    return min(available, max_examples or assembly.eval.max_examples or available)


def observations_in(assembly: Assembly, split: str) -> int:
    """Return how many observations a split has.

    Raises:
        UsageError: when there is no split of that name.
        DataError: when the split is empty.
    """
    if split not in ("train", "validation", "test"):
        raise UsageError(f"split must be train, validation or test, got {split!r}.")
    available = len(assembly.data[split])
    if not available:
        raise DataError(
            f"the {split} split of {assembly.data.spec.name} must not be empty. Evaluate another with --split, or "
            "give it a share with data.split."
        )
    return available


def evaluation_ledgers(assembly: Assembly, split: str, num_examples: int, repeat: int) -> Iterator[Ledger]:
    """Estimate the bound on every batch: the same observations in each repeat, fresh noise.

    Raises:
        NonFiniteError: when a term is NaN or infinite.
    """
    seed = stream_seed(assembly.seed, "evaluation")
    observation = assembly.accelerator.generator(seed)
    noise = assembly.accelerator.generator(seed + 1 + repeat)
    for batch in assembly.data[split].in_order(assembly.eval.batch_size, observation, stop=num_examples):
        ledger = assembly.eval_elbo.estimate(assembly.model, assembly.family, batch, generator=noise).detach()
        ledger.check_finite(f"evaluating the {split} split")
        yield ledger


def _summarise(assembly: Assembly, split: str, num_examples: int, repeats: list[list[Ledger]]) -> Evaluation:
    spec = assembly.data.spec
    terms = repeats[0][0].terms
    has_globals = any(term.scope == "global" for term in terms)
    contributions = [
        torch.stack([_contributions(ledgers, row, by_batch=has_globals) for ledgers in repeats])
        for row in range(len(terms))
    ]
    rows = []
    for term, units in zip(terms, contributions, strict=True):
        count = num_examples if term.scope == "local" else 1
        error = 0.0 if term.exact else _standard_error(units)
        nats = units.sum(1).mean().item() / count
        rows.append(LedgerRow(term.name, term.scope, nats, None if error is None else error / count, term.exact))
    total = torch.stack(contributions).sum(0)
    elbo_nats = total.sum(1).mean().item() / num_examples
    error = 0.0 if all(term.exact for term in terms) else _standard_error(total)
    data_error = None
    if not has_globals and num_examples > 1:
        data_error = (total.mean(0).std() / num_examples**0.5).item()
    metrics = _metrics(assembly, elbo_nats, None if error is None else error / num_examples, data_error)
    metrics |= _surrogate(repeats)
    passes = f", mean of {len(repeats)} passes" if len(repeats) > 1 else ""
    available = len(assembly.data[split])
    share = f"{num_examples}" if num_examples == available else f"first {num_examples} of {available}"
    protocol = f"{split} split of {spec.name}, {share} examples; {assembly.eval_elbo.protocol}{passes}; float32"
    return Evaluation(metrics, tuple(rows), protocol, num_examples)


def _contributions(ledgers: list[Ledger], row: int, *, by_batch: bool) -> Tensor:
    """Return what each unit adds to the bound on the whole split, `(U,)` in nats."""
    values = [ledger.terms[row].value.double().cpu() for ledger in ledgers]
    if ledgers[0].terms[row].scope == "global":
        return torch.stack(values) / len(values)
    return torch.stack([value.sum() for value in values]) if by_batch else torch.cat(values)


def _standard_error(units: Tensor) -> float | None:
    """Return the standard error of the mean over repeats of the sum over units; `units` is `(R, U)`."""
    num_repeats = units.shape[0]
    return (units.var(0).sum() / num_repeats).sqrt().item() if num_repeats > 1 else None


def _metrics(
    assembly: Assembly, elbo_nats: float, error: float | None, data_error: float | None
) -> dict[str, float | None]:
    spec, name = assembly.data.spec, assembly.eval_elbo.bound_name
    metrics: dict[str, float | None] = {
        "elbo_nats": elbo_nats,
        "elbo_nats_se": error,
        "elbo_nats_data_se": data_error,
    }
    if name != "elbo":
        metrics |= {f"{name}_nats": elbo_nats, f"{name}_nats_se": error}
    if spec.levels is None:
        return metrics | dict.fromkeys(("bits_per_dim", "bits_per_dim_se", "bits_per_dim_data_se"))
    metrics["bits_per_dim"] = bits_per_dim(elbo_nats, spec.num_dims)
    for key, nats in (("bits_per_dim_se", error), ("bits_per_dim_data_se", data_error)):
        metrics[key] = None if nats is None else bits_per_dim(-nats, spec.num_dims)
    return metrics


def _surrogate(repeats: list[list[Ledger]]) -> dict[str, float | None]:
    """Return the mean of the surrogate that training minimises, by its name."""
    values = [
        (ledger.surrogate_objective.item(), ledger.batch_size)
        for ledgers in repeats
        for ledger in ledgers
        if ledger.surrogate_objective is not None
    ]
    if not values:
        return {}
    mean = sum(value * size for value, size in values) / sum(size for _, size in values)
    return {f"objective_{repeats[0][0].surrogate}": mean}
