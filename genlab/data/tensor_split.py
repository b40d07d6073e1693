"""A split that lies whole on the device: a batch is one `index_select`."""

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor

from genlab.interfaces.data_source import Batch, Split

Observe = Callable[[Tensor, torch.Generator], Tensor]
"""How x is observed each time it is read: from values `(B, *X)` and a generator to the x of the batch."""


class TensorSplit(Split):
    """Observations held as one tensor.

    Reading a batch waits for no device and loops over no examples.

    Attributes:
        dtype: the floating-point type of a batch's x.
    """

    def __init__(
        self,
        x: Tensor,
        y: Tensor | None = None,
        *,
        observe: Observe | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Make one.

        Args:
            x: `(N, *X)`, stored as it is: uint8 for levels, a quarter of the memory of float32.
            y: `(N,)` integer labels, or None.
            observe: applied to each batch's x; by default x is what was stored.
            dtype: the floating-point type of a batch's x.
        """
        self._x, self._y, self._observe, self.dtype = x, y, observe, dtype

    def __len__(self) -> int:
        """Return N."""
        return self._x.shape[0]

    def batches(self, indices: Iterable[Tensor], generator: torch.Generator) -> Iterator[Batch]:
        """Read observations, one batch for each tensor of indices."""
        for batch_indices in indices:
            chosen = self._on_device(batch_indices)
            y = None if self._y is None else self._y.index_select(0, chosen)
            yield self._observed(self._selected(chosen), y, generator)

    def in_order(
        self, size: int, generator: torch.Generator, *, start: int = 0, stop: int | None = None
    ) -> Iterator[Batch]:
        """Read observations one after the other, without copying what is stored as it is delivered."""
        stop = len(self) if stop is None else stop
        for first in range(start, stop, size):
            chosen = slice(first, min(first + size, stop))
            yield self._observed(self._x[chosen], None if self._y is None else self._y[chosen], generator)

    def to(self, device: torch.device) -> "TensorSplit":
        """Return the same split with its tensors on `device`."""
        y = None if self._y is None else self._y.to(device)
        return TensorSplit(self._x.to(device), y, observe=self._observe, dtype=self.dtype)

    def subset(self, indices: Tensor) -> "TensorSplit":
        """Return the split of the observations at `indices`, in that order."""
        y = None if self._y is None else self._y[indices]
        return TensorSplit(self._x[indices], y, observe=self._observe, dtype=self.dtype)

    def _selected(self, chosen: Tensor) -> Tensor:
        """Return the observations at these indices."""
        if self._x.dim() == 2 and self._x.shape[1] == 1:
            # Elements of a vector are picked in a third of the time that rows of one number take.
            return self._x[:, 0].index_select(0, chosen).unsqueeze(1)
        return self._x.index_select(0, chosen)

    def _observed(self, x: Tensor, y: Tensor | None, generator: torch.Generator) -> Batch:
        x = x.to(self.dtype)
        return Batch(x if self._observe is None else self._observe(x, generator), len(self), y)

    def _on_device(self, indices: Tensor) -> Tensor:
        if self._x.device.type == "cuda" and indices.device.type == "cpu":
            # Only a copy from pinned memory is queued without waiting for the GPU.
            return indices.pin_memory().to(self._x.device, non_blocking=True)
        return indices.to(self._x.device)
