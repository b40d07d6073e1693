import re
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_tensors

from genlab.errors import DataError, GenlabWarning, IncompatibleError
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
        ("a,b\n1,2\n3,-inf\n", r"finite float32 numbers, got -inf in row 2, column 'b'"),
        ("a,b\n1,\n3,x\n", r"got 'x' in row 2, column 'b'"),
        ("a,b\n1,\n3,NA\n", r"column 'b' of .* must hold a number, got none"),
        ("a,b\n1,2\n3\n", r"2 cells in every row, got 1 in row 2"),
        ("a,a\n1,2\n", r"name each column once, got \['a'\]"),
        ("", "empty file"),
        ("1,2\n3,4\n", "line of column names, got numbers: 1, 2"),
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


def test_columns_that_are_not_chosen_may_hold_anything(tmp_path):
    (tmp_path / "x.csv").write_text("name,age,spend\nann,1,2\nbob,3,4\n")
    np.savez(tmp_path / "x.npz", name=np.array(["ann", "bob"]), spend=[2, 4], cube=np.zeros((1, 1, 1)), age=[1, 3])
    for name in ("x.csv", "x.npz"):
        rows = everything(Table(path=tmp_path / name, columns=("spend", "age"), split=(1, 0, 0)).load())
        assert sorted(rows.tolist()) == [[2, 1], [4, 3]]


def test_a_column_of_words_is_refused_where_it_is_read(tmp_path):
    np.savez(tmp_path / "x.npz", name=np.array(["ann", "bob"]))
    with pytest.raises(DataError, match=r"array 'name' of .* must hold real numbers, got <U3"):
        Table(path=tmp_path / "x.npz").load()


def test_bfloat16_is_read(tmp_path):
    save_tensors({"x": torch.tensor([[1.0, 2.0]], dtype=torch.bfloat16)}, tmp_path / "x.safetensors")
    assert everything(Table(path=tmp_path / "x.safetensors", split=(1, 0, 0)).load()).tolist() == [[1, 2]]


def test_a_number_too_large_for_float32_is_refused(tmp_path):
    (tmp_path / "x.csv").write_text("a\n1\n-1e39\n")
    with pytest.raises(DataError, match=r"finite float32 numbers, got -1e\+39 in row 2, column 'a'"):
        Table(path=tmp_path / "x.csv").load()


@pytest.mark.parametrize("damage", ["cut short", "one bit", "a single array"])
def test_a_damaged_npz_is_one_clear_error(tmp_path, damage):
    path = tmp_path / "x.npz"
    np.savez(path, x=np.arange(1000.0))
    content = bytearray(path.read_bytes())
    content[200] ^= damage == "one bit"
    path.write_bytes(content[:3000] if damage == "cut short" else content)
    if damage == "a single array":
        with path.open("wb") as file:
            np.save(file, np.arange(3))
    with pytest.raises(DataError, match=r"x\.npz (cannot be read as NPZ|must be an NPZ archive)"):
        Table(path=path).load()


@pytest.mark.parametrize("columns", [(), ("a", "a")])
def test_columns_named_twice_or_not_at_all_are_refused_when_built(tmp_path, columns):
    with pytest.raises(IncompatibleError, match=r"data\.columns must name at least one column, each once"):
        Table(path=tmp_path / "x.csv", columns=columns)


def test_cells_that_are_empty_or_na_are_missing_values_and_are_counted(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,\n2,NA\n3, NaN\nna,4\n")
    splits = Table(path=tmp_path / "x.csv", split=(1, 0, 0)).load()
    rows = everything(splits)
    assert rows.isnan().sum(0).tolist() == [1, 3]
    assert splits.spec.missing
    assert splits.missing == "1 in column 'a' (first in row 4), 3 in column 'b' (first in row 1)"


def test_nothing_is_missing_from_a_full_table(tmp_path):
    splits = Table(path=write(tmp_path, ".csv")).load()
    assert (splits.spec.missing, splits.missing) == (False, "")


def test_the_columns_names_are_known(tmp_path):
    assert Table(path=write(tmp_path, ".csv"), columns=("b", "a")).load().spec.columns == ("b", "a")


def test_a_column_that_float32_cannot_tell_apart_is_a_warning(tmp_path):
    path = tmp_path / "far.csv"
    path.write_text("near,far,same\n1,1000000300,1e9\n2,1000000555.5,1e9\n3,1000000000,1e9\n,,\n")
    with pytest.warns(GenlabWarning) as caught:
        Table(path=path).load()
    (said,) = [str(warning.message) for warning in caught]
    assert re.search(r"column 'far' of .* by up to 20 where its values range over 5\.6e\+02", said)
    assert "Subtract a number such as 1e+09" in said
