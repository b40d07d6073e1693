"""What is wrong with the values of a table, found while they are read a chunk at a time."""

import math
import warnings
from pathlib import Path

import torch
from torch import Tensor

from genlab.errors import DataError, GenlabWarning

_NOTICEABLE_ROUNDING = 1e-3
"""Of the range of a column's values: rounding that is larger changes what a model can see in them."""


class ValueCheck:
    """Counts missing values by column, and finds infinite ones and those that float32 cannot tell apart."""

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
        self._lowest, self._highest, self._rounding = (
            torch.full((len(columns),), start, dtype=torch.float64) for start in (math.inf, -math.inf, 0.0)
        )

    def add(self, rows: Tensor) -> None:
        """Look at the next rows, `(B, D)`, which are to be float32 observations."""
        single = rows.float()
        if not bool(torch.isfinite(single).all()):
            self._add_missing(single.isnan())
            self._add_infinite(rows, single.isinf())
        if rows.dtype != torch.float32 and len(rows):
            self._add_rounding(rows.double(), single)
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

    def warn_of_rounding(self) -> None:
        """Warn of columns whose values are too far from 0 for float32, a `GenlabWarning` each."""
        spread = self._highest - self._lowest
        for index in (self._rounding > _NOTICEABLE_ROUNDING * spread).nonzero().flatten().tolist():
            if 0 < spread[index] < math.inf:
                warnings.warn(
                    f"column {self._columns[index]!r} of {self._path} is rounded to float32, by up to "
                    f"{self._rounding[index]:.2g} where its values range over {spread[index]:.2g}. Subtract a number "
                    f"such as {self._lowest[index]:.3g} from it.",
                    GenlabWarning,
                    stacklevel=2,
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

    def _add_rounding(self, rows: Tensor, single: Tensor) -> None:
        self._lowest = torch.minimum(self._lowest, rows.nan_to_num(math.inf, math.inf, -math.inf).amin(0))
        self._highest = torch.maximum(self._highest, rows.nan_to_num(-math.inf, math.inf, -math.inf).amax(0))
        lost = (
            (single.double() - rows).abs().nan_to_num(0.0, 0.0, 0.0)
        )  # of an infinite number too, which is an error by itself
        self._rounding = torch.maximum(self._rounding, lost.amax(0))

    def _add_infinite(self, rows: Tensor, infinite: Tensor) -> None:
        places = infinite.nonzero()
        if len(places) and self._first_infinite is None:
            row, column = places[0].tolist()
            self._first_infinite = (self._num_rows + row, column, rows[row, column].item())
        self._num_infinite += len(places)
