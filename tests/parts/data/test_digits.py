import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from genlab.errors import IncompatibleError
from genlab.parts.data.digits import Digits


def read(split):
    return next(split.batches([torch.arange(len(split))], torch.Generator().manual_seed(0)))


def test_together_the_parts_are_scikit_learns_digits():
    splits = Digits().load()
    parts = [read(splits[name]) for name in ("train", "validation", "test")]
    ours = np.concatenate([torch.cat((part.x.flatten(1), part.y[:, None]), 1).numpy() for part in parts])
    theirs = load_digits()
    theirs = np.concatenate((theirs.data, theirs.target[:, None]), 1)
    assert sorted(map(tuple, ours)) == sorted(map(tuple, theirs))


def test_the_spec_says_what_the_data_are():
    spec = Digits().load().spec
    assert (spec.event_shape, spec.levels, spec.num_classes, spec.num_train) == ((1, 8, 8), 17, 10, 1437)
    assert spec.is_image


def test_the_split_follows_its_shares_and_seed():
    splits = Digits(split=(0.5, 0.0, 0.5)).load()
    assert [len(splits[name]) for name in ("train", "validation", "test")] == [898, 0, 899]
    assert torch.equal(read(splits.train).x, read(Digits(split=(0.5, 0.0, 0.5)).load().train).x)
    assert not torch.equal(read(splits.train).x, read(Digits(split=(0.5, 0.0, 0.5), split_seed=1).load().train).x)


@pytest.mark.parametrize("how", ["threshold", "static", "dynamic"])
def test_binarised_digits_have_two_levels(how):
    splits = Digits(binarize=how).load()
    assert splits.spec.levels == 2
    for name in ("train", "validation", "test"):
        assert set(read(splits[name]).x.unique().tolist()) == {0.0, 1.0}


def test_shares_that_do_not_sum_to_one_are_refused_when_built():
    with pytest.raises(IncompatibleError, match=r"data\.split"):
        Digits(split=(0.8, 0.1, 0.2))
