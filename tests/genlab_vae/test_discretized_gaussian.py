import math

import numpy as np
import pytest
import torch
from genlab_vae.discretized_gaussian import DiscretizedGaussian
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from genlab.errors import IncompatibleError
from genlab.interfaces import DataSpec


def spec(levels: int | None, shape: tuple[int, ...] = (1,)) -> DataSpec:
    return DataSpec("toy", shape, 10, levels=levels)


def log_masses(levels: int, mean: float, log_std: float) -> torch.Tensor:
    x = torch.arange(levels, dtype=torch.float64)[:, None]
    output = torch.tensor([mean, log_std], dtype=torch.float64).expand(1, levels, 2)
    return DiscretizedGaussian(spec(levels)).log_prob(x, output)[0]


@settings(max_examples=50)
@given(levels=st.integers(2, 40), mean=st.floats(-5, 5), log_std=st.floats(-8, 6))
def test_masses_sum_to_one(levels: int, mean: float, log_std: float) -> None:
    assert abs(float(torch.logsumexp(log_masses(levels, mean, log_std), 0))) < 1e-8


def test_a_mass_is_what_lies_between_the_bins_edges() -> None:
    m, s = (0.3 + 1) * 8, math.exp(-1.0) * 2  # in units of a bin: the range has 16 of them
    edges = np.concatenate([[-np.inf], np.arange(16) + 0.5, [np.inf]])
    np.testing.assert_allclose(log_masses(17, 0.3, -1.0).exp(), np.diff(norm(m, s).cdf(edges)), rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("levels", [2, 17])
def test_the_mean_is_the_sum_over_the_masses(levels: int) -> None:
    mean = DiscretizedGaussian(spec(levels)).mean(torch.tensor([[0.4, -0.5]], dtype=torch.float64))
    masses = log_masses(levels, 0.4, -0.5).exp()
    assert math.isclose(float(mean), float((masses * torch.arange(levels)).sum()), rel_tol=1e-9)


def test_draws_have_the_masses() -> None:
    likelihood, num_draws = DiscretizedGaussian(spec(5)), 40_000
    x = likelihood.sample(torch.tensor([0.5, 0.2]).expand(num_draws, 2), generator=torch.Generator().manual_seed(0))
    frequencies = torch.bincount(x.flatten().long(), minlength=5) / num_draws
    assert (frequencies - log_masses(5, 0.5, 0.2).exp()).abs().max() < 0.01


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_value_and_gradient_are_finite_far_in_the_tails(dtype: torch.dtype) -> None:
    x = torch.tensor([[0.0], [3.0], [255.0]], dtype=dtype)
    for mean, log_std in [(1.0, -6.0), (-1.0, -6.0), (20.0, 0.0), (0.0, 10.0)]:
        output = torch.tensor([mean, log_std], dtype=dtype).expand(1, 3, 2).clone().requires_grad_()
        value = DiscretizedGaussian(spec(256)).log_prob(x, output)
        (gradient,) = torch.autograd.grad(value.sum(), output)
        assert torch.isfinite(value).all()
        assert torch.isfinite(gradient).all()


def test_real_data_are_refused() -> None:
    with pytest.raises(IncompatibleError, match="'discretized-gaussian' must have x in"):
        DiscretizedGaussian(spec(None))
