import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genlab.data.tensor_split import TensorSplit


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def stored(num_data: int = 7):
    return torch.arange(num_data * 6, dtype=torch.uint8).reshape(num_data, 1, 2, 3), torch.arange(num_data) % 3


@given(lists=st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=9), max_size=4))
def test_batches_are_the_observations_at_the_indices(lists):
    x, y = stored()
    indices = [torch.tensor(one) for one in lists]
    batches = list(TensorSplit(x, y).batches(indices, torch.Generator()))
    assert len(batches) == len(lists)
    for batch, chosen in zip(batches, indices, strict=True):
        assert torch.equal(batch.x, x[chosen].float())
        assert torch.equal(batch.y, y[chosen])
        assert batch.num_data == 7


def test_a_batch_is_float32_unless_the_split_says_otherwise(generator):
    x, _ = stored()
    assert next(TensorSplit(x).batches([torch.tensor([0])], generator)).x.dtype == torch.float32
    double = TensorSplit(x, dtype=torch.float64).to(torch.device("cpu")).subset(torch.tensor([1]))
    assert next(double.batches([torch.tensor([0])], generator)).x.dtype == torch.float64


def test_without_labels_a_batch_has_none(generator):
    assert next(TensorSplit(stored()[0]).batches([torch.tensor([0])], generator)).y is None


def test_indices_are_read_no_further_than_the_batches_asked_for(generator):
    def endless():
        while True:
            yield torch.tensor([0])
            read.append(True)

    read: list[bool] = []
    batches = TensorSplit(stored()[0]).batches(endless(), generator)
    next(batches)
    next(batches)
    assert len(read) == 1


def test_observe_is_applied_to_each_batch_with_the_generator(generator):
    x, _ = stored()
    split = TensorSplit(x, observe=lambda x, generator: x + torch.rand((), generator=generator))
    expected = torch.rand((), generator=torch.Generator().manual_seed(0))
    for whole in (split, split.to(torch.device("cpu")), split.subset(torch.arange(7))):
        batch = next(whole.batches([torch.arange(7)], torch.Generator().manual_seed(0)))
        assert torch.equal(batch.x, x.float() + expected)


def test_a_subset_holds_the_chosen_observations_in_order(generator):
    x, y = stored()
    chosen = torch.tensor([4, 0, 2])
    subset = TensorSplit(x, y).subset(chosen)
    batch = next(subset.batches([torch.arange(3)], generator))
    assert len(subset) == batch.num_data == 3
    assert torch.equal(batch.x, x[chosen].float())
    assert torch.equal(batch.y, y[chosen])


def test_reading_a_batch_leaves_the_stored_values_unchanged(generator):
    x = torch.zeros(2, 1)
    split = TensorSplit(x)
    next(split.batches([torch.arange(2)], generator)).x.add_(1)
    assert torch.equal(x, torch.zeros(2, 1))


def test_reading_in_order_is_reading_by_rising_indices(generator):
    x, y = stored()
    batches = list(TensorSplit(x, y).in_order(3, generator, start=1, stop=6))
    assert [batch.y.tolist() for batch in batches] == [y[1:4].tolist(), y[4:6].tolist()]
    assert torch.equal(torch.cat([batch.x for batch in batches]), x[1:6].float())
    assert {batch.num_data for batch in batches} == {7}


def test_reading_in_order_copies_nothing_that_is_stored_as_it_is_delivered(generator):
    x = torch.zeros(4, 1)
    assert next(TensorSplit(x).in_order(2, generator)).x.data_ptr() == x.data_ptr()


def test_what_is_read_in_order_is_observed_too(generator):
    split = TensorSplit(torch.zeros(4, 1), observe=lambda x, generator: x + 1)
    assert next(split.in_order(4, generator)).x.sum() == 4


def test_single_numbers_are_picked_as_rows_are_wherever_they_are_stored():
    table = torch.arange(12.0).reshape(6, 2)
    chosen = torch.tensor([4, 0, 4])
    for column in (table[:, 1:], table[:, 1:].contiguous()):
        batch = next(TensorSplit(column).batches([chosen], torch.Generator()))
        assert torch.equal(batch.x, table[chosen, 1:])
