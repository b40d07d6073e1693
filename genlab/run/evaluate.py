"""Evaluate the bound on a split, with standard errors.

The split is gone through R times with fresh noise on the same observations; the bound is the mean. What differs
between the repeats is Monte Carlo error and nothing else, which `ledger_sums` tells. The repeats go side by side, a
batch at a time, so no number of an example is kept and memory does not grow with the split.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from genlab.assembly.assembly import Assembly
from genlab.assembly.streams import stream_seed
from genlab.errors import DataError, UsageError
from genlab.interfaces import Batch, Diagnosis
from genlab.ledger import Ledger, Scope
from genlab.run.ledger_sums import TOTAL, LedgerSums
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
            the estimator's protocol or surrogate and the model's diagnosis name.
        ledger: the terms; N * sum(local) + sum(global) = N * elbo_nats.
        protocol: how the numbers were made.
        num_examples: N.
        series: several numbers under one name, from the model's diagnosis.
        remarks: what a person should know, from the model's diagnosis.
    """

    metrics: dict[str, float | None]
    ledger: tuple[LedgerRow, ...]
    protocol: str
    num_examples: int
    series: Mapping[str, Sequence[float]] = field(default_factory=dict)
    remarks: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the document `genlab eval --json` prints."""
        rows = [vars(row) for row in self.ledger]
        return {
            "metrics": self.metrics,
            "ledger": rows,
            "protocol": self.protocol,
            "num_examples": self.num_examples,
            "series": {name: list(values) for name, values in self.series.items()},
            "remarks": list(self.remarks),
        }


def evaluate(
    assembly: Assembly, split: str = "test", *, max_examples: int | None = None, diagnose: bool = True
) -> Evaluation:
    """Evaluate the bound with the averaged weights, in float32, without touching any training state.

    Args:
        assembly: a fitted assembly.
        split: `train`, `validation` or `test`.
        max_examples: use only the first so many observations; by default what the recipe's `eval` says.
        diagnose: whether the model is asked what else there is to know of the fit.

    Raises:
        UsageError: when there is no split of that name.
        DataError: when the split is empty.
        NonFiniteError: when a term is NaN or infinite.
    """
    num_examples = examples_to_evaluate(assembly, split, max_examples)
    sums = LedgerSums(num_batches=-(-num_examples // assembly.eval.batch_size))
    with looking_at(assembly):
        streams = [evaluation_ledgers(assembly, split, num_examples, r) for r in range(assembly.eval.repeats)]
        for first in streams[0]:
            others = [] if first.exact else [next(stream) for stream in streams[1:]]
            sums.add([first, *others])
    diagnosis = _diagnosis(assembly, split, num_examples) if diagnose else Diagnosis()
    return _summarise(assembly, split, num_examples, sums, diagnosis)


def diagnosis_of(assembly: Assembly, split: str = "test", *, max_examples: int | None = None) -> Diagnosis:
    """Ask the model what there is to know of the fit beside the bound, as an evaluation does.

    Args:
        assembly: a fitted assembly.
        split: `train`, `validation` or `test`.
        max_examples: use only the first so many observations; by default what the recipe's `eval` says.

    Raises:
        UsageError: when there is no split of that name.
        DataError: when the split is empty.
    """
    return _diagnosis(assembly, split, examples_to_evaluate(assembly, split, max_examples))


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
    batches, noise = _evaluated(assembly, split, num_examples, repeat)
    for batch in batches:
        ledger = assembly.eval_elbo.estimate(assembly.model, assembly.family, batch, generator=noise).detach()
        ledger.check_finite(f"evaluating the {split} split")
        yield ledger


def _evaluated(
    assembly: Assembly, split: str, num_examples: int, stream: int
) -> tuple[Iterator[Batch], torch.Generator]:
    """Return the observations, the same ones each time, and a stream of noise."""
    seed = stream_seed(assembly.seed, "evaluation")
    observation = assembly.accelerator.generator(seed)
    batches = assembly.data[split].in_order(assembly.eval.batch_size, observation, stop=num_examples)
    return batches, assembly.accelerator.generator(seed + 1 + stream)


def _diagnosis(assembly: Assembly, split: str, num_examples: int) -> Diagnosis:
    batches, noise = _evaluated(assembly, split, num_examples, assembly.eval.repeats)
    with looking_at(assembly):
        return assembly.model.diagnose(assembly.family, batches, generator=noise)


def _summarise(assembly: Assembly, split: str, num_examples: int, sums: LedgerSums, diagnosis: Diagnosis) -> Evaluation:
    spec = assembly.data.spec
    rows = []
    for name, (scope, exact) in sums.kinds.items():
        count = num_examples if scope == "local" else 1
        error = sums.error(name)
        rows.append(LedgerRow(name, scope, sums.mean(name) / count, None if error is None else error / count, exact))
    error, spread = sums.error(TOTAL), sums.spread()
    metrics = _metrics(
        assembly,
        sums.mean(TOTAL) / num_examples,
        None if error is None else error / num_examples,
        None if spread is None else spread / num_examples**0.5,
    )
    metrics |= sums.measures()
    metrics |= {f"objective_{name}": mean for name, mean in sums.surrogate().items()}
    metrics |= {name: value if math.isfinite(value) else None for name, value in diagnosis.metrics.items()}
    passes = f", mean of {sums.num_repeats} passes" if sums.num_repeats > 1 else ""
    available = len(assembly.data[split])
    share = f"{num_examples}" if num_examples == available else f"first {num_examples} of {available}"
    protocol = f"{split} split of {spec.name}, {share} examples; {assembly.eval_elbo.protocol}{passes}; float32"
    return Evaluation(metrics, tuple(rows), protocol, num_examples, diagnosis.series, diagnosis.remarks)


def bound_name(assembly: Assembly) -> str:
    """Return what the evaluated bound is called: the estimator's name for it, and how the data were binarised.

    It is `elbo` where there is nothing to add.
    """
    name, binarization = assembly.eval_elbo.bound_name, assembly.data.spec.binarization
    return name if binarization is None else f"{name}_{binarization}_binarization"


def _metrics(
    assembly: Assembly, elbo_nats: float, error: float | None, data_error: float | None
) -> dict[str, float | None]:
    spec, name = assembly.data.spec, bound_name(assembly)
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
