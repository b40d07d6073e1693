import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from genlab.errors import UsageError
from genlab.run.column_file import named_columns, write_columns

BATCHES = [
    {"height": torch.tensor([0.1, float("nan")]), "share": torch.tensor([[0.25, 0.75], [1.0, 0.0]])},
    {"height": torch.tensor([3.0]), "share": torch.tensor([[0.5, 0.5]])},
]


def test_a_csv_has_a_column_for_each_number_and_an_empty_cell_for_a_missing_one(tmp_path: Path) -> None:
    assert write_columns(iter(BATCHES), tmp_path / "a.csv") == 3
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["height", "share[0]", "share[1]"],
        ["0.1", "0.25", "0.75"],
        ["", "1.0", "0.0"],
        ["3.0", "0.5", "0.5"],
    ]


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
def test_arrays_are_whole_columns(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    write_columns(iter(BATCHES), path)
    found = np.load(path) if ending == "npz" else load_file(path)
    np.testing.assert_array_equal(np.asarray(found["height"]), np.array([0.1, np.nan, 3.0], np.float32))
    assert found["share"].shape == (3, 2)


def test_a_failure_in_the_middle_leaves_no_file(tmp_path: Path) -> None:
    def failing():
        yield BATCHES[0]
        raise RuntimeError("gone")

    with pytest.raises(RuntimeError, match="gone"):
        write_columns(failing(), tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


def test_only_three_endings_and_folders_that_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"must end in .csv, .npz or .safetensors, got '.txt'"):
        write_columns(iter(BATCHES), tmp_path / "a.txt")
    with pytest.raises(UsageError, match=r"must exist to write a\.csv into"):
        write_columns(iter(BATCHES), tmp_path / "no" / "a.csv")


def test_vectors_become_columns_under_the_tables_names() -> None:
    x = torch.tensor([[1.0, 2.0]])
    assert {name: column.tolist() for name, column in named_columns(x, ("a", "b")).items()} == {"a": [1.0], "b": [2.0]}
    assert named_columns(x, ())["x"].shape == (1, 2)
    assert named_columns(x[:, :1], ())["x"].shape == (1,)
