"""Numeric columns of a CSV, NPZ or safetensors file, as real-valued rows."""

from pathlib import Path

import torch
from torch import Tensor

from genlab.data.splitting import Fractions, check_fractions, split_indices
from genlab.data.tensor_split import TensorSplit
from genlab.errors import DataError, IncompatibleError
from genlab.interfaces.constraints import NonNegativeInt, PositiveInt
from genlab.interfaces.data_source import DataSource, DataSpec, Splits
from genlab.parts.data.columns import read_columns
from genlab.parts.data.value_check import ValueCheck


class Table(DataSource):
    """Rows of numbers from a file, one observation each."""

    def __init__(
        self,
        *,
        path: Path,
        columns: tuple[str, ...] | None = None,
        batch_size: PositiveInt = 128,
        split: Fractions = (0.8, 0.1, 0.1),
        split_seed: NonNegativeInt = 0,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            path: a .csv file with a header, or an .npz or .safetensors file of columns or of one matrix.
            columns: which columns, in this order; by default all.
            batch_size: how many rows a training step reads.
            split: the shares of training, validation and test data.
            split_seed: fixes which row goes where.

        Raises:
            IncompatibleError: when the shares do not sum to 1, or no column is named, or one twice.
        """
        check_fractions(split)
        if columns is not None and (not columns or len(set(columns)) < len(columns)):
            raise IncompatibleError(f"data.columns must name at least one column, each once, got {list(columns)}.")
        self.batch_size, self._path, self._columns = batch_size, path, columns
        self._split, self._split_seed = split, split_seed

    def load(self) -> Splits:
        """Read the file; a cell that is empty, NA or NaN is a missing value.

        Raises:
            DataError: when it is missing or malformed, a column is unknown or has no value at all, or a number is
                infinite.
        """
        rows, names, check = _read(self._path, self._columns)
        missing = check.missing()
        whole = TensorSplit(rows.float())
        parts = split_indices(len(whole), self._split, self._split_seed)
        train, validation, test = (whole.subset(indices) for indices in parts)
        spec = DataSpec(self._path.name, (len(names),), len(train), columns=names, missing=bool(missing))
        return Splits(spec, train, validation, test, missing=missing)

    def open(self, path: Path, spec: DataSpec) -> TensorSplit:
        """Read another file's columns of the same names, all its rows one split; any value may be missing.

        Raises:
            DataError: when it is missing or malformed, lacks a column, or a number is infinite.
        """
        rows, _, check = _read(path, spec.columns)
        check.check_finite()
        return TensorSplit(rows.float())


def _read(path: Path, columns: tuple[str, ...] | None) -> tuple[Tensor, tuple[str, ...], ValueCheck]:
    """Return the rows `(N, D)` of a file, its columns' names, and what there is to say of the values."""
    found = read_columns(path, columns)
    rows = torch.stack([torch.from_numpy(column) for column in found.values()], dim=1)
    if not len(rows):
        raise DataError(f"{path} must have at least one row of data, got none.")
    check = ValueCheck(path, tuple(found))
    check.add(rows)
    check.warn_of_rounding()
    return rows, tuple(found), check
