import itertools

import numpy as np
import pytest
import torch
from genlab_vae.categorical import Categorical
from scipy.special import log_softmax
from torch import Tensor

from genlab.errors import IncompatibleError
from genlab.interfaces import DataSpec

SPEC = DataSpec("toy", (2, 1, 2), 10, levels=3)


def outputs(*lead: int) -> Tensor:
    return 2 * torch.randn(*lead, 6, 1, 2, generator=torch.Generator().manual_seed(0)).double()


def all_x() -> Tensor:
    return torch.tensor(list(itertools.product(range(3), repeat=4))).double().reshape(-1, 2, 1, 2)


def test_a_pixel_of_a_level_has_the_softmax_of_its_own_logits() -> None:
    output, x = outputs(5, 3), torch.tensor([0.0, 2.0, 1.0, 1.0]).double().reshape(1, 2, 1, 2).expand(3, -1, -1, -1)
    # The first axis holds level 0 of both channels, then level 1 of both, then level 2.
    table = log_softmax(output.numpy().reshape(5, 3, 3, 2, 1, 2), axis=2)
    expected = table[:, :, 0, 0, 0, 0] + table[:, :, 2, 0, 0, 1] + table[:, :, 1, 1, 0, 0] + table[:, :, 1, 1, 0, 1]
    np.testing.assert_allclose(Categorical(SPEC).log_prob(x, output), expected, rtol=1e-12)


def test_the_masses_of_all_x_sum_to_one_and_have_the_mean() -> None:
    x, output = all_x(), outputs(1, 1)
    mass = Categorical(SPEC).log_prob(x, output.expand(1, len(x), -1, -1, -1))[0].exp()
    assert abs(float(mass.sum()) - 1) < 1e-12
    expected = (mass.reshape(-1, 1, 1, 1) * x).sum(0)
    torch.testing.assert_close(Categorical(SPEC).mean(output[0])[0], expected)


def test_draws_are_levels_with_the_masses() -> None:
    output = outputs(1)
    x = Categorical(SPEC).sample(output.expand(20_000, -1, -1, -1), generator=torch.Generator().manual_seed(1))
    assert x.shape == (20_000, 2, 1, 2)
    assert set(x.unique().tolist()) == {0.0, 1.0, 2.0}
    torch.testing.assert_close(x.mean(0), Categorical(SPEC).mean(output)[0], atol=0.02, rtol=0)


def test_a_logit_may_be_as_large_as_it_likes() -> None:
    output = torch.full((1, 1, 6, 1, 2), 1e4)
    value = Categorical(SPEC).log_prob(torch.zeros(1, 2, 1, 2), output)
    torch.testing.assert_close(value, torch.full((1, 1), -4 * float(np.log(3))))


def test_real_data_are_refused() -> None:
    with pytest.raises(IncompatibleError, match="'categorical' must have x in"):
        Categorical(DataSpec("toy", (2,), 10))
