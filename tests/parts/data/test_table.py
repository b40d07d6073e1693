from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from genlab.errors import DataError
from genlab.parts.data.table import Table

ROWS = np.arange(20, dtype=np.float64).reshape(10, 2)


def write(folder, suffix):
    path = folder / f"rows{suffix}"
    if suffix == ".csv":
        path.write_text("a,b\n" + "".join(f"{a},{b}\n" for a, b in ROWS))
    elif suffix == ".npz":
        np.savez(path, a=ROWS[:, 0], b=ROWS[:, 1])
    else:
        save_file({"a": ROWS[:, 0].copy(), "b": ROWS[:, 1].copy()}, path)
    return path


def everything(splits):
    parts = (splits.train, splits.validation, splits.test)
    return torch.cat([next(part.batches([torch.arange(len(part))], torch.Generator())).x for part in parts])


@pytest.mark.parametrize("suffix", [".csv", ".npz", ".safetensors"])
def test_every_format_gives_the_same_rows(tmp_path, suffix):
    splits = Table(path=write(tmp_path, suffix)).load()
    rows = everything(splits)
    assert splits.spec.event_shape == (2,)
    assert splits.spec.levels is None
    assert torch.equal(rows[rows[:, 0].argsort()], torch.from_numpy(ROWS).float())


def test_columns_are_chosen_and_ordered(tmp_path):
    splits = Table(path=write(tmp_path, ".csv"), columns=("b",)).load()
    assert sorted(everything(splits).flatten().tolist()) == ROWS[:, 1].tolist()


def test_a_matrix_counts_as_its_columns(tmp_path):
    np.savez(tmp_path / "matrix.npz", x=ROWS)
    splits = Table(path=tmp_path / "matrix.npz", columns=("x[1]", "x[0]")).load()
    rows = everything(splits)
    assert torch.equal(rows[:, 0] - rows[:, 1], torch.ones(10))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n3,x\n", r"got 'x' in row 2, column 'b'"),
        ("a,b\n1,2\n3,nan\n", r"finite numbers, got nan in row 2, column 'b'"),
        ("a,b\n1,2\n3,\n", r"got '' in row 2, column 'b'"),
        ("a,b\n1,2\n3\n", r"2 cells in every row, got 1 in row 2"),
        ("a,a\n1,2\n", r"name each column once, got \['a'\]"),
        ("", "empty file"),
        ("a,b\n", "at least one row"),
    ],
)
def test_what_is_wrong_with_a_csv_is_named_with_its_place(tmp_path, content, message):
    (tmp_path / "x.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        Table(path=tmp_path / "x.csv").load()


def test_an_unknown_column_lists_those_there_are(tmp_path):
    (tmp_path / "x.csv").write_text("spend,age\n1,2\n")
    with pytest.raises(DataError, match=r"got 'spending'\. It has 'spend', 'age'\. Did you mean 'spend'"):
        Table(path=tmp_path / "x.csv", columns=("spending",)).load()


@pytest.mark.parametrize("name", ["missing.csv", "x.parquet", "broken.npz", "broken.safetensors"])
def test_a_file_that_cannot_be_read_is_one_clear_error(tmp_path, name):
    if name.startswith("broken"):
        Path(tmp_path, name).write_bytes(b"garbage")
    with pytest.raises(DataError, match=name):
        Table(path=tmp_path / name).load()


def test_a_pickle_inside_an_npz_is_refused(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.array([object()], dtype=object))
    with pytest.raises(DataError, match="cannot be read as NPZ"):
        Table(path=tmp_path / "x.npz").load()


def test_columns_of_different_lengths_are_refused(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.zeros(3), b=np.zeros(4))
    with pytest.raises(DataError, match="one length"):
        Table(path=tmp_path / "x.npz").load()
