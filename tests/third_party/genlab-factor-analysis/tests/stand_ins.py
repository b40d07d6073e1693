"""What an update rule meets in a run, in its smallest form."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext

import torch
from genlab.interfaces import Accelerator, Batch, Splits
from torch import nn

from genlab_factor_analysis.model import FactorAnalysis

Build = Callable[..., FactorAnalysis]
"""Builds a model with random parameters from a seed and a recipe's keys."""


class OneProcess(Accelerator):
    """This process and its CPU."""

    device = torch.device("cpu")
    precision = "float32"

    def place(self, module: nn.Module) -> None:
        module.to(self.device)

    def autocast(self) -> AbstractContextManager[None]:
        return nullcontext()

    def synchronize(self) -> None:
        """Nothing is waited for."""

    def peak_memory_bytes(self) -> int:
        return 0

    def describe(self) -> str:
        return "one process"


class WholeSplit:
    """The training split, as an update rule sees it."""

    def __init__(self, splits: Splits) -> None:
        self._split = splits.train
        self.num_data = len(splits.train)
        self.sweeps = 0

    def next(self) -> Batch:
        return next(self.sweep())

    def sweep(self) -> Iterator[Batch]:
        self.sweeps += 1
        chunks = iter(torch.split(torch.arange(self.num_data), 150))
        return self._split.batches(chunks, torch.Generator())
