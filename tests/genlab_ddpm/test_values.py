import pytest
import torch
from genlab_ddpm.values import Values
from hypothesis import given
from hypothesis import strategies as st

from genlab.errors import IncompatibleError


@given(st.integers(2, 256))
def test_levels_go_to_the_chain_and_back(levels: int) -> None:
    values, x = Values(levels), torch.arange(levels, dtype=torch.float32)
    x_0 = values.to_x_0(x)
    assert x_0[0] == -1
    assert x_0[-1] == pytest.approx(1)
    assert x_0.diff().numpy() == pytest.approx(values.bin_width, rel=1e-3)
    assert torch.equal(values.nearest(x_0), x)


def test_what_lies_beyond_goes_to_the_outermost_level() -> None:
    assert Values(4).nearest(torch.tensor([-7.0, 7.0])).tolist() == [0, 3]


def test_real_data_stay_as_they_are() -> None:
    values, x = Values(None), torch.tensor([-3.0, 0.25])
    assert values.bin_width is None
    assert all(torch.equal(f(x), x) for f in (values.to_x_0, values.from_x_0, values.nearest))


def test_one_level_is_refused() -> None:
    with pytest.raises(IncompatibleError, match="at least 2 levels, got 1"):
        Values(1)
