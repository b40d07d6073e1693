"""A data source: which x are observed, and how they are split.

Observations keep the data's own values: an image of L grey levels holds the integers 0..L-1 (a binarised one 0
and 1), a table its real numbers. So a probability of an integer-valued x is a probability mass, and its bits per
dimension mean what they say. A model that wants another scale, such as [-1, 1], maps to it itself.
"""

import abc
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from genlab.errors import UsageError
from genlab.interfaces.partner import Partner


@dataclass(frozen=True)
class DataSpec:
    """What a model may know of the data before it sees any.

    Attributes:
        name: the source's name for people, e.g. `digits`.
        event_shape: `*X`: `(channels, height, width)` for images, `(columns,)` for tables.
        num_train: N, the number of training observations.
        levels: L when x takes the integers 0..L-1; None when x is real.
        num_classes: how many labels `y` takes; None without labels.
        columns: the names of a table's columns; empty for anything else.
        missing: whether x may hold NaN, for a value that was not observed.
        binarization: how grey was made black and white, `threshold`, `static` or `dynamic`; None where it was not.
            Bounds are named after it, for each way makes other data.
    """

    name: str
    event_shape: tuple[int, ...]
    num_train: int
    levels: int | None = None
    num_classes: int | None = None
    columns: tuple[str, ...] = ()
    missing: bool = False
    binarization: str | None = None

    @property
    def num_dims(self) -> int:
        """D, the number of dimensions of one observation."""
        return math.prod(self.event_shape)

    @property
    def is_image(self) -> bool:
        """Whether an observation has the shape (channels, height, width)."""
        return len(self.event_shape) == 3


@dataclass(frozen=True)
class Batch:
    """B observations out of N.

    Attributes:
        x: `(B, *X)`, floating point, in the data's own values; NaN where nothing was observed.
        num_data: N, the size of the split they come from.
        y: `(B,)` integer labels, or None.
    """

    x: Tensor
    num_data: int
    y: Tensor | None = None


class Split(abc.ABC):
    """Training, validation or test data: a number of observations, read by index."""

    @abc.abstractmethod
    def __len__(self) -> int:
        """Return N."""

    @abc.abstractmethod
    def batches(self, indices: Iterable[Tensor], generator: torch.Generator) -> Iterator[Batch]:
        """Read observations, one batch for each tensor of indices.

        Args:
            indices: tensors `(B,)` of integers in 0..N-1, on the CPU; read lazily, so it may be endless.
            generator: randomness of the observation itself (dynamic binarization), on the split's device.
        """

    def in_order(
        self, size: int, generator: torch.Generator, *, start: int = 0, stop: int | None = None
    ) -> Iterator[Batch]:
        """Read observations one after the other, `size` at a time, the last batch what is left.

        A batch's x may be a view of what is stored: it must not be changed in place.

        Args:
            size: how many make a batch.
            generator: as for `batches`.
            start: the first to read.
            stop: one past the last to read; by default N.
        """
        stop = len(self) if stop is None else stop
        indices = (torch.arange(first, min(first + size, stop)) for first in range(start, stop, size))
        return self.batches(indices, generator)

    @abc.abstractmethod
    def to(self, device: torch.device) -> "Split":
        """Return the same split, delivering its batches on `device`."""


@dataclass(frozen=True)
class Splits:
    """A loaded data set.

    Attributes:
        spec: its shape and values.
        train, validation, test: disjoint; validation or test may be empty.
        truth: what is known of how simulated data arose, as numbers by name; empty for real data.
        missing: how many values are missing and where, in words; empty where none is.
    """

    spec: DataSpec
    train: Split
    validation: Split
    test: Split
    truth: Mapping[str, Any] = field(default_factory=dict)
    missing: str = ""

    def __getitem__(self, name: str) -> Split:
        """Return the split called `train`, `validation` or `test`."""
        if name not in ("train", "validation", "test"):
            raise KeyError(name)
        split: Split = getattr(self, name)
        return split

    def to(self, device: torch.device) -> "Splits":
        """Return the same data, delivering batches on `device`."""
        train, validation, test = self.train.to(device), self.validation.to(device), self.test.to(device)
        return replace(self, train=train, validation=validation, test=test)


class DataSource(Partner, abc.ABC):
    """Where the observations come from.

    Attributes:
        slot: the recipe table that names it.
        partners: slots this part depends on, and the class each must have; checked at assembly.
        batch_size: B, how many training observations a step reads.
    """

    slot: ClassVar[str] = "data"
    batch_size: int

    @abc.abstractmethod
    def load(self) -> Splits:
        """Read the data into memory or open them.

        Raises:
            DataError: when a file is missing, malformed or empty.
        """

    def open(self, path: Path, spec: DataSpec) -> Split:
        """Read another file or folder as this source reads its own: the same columns and values, and no splitting.

        Args:
            path: what to read.
            spec: the specification of the data that were loaded, which these observations must share.

        Raises:
            DataError: when it is missing or malformed, or its observations have another shape.
            UsageError: where this source reads no files.
        """
        raise UsageError(f"data {spec.name!r} must be read from files to be given another one, and are not.")
