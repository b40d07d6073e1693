"""What an update rule meets in a run, for tests that build one by hand.

rule = MyRule(model, family, elbo, cpu())
rule.step(InMemoryTraining(x, batch_size=8), generator=torch.Generator())
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from genlab.data import TensorSplit
from genlab.interfaces import Accelerator, Batch, Split
from genlab.parts.accelerator.cpu import CPU
from genlab.run.state import TrainingStream


class InMemoryTraining:
    """Training data as a run hands them to an update rule, and how often they were read.

    >>> data = InMemoryTraining(torch.zeros(10, 3), batch_size=4)
    >>> data.next().x.shape, [len(batch.x) for batch in data.sweep()], data.num_sweeps
    (torch.Size([4, 3]), [4, 4, 2], 1)

    Attributes:
        num_data: N.
        share: 1: there is one process.
        num_minibatches: how many minibatches were read.
        num_sweeps: how often all data were.
    """

    share = 1.0

    def __init__(self, x: Tensor | Split, *, batch_size: int | None = None, seed: int = 0) -> None:
        """Make one.

        Args:
            x: `(N, *X)`, delivered in its own precision; or a split.
            batch_size: B, how many a minibatch holds, and a batch of a sweep at most; by default N.
            seed: fixes the order, and the randomness of the observation where a split has any.
        """
        split = TensorSplit(x, dtype=x.dtype) if isinstance(x, Tensor) else x
        observation = torch.Generator().manual_seed(seed)
        self._stream = TrainingStream(split, batch_size or len(split), order_seed=seed, observation=observation)
        self.num_data, self.num_minibatches, self.num_sweeps = len(split), 0, 0

    def next(self) -> Batch:
        """Return the next minibatch of the shuffled stream."""
        self.num_minibatches += 1
        return self._stream.next()

    def sweep(self) -> Iterator[Batch]:
        """Yield all observations once, in order."""
        self.num_sweeps += 1
        return self._stream.sweep()


def cpu() -> Accelerator:
    """Return the accelerator of a recipe with `use = "cpu"` and `precision = "float32"`; it leaves float64 alone."""
    return CPU(precision="float32")
