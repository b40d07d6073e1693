"""Columns written a batch at a time: CSV as they come, NPZ and safetensors once they are all there.

A column is `(B,)`, or `(B, k)` and then k columns of a CSV: `responsibilities[0]`, `responsibilities[1]`, ...
"""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genlab.errors import UsageError
from genlab.records.files import write_atomically
from genlab.run.tensor_file import write_tensors

ENDINGS = (".csv", ".npz", ".safetensors")


def check_column_file(path: Path) -> None:
    """Raise unless columns can be written to a file; what fills it may take long, and this is known before.

    Raises:
        UsageError: for an ending other than .csv, .npz and .safetensors, or a folder that is not there.
    """
    if path.suffix not in ENDINGS:
        raise UsageError(f"{path} must end in .csv, .npz or .safetensors, got {path.suffix or 'no ending'!r}.")
    if not path.parent.is_dir():
        raise UsageError(f"folder {path.parent} must exist to write {path.name} into. Make it, or choose another.")


def write_columns(batches: Iterable[Mapping[str, Tensor]], path: Path) -> int:
    """Write columns in the format the file's name ends with; the file is whole or not there.

    Args:
        batches: tensors by column name, `(B,)` or `(B, k)`, of the same names in every batch.
        path: where to.

    Returns:
        How many rows were written.

    Raises:
        UsageError: as `check_column_file`.
    """
    check_column_file(path)
    count = 0

    def counted() -> Iterable[dict[str, Tensor]]:
        nonlocal count
        for batch in batches:
            columns = {name: column.detach().cpu() for name, column in batch.items()}
            count += len(next(iter(columns.values())))
            yield columns

    if path.suffix == ".csv":
        write_atomically(path, lambda temporary: _write_csv(counted(), temporary))
    else:
        write_tensors(_joined(counted()), path)
    return count


def named_columns(x: Tensor, names: tuple[str, ...]) -> dict[str, Tensor]:
    """Return observations `(B, D)` as columns by name; without names as the one column `x`."""
    if not names:
        return {"x": x.squeeze(1) if x.shape[1] == 1 else x}
    return {name: x[:, index] for index, name in enumerate(names)}


def _write_csv(batches: Iterable[Mapping[str, Tensor]], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        for number, batch in enumerate(batches):
            flat = _flat(batch)
            if number == 0:
                writer.writerow(flat)
            writer.writerows(zip(*(_cells(column) for column in flat.values()), strict=True))


def _flat(batch: Mapping[str, Tensor]) -> dict[str, NDArray[np.generic]]:
    flat: dict[str, NDArray[np.generic]] = {}
    for name, column in batch.items():
        array = column.numpy()
        flat |= {name: array} if array.ndim == 1 else {f"{name}[{i}]": part for i, part in enumerate(array.T)}
    return flat


def _cells(column: NDArray[np.generic]) -> list[str]:
    """Return numbers with the digits that tell them apart in their own precision; a missing one is empty."""
    cells: list[str] = column.astype(str).tolist()
    return ["" if cell == "nan" else cell for cell in cells]


def _joined(batches: Iterable[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    kept: dict[str, list[Tensor]] = {}
    for batch in batches:
        for name, column in batch.items():
            kept.setdefault(name, []).append(column)
    return {name: torch.cat(columns) for name, columns in kept.items()}
