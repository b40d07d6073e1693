"""The bound of each example: its local terms, and what the estimator measures, averaged over repeats.

elbo_local_nats = sum over local terms       (global terms speak of all examples and are no one's own)
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from genlab.assembly.assembly import Assembly
from genlab.ledger import Ledger
from genlab.run.evaluate import evaluation_ledgers, examples_to_evaluate
from genlab.run.looking import looking_at


def per_example(assembly: Assembly, split: str = "test") -> Iterator[dict[str, Tensor]]:
    """Yield each example's local terms and their sum, a batch at a time, in order.

    The numbers are those `evaluate` sums: the same observations, the same noise.

    Args:
        assembly: a fitted assembly.
        split: `train`, `validation` or `test`.

    Yields:
        `(B,)` by name: `elbo_local_nats`, `term.<name>_nats` for each local term, and what the estimates tell of
        themselves, such as `effective_sample_size_iw5000`.

    Raises:
        UsageError, DataError, NonFiniteError: as `evaluate`.
    """
    num_examples = examples_to_evaluate(assembly, split)
    with looking_at(assembly):
        streams = [evaluation_ledgers(assembly, split, num_examples, repeat) for repeat in range(assembly.eval.repeats)]
        for ledgers in zip(*streams, strict=True):
            yield _columns(ledgers)


def _columns(ledgers: tuple[Ledger, ...]) -> dict[str, Tensor]:
    names = [term.name for term in ledgers[0].terms if term.scope == "local"]
    means = {name: torch.stack([ledger[name].double() for ledger in ledgers]).mean(0) for name in names}
    total = torch.stack(list(means.values())).sum(0)
    terms = {f"term.{name}_nats": value for name, value in means.items()}
    measures = {
        name: torch.stack([ledger.measures[name].double() for ledger in ledgers]).mean(0)
        for name in ledgers[0].measures
    }
    return {"elbo_local_nats": total} | terms | measures
