"""Columns of numbers, by name, from files of three formats. Nothing is ever unpickled.

A missing number is NaN; in a CSV its cell is empty, or NA or NaN in any case.

A matrix `(N, D)` in an .npz or .safetensors file counts as D columns: those of `x` are x[0], x[1], ...
"""

import csv
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file

from genlab.errors import DataError
from genlab.spelling import did_you_mean, listing

Columns = dict[str, NDArray[np.float64]]
"""Arrays `(N,)` by column name."""

_Cells = Mapping[str, list[str] | NDArray[Any]]
"""What stands in each column of a file, numbers or not."""

_MISSING = {"", "na", "nan"}
"""What a cell of a CSV holds where a number is missing, in lower case and without spaces."""

_UNREADABLE = (OSError, ValueError, EOFError, SafetensorError, csv.Error, zipfile.BadZipFile, zlib.error)


def read_columns(path: Path, wanted: Sequence[str] | None = None) -> Columns:
    """Read columns of a file; those that are not wanted may hold anything.

    Args:
        path: a .csv, .npz or .safetensors file.
        wanted: the names of the columns, in the order they are returned; by default all, in the file's order.

    Raises:
        DataError: when the file is missing, of another format or malformed, a column is unknown, a cell is no
            number, or the columns differ in length.
    """
    readers = {".csv": _read_csv, ".npz": _read_npz, ".safetensors": _read_safetensors}
    suffix = path.suffix.lower()
    if suffix not in readers:
        raise DataError(f"{path} must end in .csv, .npz or .safetensors, got {suffix or 'no ending'!r}.")
    try:
        cells = readers[suffix](path)
    except FileNotFoundError as error:
        raise DataError(f"{path} must exist, and does not. Correct data.path.") from error
    except _UNREADABLE as error:
        raise DataError(f"{path} cannot be read as {suffix[1:].upper()}: {error}.") from error
    columns = {name: _numbers(path, name, cells[name]) for name in _chosen(path, cells, wanted)}
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(f"the columns of {path} must have one length, got {lengths}.")
    return columns


def _chosen(path: Path, cells: _Cells, wanted: Sequence[str] | None) -> Sequence[str]:
    if not cells:
        raise DataError(f"{path} must have at least one column, got none.")
    unknown = [name for name in wanted or () if name not in cells]
    if unknown:
        raise DataError(
            f"data.columns must name columns of {path}, got {listing(unknown)}. It has {listing(cells)}."
            f"{did_you_mean(unknown[0], cells)}"
        )
    return list(cells) if wanted is None else wanted


def _read_csv(path: Path) -> _Cells:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        rows = [row for row in reader if row]
    if not header:
        raise DataError(f"{path} must begin with a line of column names, got an empty file.")
    if all(_is_number(name) for name in header):
        raise DataError(f"{path} must begin with a line of column names, got numbers: {', '.join(header)}. Add one.")
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise DataError(f"{path} must name each column once, got {repeated} more than once.")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise DataError(f"{path} must have {len(header)} cells in every row, got {len(row)} in row {number}.")
    return {name: [row[index] for row in rows] for index, name in enumerate(header)}


def _read_npz(path: Path) -> _Cells:
    with path.open("rb") as file:  # opened here, for NumPy leaves a file that is no archive open
        arrays = np.load(file, allow_pickle=False)
        if not isinstance(arrays, np.lib.npyio.NpzFile):
            raise DataError(f"{path} must be an NPZ archive, got a single array. Save it with numpy.savez.")
        return _flatten({name: arrays[name] for name in arrays.files})


def _read_safetensors(path: Path) -> _Cells:
    # By way of torch, for NumPy has no bfloat16.
    tensors = load_file(path)
    return _flatten({name: (x if x.is_complex() else x.double()).numpy() for name, x in tensors.items()})


def _flatten(arrays: Mapping[str, NDArray[Any]]) -> _Cells:
    columns: dict[str, NDArray[Any]] = {}
    for name, array in arrays.items():
        if array.ndim == 2:
            columns |= {f"{name}[{index}]": column for index, column in enumerate(array.T)}
        else:
            columns[name] = array
    return columns


def _numbers(path: Path, name: str, cells: list[str] | NDArray[Any]) -> NDArray[np.float64]:
    if isinstance(cells, list):
        return _parse(path, name, cells)
    if cells.ndim != 1:
        raise DataError(f"array {name!r} of {path} must be a column or a matrix, got shape {cells.shape}.")
    if cells.dtype.kind not in "biuf":
        raise DataError(f"array {name!r} of {path} must hold real numbers, got {cells.dtype}.")
    return cells.astype(np.float64)


def _parse(path: Path, name: str, cells: list[str]) -> NDArray[np.float64]:
    try:
        return np.array(cells, dtype=np.float64)
    except ValueError:
        filled = ["nan" if cell.strip().lower() in _MISSING else cell for cell in cells]
    try:
        return np.array(filled, dtype=np.float64)
    except ValueError:
        row, cell = next((row, cell) for row, cell in enumerate(filled, start=1) if not _is_number(cell))
        raise DataError(
            f"{path} must hold numbers, got {cell!r} in row {row}, column {name!r}. Correct the cell, or leave the "
            "column out with data.columns."
        ) from None


def _is_number(cell: str) -> bool:
    try:
        np.float64(cell)
    except ValueError:
        return False
    return True
