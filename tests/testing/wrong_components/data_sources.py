"""Data sources with one fault each: small random data gone wrong."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import torch
from torch import Tensor

from genlab.interfaces import Batch, Split, Splits
from genlab.testing.small_data import RandomLevels, RandomReals


class _Wrapped(Split):
    """A split that delivers another's batches, to be spoiled."""

    def __init__(self, right: Split) -> None:
        self.right = right

    def __len__(self) -> int:
        return len(self.right)

    def batches(self, indices: Iterable[Tensor], generator: torch.Generator) -> Iterator[Batch]:
        return self.right.batches(indices, generator)

    def to(self, device: torch.device) -> Split:
        return type(self)(self.right.to(device))


def _spoiled(splits: Splits, kind: type[_Wrapped]) -> Splits:
    return replace(splits, train=kind(splits.train), validation=kind(splits.validation), test=kind(splits.test))


class OverlappingSplits(RandomReals):
    """Validates on training data."""

    def load(self) -> Splits:
        splits = super().load()
        return replace(splits, validation=splits.train)


class NothingToTrainOn(RandomReals):
    """Leaves no training data."""

    def load(self) -> Splits:
        splits = super().load()
        empty = splits.train.subset(torch.arange(0))
        return replace(splits, train=empty, spec=replace(splits.spec, num_train=0))


class WrongCount(RandomReals):
    """Counts all data as training data."""

    def load(self) -> Splits:
        splits = super().load()
        return replace(splits, spec=replace(splits.spec, num_train=2 * splits.spec.num_train))


class OtherEachTime(RandomReals):
    """Draws from torch's global generator."""

    def load(self) -> Splits:
        splits = super().load()
        splits.train._x.add_(torch.randn_like(splits.train._x))
        return splits


class HalfLevels(RandomLevels):
    """Delivers grey levels divided by two."""

    def load(self) -> Splits:
        return _spoiled(super().load(), _Halved)


class _Halved(_Wrapped):
    def batches(self, indices: Iterable[Tensor], generator: torch.Generator) -> Iterator[Batch]:
        return (replace(batch, x=0.5 * batch.x) for batch in self.right.batches(indices, generator))


class UnknownLabels(RandomReals):
    """Delivers labels that the specification does not speak of."""

    def load(self) -> Splits:
        return _spoiled(super().load(), _Labelled)


class _Labelled(_Wrapped):
    def batches(self, indices: Iterable[Tensor], generator: torch.Generator) -> Iterator[Batch]:
        for batch in self.right.batches(indices, generator):
            yield replace(batch, y=torch.zeros(len(batch.x), dtype=torch.int64))


class LabelsFromOne(RandomReals):
    """Counts classes from 1."""

    def load(self) -> Splits:
        splits = _spoiled(super().load(), _Labelled)
        return replace(_spoiled(splits, _FromOne), spec=replace(splits.spec, num_classes=1))


class _FromOne(_Wrapped):
    def batches(self, indices: Iterable[Tensor], generator: torch.Generator) -> Iterator[Batch]:
        return (replace(batch, y=batch.y + 1) for batch in self.right.batches(indices, generator))


class SortsIndices(RandomReals):
    """Reads in the order that is fastest on disk."""

    def load(self) -> Splits:
        return _spoiled(super().load(), _Sorted)


class _Sorted(_Wrapped):
    def batches(self, indices: Iterable[Tensor], generator: torch.Generator) -> Iterator[Batch]:
        return self.right.batches((index.sort().values for index in indices), generator)


class ReadsAhead(RandomReals):
    """Wants all indices before it delivers a batch."""

    def load(self) -> Splits:
        return _spoiled(super().load(), _Eager)


class _Eager(_Wrapped):
    def batches(self, indices: Iterable[Tensor], generator: torch.Generator) -> Iterator[Batch]:
        return self.right.batches(list(indices), generator)


class SharesMemory(RandomReals):
    """Delivers views of its memory."""

    def load(self) -> Splits:
        return _spoiled(super().load(), _Views)


class _Views(_Wrapped):
    def batches(self, indices: Iterable[Tensor], generator: torch.Generator) -> Iterator[Batch]:
        for index in indices:
            yield Batch(self.right._x[index[0] : index[-1] + 1], len(self))


class LosesSomeWhenMoved(RandomReals):
    """Leaves an observation behind on the way to another device."""

    def load(self) -> Splits:
        return _spoiled(super().load(), _Leaky)


class _Leaky(_Wrapped):
    moved = False

    def to(self, device: torch.device) -> Split:
        if not self.moved:  # once, when the recipe is assembled, it arrives whole
            arrived = _Leaky(self.right)
            arrived.moved = True
            return arrived
        return self.right.subset(torch.arange(len(self.right) - 1))
