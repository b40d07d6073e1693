"""A split that is read from files while it is used: a batch comes from a `DataLoader`."""

from collections.abc import Iterable, Iterator
from typing import Protocol

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from genlab.errors import DataError
from genlab.interfaces.data_source import Batch, Split

Example = tuple[Tensor, int | None]
"""One observation `*X` and its label, if it has one."""


class Examples(Protocol):
    """Observations read one at a time, in worker processes too: it must be picklable."""

    def __getitem__(self, index: int, /) -> Example:
        """Read one observation."""


class StreamSplit(Split):
    """Observations that do not fit in memory, read by worker processes.

    The workers read ahead: they take a few tensors of indices more than the batches delivered so far.

    Attributes:
        dtype: the floating-point type of a batch's x.
    """

    def __init__(
        self,
        examples: Examples,
        positions: Tensor,
        *,
        workers: int = 0,
        device: torch.device | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Make one.

        Args:
            examples: all observations of the source.
            positions: `(N,)`, where in `examples` this split's observations stand.
            workers: how many processes read; 0 reads in this one.
            device: where batches are delivered; by default the CPU.
            dtype: the floating-point type of a batch's x.
        """
        self._examples, self._positions, self._workers = examples, positions, workers
        self._device = device or torch.device("cpu")
        self.dtype = dtype

    def __len__(self) -> int:
        """Return N."""
        return self._positions.shape[0]

    def batches(self, indices: Iterable[Tensor], generator: torch.Generator) -> Iterator[Batch]:
        """Read observations, one batch for each tensor of indices.

        Raises:
            DataError: when an observation cannot be read.
        """
        loader: DataLoader[Example] = DataLoader(
            self._examples,  # type: ignore[arg-type]  # anything with __getitem__ serves where indices are given
            batch_sampler=_Positions(self._positions, indices),
            collate_fn=_stack,
            num_workers=self._workers,
            pin_memory=self._device.type == "cuda",
            generator=torch.Generator(),  # else the loader takes its workers' seed from torch's global generator
        )
        try:
            for x, y in loader:
                yield self._deliver(x, y)
        except DataError as error:
            raise _as_read(error) from error

    def to(self, device: torch.device) -> "StreamSplit":
        """Return the same split, delivering its batches on `device`."""
        return StreamSplit(self._examples, self._positions, workers=self._workers, device=device, dtype=self.dtype)

    def _deliver(self, x: Tensor, y: Tensor | None) -> Batch:
        on_device = x.to(self._device, non_blocking=True).to(self.dtype)
        return Batch(on_device, len(self), None if y is None else y.to(self._device, non_blocking=True))


class _Positions:
    """The lists of positions a `DataLoader` reads, made as it asks for them."""

    def __init__(self, positions: Tensor, indices: Iterable[Tensor]) -> None:
        self._positions, self._indices = positions, indices

    def __iter__(self) -> Iterator[list[int]]:
        for batch_indices in self._indices:
            yield self._positions[batch_indices].tolist()


def _stack(examples: list[Example]) -> tuple[Tensor, Tensor | None]:
    labels = [y for _, y in examples if y is not None]
    return torch.stack([x for x, _ in examples]), torch.tensor(labels) if labels else None


def _as_read(error: DataError) -> DataError:
    # A worker hands over its error with the traceback as text; the last line is the message it was raised with.
    return DataError(str(error).strip().splitlines()[-1].removeprefix("genlab.errors.DataError: "))
