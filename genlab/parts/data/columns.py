"""Columns of numbers, by name, from files of three formats. Nothing is ever unpickled.

A matrix `(N, D)` in an .npz or .safetensors file counts as D columns: those of `x` are x[0], x[1], ...
"""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from genlab.errors import DataError

Columns = dict[str, NDArray[np.float64]]
"""Arrays `(N,)` by column name, in the file's order."""


def read_columns(path: Path) -> Columns:
    """Read every numeric column of a file.

    Raises:
        DataError: when the file is missing, of another format, malformed, or a cell is no number.
    """
    readers = {".csv": _read_csv, ".npz": _read_npz, ".safetensors": _read_safetensors}
    if path.suffix.lower() not in readers:
        raise DataError(f"{path} must end in .csv, .npz or .safetensors, got {path.suffix or 'no ending'!r}.")
    try:
        return readers[path.suffix.lower()](path)
    except FileNotFoundError as error:
        raise DataError(f"{path} must exist, and does not. Correct data.path.") from error
    except (OSError, ValueError, EOFError, SafetensorError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as {path.suffix[1:].upper()}: {error}.") from error


def _read_csv(path: Path) -> Columns:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        rows = [row for row in reader if row]
    if not header:
        raise DataError(f"{path} must begin with a line of column names, got an empty file.")
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise DataError(f"{path} must name each column once, got {repeated} more than once.")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise DataError(f"{path} must have {len(header)} cells in every row, got {len(row)} in row {number}.")
    return {name: _numbers(path, name, [row[index] for row in rows]) for index, name in enumerate(header)}


def _numbers(path: Path, name: str, cells: list[str]) -> NDArray[np.float64]:
    try:
        return np.array(cells, dtype=np.float64)
    except ValueError:
        row, cell = next((row, cell) for row, cell in enumerate(cells, start=1) if not _is_number(cell))
        raise DataError(
            f"{path} must hold numbers, got {cell!r} in row {row}, column {name!r}. Correct the cell, or leave the "
            "column out with data.columns."
        ) from None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _read_npz(path: Path) -> Columns:
    with np.load(path, allow_pickle=False) as arrays:
        return _flatten(path, {name: arrays[name] for name in arrays.files})


def _read_safetensors(path: Path) -> Columns:
    return _flatten(path, load_file(path))


def _flatten(path: Path, arrays: Mapping[str, NDArray[Any]]) -> Columns:
    columns: Columns = {}
    for name, array in arrays.items():
        if not (np.issubdtype(array.dtype, np.number) or array.dtype == bool) or np.iscomplexobj(array):
            raise DataError(f"array {name!r} of {path} must hold real numbers, got {array.dtype}.")
        if array.ndim == 1:
            columns[name] = array.astype(np.float64)
        elif array.ndim == 2:
            columns |= {f"{name}[{index}]": column.astype(np.float64) for index, column in enumerate(array.T)}
        else:
            raise DataError(f"array {name!r} of {path} must be a column or a matrix, got shape {array.shape}.")
    return columns
