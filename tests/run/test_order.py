import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from genlab.run import order
from genlab.run.order import ComputedOrder, visits


@settings(max_examples=50)
@given(num_data=st.integers(2, 3000), seed=st.integers(0, 2**63 - 1))
def test_a_computed_order_is_a_permutation(num_data, seed):
    read = ComputedOrder(num_data, seed).read(0, num_data)
    assert torch.equal(read.sort().values, torch.arange(num_data))


def test_a_computed_order_is_read_from_anywhere():
    computed = ComputedOrder(10**9, 1)
    assert torch.equal(computed.read(0, 100)[40:], computed.read(40, 100))
    assert not torch.equal(computed.read(0, 100), ComputedOrder(10**9, 2).read(0, 100))


def test_neighbors_in_a_computed_order_come_from_everywhere_alike():
    num_data = 10**8
    read = ComputedOrder(num_data, 0).read(0, 200_000) * 16 // num_data
    pairs = torch.bincount(read[::2] * 16 + read[1::2], minlength=256)
    assert chisquare(pairs.numpy()).pvalue > 1e-3


@pytest.mark.parametrize("most_held", [10**6, 10])
def test_an_epoch_visits_each_observation_at_most_once_held_or_computed(monkeypatch, most_held):
    monkeypatch.setattr(order, "MOST_HELD", most_held)
    monkeypatch.setattr(order, "_SLAB", 50)
    batches = list(visits(100, 3, 13))
    assert [len(batch) for batch in batches] == [13] * 7
    assert len(set(torch.cat(batches).tolist())) == 91
    rest = list(visits(100, 3, 13, first_batch=5))
    assert [batch.tolist() for batch in rest] == [batch.tolist() for batch in batches[5:]]


def test_the_first_batch_of_a_computed_order_does_not_wait_for_the_others(monkeypatch):
    read = []
    monkeypatch.setattr(
        ComputedOrder, "read", lambda _, start, stop: read.append((start, stop)) or torch.empty(stop - start)
    )
    monkeypatch.setattr(order, "_SLAB", 40)
    batches = visits(10**6, 0, 10)
    next(batches)
    assert read == [(0, 10)]
    assert [len(next(batches)) for _ in range(12)] == [10] * 12
    assert read == [(0, 10), (10, 30), (30, 70), (70, 110), (110, 150)]
