"""A split held as one matrix in memory."""

from collections.abc import Iterable, Iterator

import torch
from genlab.interfaces import Batch, Split
from torch import Tensor


class Rows(Split):
    """N observations `(N, D)`, read by index."""

    def __init__(self, x: Tensor) -> None:
        """Make one.

        Args:
            x: `(N, D)`, floating point.
        """
        self._x = x

    def __len__(self) -> int:
        """Return N."""
        return len(self._x)

    def batches(self, indices: Iterable[Tensor], generator: torch.Generator) -> Iterator[Batch]:
        """Read observations, one batch for each tensor of indices."""
        for chosen in indices:
            yield Batch(self._x.index_select(0, chosen.to(self._x.device)), len(self))

    def to(self, device: torch.device) -> "Rows":
        """Return the same split with its matrix on `device`."""
        return Rows(self._x.to(device))
