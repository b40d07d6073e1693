import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genlab.data.splitting import check_fractions, hold_out, split_indices
from genlab.errors import DataError, IncompatibleError


@st.composite
def fractions(draw: st.DrawFn) -> tuple[float, float, float]:
    shares = [draw(st.integers(1, 20)), draw(st.integers(0, 20)), draw(st.integers(0, 20))]
    first, second, third = (share / sum(shares) for share in shares)
    return first, second, third


seeds = st.integers(0, 2**31)


@given(num_data=st.integers(100, 3000), split=fractions(), seed=seeds)
def test_the_three_parts_are_disjoint_and_hold_everything(num_data, split, seed):
    together = torch.cat(split_indices(num_data, split, seed))
    assert torch.equal(together.sort().values, torch.arange(num_data))


@given(num_data=st.integers(100, 3000), split=fractions(), seed=seeds)
def test_each_part_has_its_share_to_within_one_example(num_data, split, seed):
    for part, fraction in zip(split_indices(num_data, split, seed), split, strict=True):
        assert abs(len(part) - fraction * num_data) <= 1


@given(num_data=st.integers(100, 3000), split=fractions())
def test_a_share_of_zero_gets_nothing(num_data, split):
    for part, fraction in zip(split_indices(num_data, split, 0), split, strict=True):
        assert (len(part) == 0) == (fraction == 0)


@given(num_data=st.integers(100, 3000), split=fractions(), seed=seeds)
def test_the_split_depends_on_the_seed_alone(num_data, split, seed):
    once = split_indices(num_data, split, seed)
    torch.rand(3, generator=torch.Generator().manual_seed(seed))
    assert all(torch.equal(a, b) for a, b in zip(once, split_indices(num_data, split, seed), strict=True))
    assert not torch.equal(once[0], split_indices(num_data, split, seed + 1)[0])


def test_the_digits_leave_1437_for_training():
    assert [len(part) for part in split_indices(1797, (0.8, 0.1, 0.1), 0)] == [1437, 180, 180]


def test_rounding_of_the_fractions_loses_no_example():
    assert [len(part) for part in split_indices(20, (0.7, 0.1, 0.2), 0)] == [14, 2, 4]


@pytest.mark.parametrize("split", [(0.8, 0.1, 0.2), (0.5, 0.1, 0.1), (1.2, -0.1, -0.1)])
def test_fractions_that_do_not_sum_to_one_are_refused(split):
    with pytest.raises(IncompatibleError, match=r"data\.split must be three fractions .* sum to 1, got"):
        check_fractions(split)


def test_a_split_without_training_data_is_refused():
    with pytest.raises(IncompatibleError, match=r"data\.split must leave a share for training"):
        check_fractions((0.0, 0.5, 0.5))


def test_too_few_data_for_a_training_example_are_refused():
    with pytest.raises(DataError, match=r"at least one training example, got 0\.5 of 1"):
        split_indices(1, (0.5, 0.5, 0.0), 0)


@given(num_data=st.integers(2, 500), seed=seeds, data=st.data())
def test_held_out_data_are_as_many_as_asked_and_leave_the_rest(num_data, seed, data):
    num_held_out = data.draw(st.integers(0, num_data - 1))
    train, validation = hold_out(num_data, num_held_out, seed)
    assert len(validation) == num_held_out
    assert torch.equal(torch.cat((train, validation)).sort().values, torch.arange(num_data))


def test_holding_out_everything_is_refused():
    with pytest.raises(DataError, match=r"data\.validation must leave at least one training example, got 5 of 5"):
        hold_out(5, 5, 0)
