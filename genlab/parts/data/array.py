"""A NumPy file of rows of numbers, mapped into memory and never read whole.

The rows are cut into at most 16,384 blocks of consecutive rows, and blocks are dealt to the parts as rows are in
`splitting`. So the parts need a few kilobytes to describe however long the file is, and each can be read in the file's
order. A file of up to 16,384 rows is split row by row.
"""

import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genlab.data.splitting import Fractions, check_fractions, split_indices
from genlab.errors import DataError
from genlab.interfaces.constraints import NonNegativeInt, PositiveInt
from genlab.interfaces.data_source import DataSource, DataSpec, Splits
from genlab.parts.data.array_split import ArraySplit
from genlab.parts.data.value_check import ValueCheck

MOST_BLOCKS = 16_384
_CHECKED_NUMBERS = 2**20
"""How many numbers are checked at a time."""


class Array(DataSource):
    """Rows of a .npy file, which may be larger than memory."""

    def __init__(
        self,
        *,
        path: Path,
        batch_size: PositiveInt = 4096,
        split: Fractions = (0.8, 0.1, 0.1),
        split_seed: NonNegativeInt = 0,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            path: a .npy file of shape (N,) or (N, D), float32 or float64; x is float32.
            batch_size: how many rows a training step reads.
            split: the shares of training, validation and test data.
            split_seed: fixes which block of rows goes where.

        Raises:
            IncompatibleError: when the shares do not sum to 1.
        """
        check_fractions(split)
        self.batch_size, self._path, self._split, self._split_seed = batch_size, path, split, split_seed

    def load(self) -> Splits:
        """Map the file and look at each of its values once.

        Raises:
            DataError: when it is missing, malformed or of another type, has no rows, a column has no value at all,
                or a number is infinite.
        """
        rows, columns, check = _opened(self._path)
        missing = check.missing()
        block_rows = -(-len(rows) // MOST_BLOCKS)
        parts = split_indices(-(-len(rows) // block_rows), self._split, self._split_seed)
        train, validation, test = (ArraySplit(rows, block_rows, blocks.sort().values) for blocks in parts)
        spec = DataSpec(self._path.name, (len(columns),), len(train), columns=columns, missing=bool(missing))
        return Splits(spec, train, validation, test, missing=missing)

    def open(self, path: Path, spec: DataSpec) -> ArraySplit:
        """Map another file of as many columns, all its rows one split; any value may be missing.

        Raises:
            DataError: when it is missing, malformed or of another type, has no rows, or more or fewer columns, or a
                number is infinite.
        """
        rows, columns, check = _opened(path)
        check.check_finite()
        if len(columns) != spec.num_dims:
            raise DataError(f"{path} must have {spec.num_dims} columns, as {spec.name} has, got {len(columns)}.")
        return ArraySplit(rows, len(rows), torch.zeros(1, dtype=torch.int64))


def _opened(path: Path) -> tuple[Tensor, tuple[str, ...], ValueCheck]:
    """Return the rows `(N, D)` of a file, mapped; the columns' names; and what there is to say of the values."""
    rows = _mapped(path)
    columns = ("x",) if rows.shape[1] == 1 else tuple(f"x[{index}]" for index in range(rows.shape[1]))
    check = ValueCheck(path, columns)
    for chunk in torch.split(rows, max(1, _CHECKED_NUMBERS // len(columns))):
        check.add(chunk)
    check.warn_of_rounding()
    return rows, columns, check


def _mapped(path: Path) -> Tensor:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise DataError(f"{path} must exist, and does not. Correct data.path.") from error
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path} cannot be mapped as NPY: {error}. Save it with numpy.save.") from error
    if not isinstance(array, np.memmap):
        raise DataError(f"{path} must be a single array, got an archive. Save it with numpy.save, or use a table.")
    if array.dtype not in (np.dtype("=f4"), np.dtype("=f8")):
        raise DataError(f"{path} must hold float32 or float64 in this machine's byte order, got {array.dtype.str}.")
    if array.ndim not in (1, 2) or 0 in array.shape:
        raise DataError(f"{path} must have shape (N,) or (N, D), neither of them 0, got {array.shape}.")
    with warnings.catch_warnings():
        # Of a tensor that cannot be written to, which is meant: x is never changed in place.
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        return torch.from_numpy(array if array.ndim == 2 else array[:, None])
