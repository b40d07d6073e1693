import pytest
import torch

from genlab.interfaces import DataSpec
from genlab.parts.data.binarize import binarized_spec, binarized_split

GREY = torch.tensor([0, 4, 8, 9, 12, 16], dtype=torch.uint8).reshape(1, 1, 2, 3)


def read(split, seed=0):
    return next(split.batches([torch.arange(len(split))], torch.Generator().manual_seed(seed))).x


def test_none_keeps_the_grey_levels():
    assert torch.equal(read(binarized_split(GREY, None, 17, "none", seed=0)), GREY.float())


def test_threshold_is_white_above_one_half():
    expected = torch.tensor([0.0, 0, 0, 1, 1, 1]).reshape(1, 1, 2, 3)
    assert torch.equal(read(binarized_split(GREY, None, 17, "threshold", seed=0)), expected)


@pytest.mark.parametrize("how", ["static", "dynamic"])
def test_the_share_of_white_is_the_grey_level(how):
    num_data = 20_000
    x = read(binarized_split(GREY.expand(num_data, -1, -1, -1), None, 17, how, seed=0))
    share = GREY[0] / 16
    assert set(x.unique().tolist()) == {0.0, 1.0}
    # Five standard errors of a mean of Bernoulli draws; black and white themselves are certain.
    assert bool(((x.mean(0) - share).abs() <= 5 * (share * (1 - share) / num_data).sqrt()).all())


def test_a_dynamic_draw_depends_on_the_generator_alone():
    split = binarized_split(GREY.expand(50, -1, -1, -1), None, 17, "dynamic", seed=0)
    first = read(split, seed=1)
    torch.rand(5, generator=torch.Generator().manual_seed(9))
    assert torch.equal(read(split, seed=1), first)
    assert not torch.equal(read(split, seed=2), first)


def test_a_static_draw_depends_on_its_seed_alone():
    grey = GREY.expand(50, -1, -1, -1)
    first = read(binarized_split(grey, None, 17, "static", seed=1), seed=0)
    assert torch.equal(read(binarized_split(grey, None, 17, "static", seed=1), seed=5), first)
    assert not torch.equal(read(binarized_split(grey, None, 17, "static", seed=2), seed=0), first)


def test_binarizing_leaves_two_levels_and_says_how():
    spec = DataSpec("grey", (1, 2, 2), 4, levels=17)
    assert binarized_spec(spec, "none") == spec
    for how in ("threshold", "static", "dynamic"):
        assert binarized_spec(spec, how) == DataSpec(f"grey ({how} binarization)", (1, 2, 2), 4, 2, binarization=how)
