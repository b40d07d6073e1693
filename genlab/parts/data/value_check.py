"""What is wrong with the values of a table, found while they are read a chunk at a time."""

from pathlib import Path

import torch
from torch import Tensor

from genlab.errors import DataError


class ValueCheck:
    """Counts missing values by column, and finds infinite ones."""

    def __init__(self, path: Path, columns: tuple[str, ...]) -> None:
        """Make one.

        Args:
            path: the file, for messages.
            columns: D names.
        """
        self._path, self._columns = path, columns
        self._missing = torch.zeros(len(columns), dtype=torch.int64)
        self._first_missing: list[int | None] = [None] * len(columns)
        self._num_rows = self._num_infinite = 0
        self._first_infinite: tuple[int, int, float] | None = None

    def add(self, rows: Tensor) -> None:
        """Look at the next rows, `(B, D)`, which are to be float32 observations."""
        single = rows.float()
        if not bool(torch.isfinite(single).all()):
            self._add_missing(single.isnan())
            self._add_infinite(rows, single.isinf())
        self._num_rows += len(rows)

    def check_finite(self) -> None:
        """Raise where a value is infinite.

        Raises:
            DataError: naming the first.
        """
        if self._first_infinite is not None:
            row, column, value = self._first_infinite
            more = f" {self._num_infinite - 1} more cells are infinite too." if self._num_infinite > 1 else ""
            raise DataError(
                f"{self._path} must hold finite float32 numbers, got {value} in row {row + 1}, "
                f"column {self._columns[column]!r}.{more} Take those rows out, or leave the column out."
            )

    def missing(self) -> str:
        """Return how many values are missing from which columns and where first, in words; empty where none is.

        Raises:
            DataError: when a value is infinite, or a column has none.
        """
        self.check_finite()
        words = []
        for name, count, first in zip(self._columns, self._missing.tolist(), self._first_missing, strict=True):
            if count == self._num_rows:
                raise DataError(f"column {name!r} of {self._path} must hold a number, got none. Leave it out.")
            if first is not None:
                words.append(f"{count} in column {name!r} (first in row {first + 1})")
        return ", ".join(words)

    def _add_missing(self, missing: Tensor) -> None:
        self._missing += missing.sum(0)
        for column, lacks in enumerate(missing.any(0).tolist()):
            if lacks and self._first_missing[column] is None:
                self._first_missing[column] = self._num_rows + int(missing[:, column].nonzero()[0])

    def _add_infinite(self, rows: Tensor, infinite: Tensor) -> None:
        places = infinite.nonzero()
        if len(places) and self._first_infinite is None:
            row, column = places[0].tolist()
            self._first_infinite = (self._num_rows + row, column, rows[row, column].item())
        self._num_infinite += len(places)
