from dataclasses import dataclass

import pytest
import torch

from genlab.errors import DataError
from genlab.parts.data.stream_split import StreamSplit


@dataclass(frozen=True)
class Squares:
    """Example i is i squared, its label i; example 9 cannot be read."""

    labeled: bool = True

    def __getitem__(self, index):
        if index == 9:
            raise DataError("nine.png cannot be read.")
        return torch.full((1, 2), index**2, dtype=torch.uint8), index if self.labeled else None


POSITIONS = torch.tensor([5, 3, 8, 0])


@pytest.mark.parametrize("workers", [0, 1])
def test_batches_are_the_examples_at_the_positions_of_the_indices(workers):
    split = StreamSplit(Squares(), POSITIONS, workers=workers)
    first, second = split.batches([torch.tensor([1, 0]), torch.tensor([3, 1, 2])], torch.Generator())
    assert torch.equal(first.x, torch.tensor([[[9.0, 9]], [[25, 25]]]))
    assert second.y.tolist() == [0, 3, 8]
    assert first.num_data == len(split) == 4


def test_without_labels_a_batch_has_none():
    assert next(StreamSplit(Squares(labeled=False), POSITIONS).batches([POSITIONS[3:]], torch.Generator())).y is None


def test_a_batch_is_float32_unless_the_split_says_otherwise():
    indices = [torch.tensor([0])]
    assert next(StreamSplit(Squares(), POSITIONS).batches(indices, torch.Generator())).x.dtype == torch.float32
    double = StreamSplit(Squares(), POSITIONS, dtype=torch.float64).to(torch.device("cpu"))
    assert next(double.batches(indices, torch.Generator())).x.dtype == torch.float64


@pytest.mark.parametrize("workers", [0, 1])
def test_the_indices_may_be_endless(workers):
    def endless():
        while True:
            yield torch.tensor([0])

    batches = StreamSplit(Squares(), POSITIONS, workers=workers).batches(endless(), torch.Generator())
    assert [next(batches).y.item() for _ in range(5)] == [5] * 5


@pytest.mark.parametrize("workers", [0, 1])
def test_reading_leaves_torchs_own_generator_alone(workers):
    before = torch.get_rng_state()
    list(StreamSplit(Squares(), POSITIONS, workers=workers).batches([torch.tensor([0])], torch.Generator()))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("workers", [0, 1])
def test_an_example_that_cannot_be_read_is_one_clear_error(workers):
    batches = StreamSplit(Squares(), torch.tensor([9]), workers=workers).batches([torch.tensor([0])], torch.Generator())
    with pytest.raises(DataError, match=r"^nine\.png cannot be read\.$"):
        next(batches)
