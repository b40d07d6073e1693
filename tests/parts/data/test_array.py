import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genlab.errors import DataError, GenlabWarning
from genlab.parts.data import array
from genlab.parts.data.array import Array
from genlab.parts.data.array_split import ArraySplit

NO_NOISE = torch.Generator()


def saved(folder, values, name="x.npy"):
    np.save(folder / name, values)
    return folder / name


def in_order(split, size=7):
    batches = [batch.x for batch in split.in_order(size, NO_NOISE)]
    return torch.cat(batches) if batches else torch.empty(0, 1)


def parts(splits):
    return splits.train, splits.validation, splits.test


@pytest.mark.parametrize(("shape", "columns"), [((30,), ("x",)), ((30, 2), ("x[0]", "x[1]"))])
def test_rows_and_columns_are_those_of_the_array(tmp_path, shape, columns):
    values = np.random.default_rng(0).normal(size=shape)
    splits = Array(path=saved(tmp_path, values), split=(1, 0, 0)).load()
    assert splits.spec.columns == columns
    assert splits.spec.event_shape == (len(columns),)
    assert torch.equal(in_order(splits.train), torch.from_numpy(values.reshape(30, -1)).float())


@pytest.mark.parametrize("most_blocks", [16_384, 10])
def test_the_parts_are_disjoint_hold_everything_and_keep_the_file_s_order(tmp_path, monkeypatch, most_blocks):
    monkeypatch.setattr(array, "MOST_BLOCKS", most_blocks)
    path = saved(tmp_path, np.arange(103, dtype=np.float32))
    splits = Array(path=path, split=(0.6, 0.2, 0.2)).load()
    read = [in_order(part).flatten() for part in parts(splits)]
    assert [len(part) for part in parts(splits)] == [len(rows) for rows in read]
    assert all(bool((rows.diff() > 0).all()) for rows in read)
    assert torch.equal(torch.cat(read).sort().values, torch.arange(103.0))
    other = Array(path=path, split=(0.6, 0.2, 0.2), split_seed=1).load()
    assert not torch.equal(in_order(other.train), read[0])


@settings(max_examples=50)
@given(data=st.data(), num_rows=st.integers(1, 40), block_rows=st.integers(1, 9))
def test_a_split_reads_the_same_rows_in_order_and_by_index(data, num_rows, block_rows):
    rows = torch.arange(float(num_rows))[:, None]
    num_blocks = -(-num_rows // block_rows)
    blocks = data.draw(st.sets(st.integers(0, num_blocks - 1), min_size=1))
    split = ArraySplit(rows, block_rows, torch.tensor(sorted(blocks)))
    expected = [
        row for block in sorted(blocks) for row in range(num_rows)[block * block_rows : (block + 1) * block_rows]
    ]
    assert in_order(split, data.draw(st.integers(1, 15))).flatten().tolist() == expected
    indices = torch.tensor(data.draw(st.lists(st.integers(0, len(expected) - 1), min_size=1, max_size=8)))
    batch = next(split.batches([indices], NO_NOISE))
    assert batch.x.flatten().tolist() == [expected[index] for index in indices]
    assert batch.num_data == len(expected)
    first, last = sorted(data.draw(st.lists(st.integers(0, len(expected)), min_size=2, max_size=2)))
    some = [value for piece in split.in_order(4, NO_NOISE, start=first, stop=last) for value in piece.x[:, 0].tolist()]
    assert some == expected[first:last]


def test_neighbors_in_the_file_are_delivered_without_a_copy(tmp_path):
    rows = torch.arange(20.0)[:, None]
    split = ArraySplit(rows, 5, torch.tensor([0, 1, 3]))
    first, second = (batch.x for batch in split.in_order(10, NO_NOISE))
    assert first.data_ptr() == rows.data_ptr()
    assert second.data_ptr() == rows[15:].data_ptr()


def test_missing_values_are_counted_across_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(array, "_CHECKED_NUMBERS", 8)
    values = np.zeros((20, 2), dtype=np.float32)
    values[[3, 11, 17], 1] = np.nan
    splits = Array(path=saved(tmp_path, values)).load()
    assert splits.spec.missing
    assert splits.missing == "3 in column 'x[1]' (first in row 4)"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([0, 1, np.inf, -np.inf]), r"finite float32 numbers, got inf in row 3, column 'x'\. 1 more cells"),
        (np.array([0, 1e39]), r"finite float32 numbers, got 1e\+39 in row 2"),
        (np.full(3, np.nan), r"column 'x' of .* must hold a number, got none"),
        (np.arange(3), r"must hold float32 or float64 .*, got <i8"),
        (np.zeros(3, dtype=">f4"), r"this machine's byte order, got >f4"),
        (np.zeros((2, 2, 2)), r"shape \(N,\) or \(N, D\), neither of them 0, got \(2, 2, 2\)"),
        (np.zeros((0, 2)), r"got \(0, 2\)|cannot be mapped"),
        (np.array([object()]), r"cannot be mapped as NPY"),
    ],
)
def test_what_is_wrong_with_an_array_is_one_clear_error(tmp_path, values, message):
    with pytest.raises(DataError, match=message):
        Array(path=saved(tmp_path, values)).load()


@pytest.mark.parametrize("name", ["missing.npy", "broken.npy", "archive.npy"])
def test_a_file_that_cannot_be_mapped_is_one_clear_error(tmp_path, name):
    if name == "broken.npy":
        (tmp_path / name).write_bytes(b"garbage")
    elif name == "archive.npy":
        with (tmp_path / name).open("wb") as file:
            np.savez(file, x=np.zeros(2))
    with pytest.raises(DataError, match=name):
        Array(path=tmp_path / name).load()


def test_another_file_is_opened_whole_if_it_has_the_same_columns(tmp_path):
    source = Array(path=saved(tmp_path, np.zeros((9, 2))))
    spec = source.load().spec
    values = np.arange(12, dtype=np.float32).reshape(6, 2)
    assert torch.equal(in_order(source.open(saved(tmp_path, values, "new.npy"), spec)), torch.from_numpy(values))
    with pytest.raises(DataError, match=r"must have 2 columns, as x\.npy has, got 1"):
        source.open(saved(tmp_path, values[:, 0], "one.npy"), spec)
    values[2, 1] = np.inf
    with pytest.raises(DataError, match=r"finite float32 numbers, got inf in row 3, column 'x\[1\]'"):
        source.open(saved(tmp_path, values, "infinite.npy"), spec)


def test_values_may_be_missing_from_another_file_as_from_another_table(tmp_path):
    """Whether the model can do without them is for the model to say."""
    source = Array(path=saved(tmp_path, np.zeros((9, 2))))
    values = np.full((6, 2), np.nan, dtype=np.float32)
    opened = source.open(saved(tmp_path, values, "lacking.npy"), source.load().spec)
    assert bool(in_order(opened).isnan().all())


def test_an_array_that_float32_cannot_tell_apart_is_a_warning(tmp_path):
    with pytest.warns(GenlabWarning, match=r"column 'x' .* is rounded to float32"):
        Array(path=saved(tmp_path, 1e9 + np.arange(20.0))).load()
