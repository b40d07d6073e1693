"""A split of a memory-mapped file: blocks of consecutive rows, read where they lie.

The operating system brings the pages that are touched into memory and drops them when it needs the room, so a split may
be larger than memory. What is read in order is read from the file in order.
"""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from genlab.interfaces.data_source import Batch, Split


class ArraySplit(Split):
    """Some of the blocks of rows of one array."""

    def __init__(self, rows: Tensor, block_rows: int, blocks: Tensor, device: torch.device | None = None) -> None:
        """Make one.

        Args:
            rows: all rows of the file, `(M, D)`, float32 or float64, mapped and not to be written to.
            block_rows: how many rows a block has; the last block of the file may have fewer.
            blocks: which blocks are this split's, ascending.
            device: where batches are delivered; by default the CPU.
        """
        self._rows, self._block_rows, self._blocks = rows, block_rows, blocks
        self._device = device or torch.device("cpu")
        last_is_here = len(blocks) > 0 and int(blocks[-1]) == (len(rows) - 1) // block_rows
        lacking = -len(rows) % block_rows if last_is_here else 0
        self._num_rows = len(blocks) * block_rows - lacking

    def __len__(self) -> int:
        """Return N."""
        return self._num_rows

    def batches(self, indices: Iterable[Tensor], generator: torch.Generator) -> Iterator[Batch]:
        """Read rows from anywhere, one batch for each tensor of indices."""
        for batch_indices in indices:
            block = self._blocks.index_select(0, batch_indices // self._block_rows)
            places = block * self._block_rows + batch_indices % self._block_rows
            yield self._delivered(self._rows.index_select(0, places))

    def in_order(
        self, size: int, generator: torch.Generator, *, start: int = 0, stop: int | None = None
    ) -> Iterator[Batch]:
        """Read rows as they lie in the file; where a batch's rows are neighbors there, they are not copied."""
        stop = len(self) if stop is None else stop
        for first in range(start, stop, size):
            pieces = [self._rows[a:b] for a, b in self._runs(first, min(first + size, stop))]
            yield self._delivered(pieces[0] if len(pieces) == 1 else torch.cat(pieces))

    def to(self, device: torch.device) -> "ArraySplit":
        """Return the same split, delivering its batches on `device`; the file stays where it is."""
        return ArraySplit(self._rows, self._block_rows, self._blocks, device)

    def _delivered(self, rows: Tensor) -> Batch:
        return Batch(rows.to(self._device, torch.float32), len(self))

    def _runs(self, start: int, stop: int) -> list[tuple[int, int]]:
        """Return where rows start..stop-1 of the split stand in the file, as ranges; neighbors are joined."""
        size = self._block_rows
        runs: list[tuple[int, int]] = []
        for number in range(start // size, (stop - 1) // size + 1):
            offset = int(self._blocks[number]) * size - number * size
            first, last = max(start, number * size) + offset, min(stop, (number + 1) * size) + offset
            if runs and runs[-1][1] == first:
                runs[-1] = (runs[-1][0], last)
            else:
                runs.append((first, last))
        return runs
