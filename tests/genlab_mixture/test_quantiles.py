import numpy as np
import pytest
import torch
from genlab_mixture.quantiles import beta_quantiles, gamma_quantiles, normal_quantiles, student_t_quantiles
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

PROBABILITIES = torch.tensor([0.005, 0.025, 0.3, 0.5, 0.9, 0.975, 0.999], dtype=torch.float64)
positive = st.floats(-2, 6).map(lambda exponent: 10.0**exponent)


def tensor(value: float) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64)


def assert_same_mass(law, found: torch.Tensor) -> None:
    """The quantiles hold the probabilities they are for, by scipy's cumulative distribution."""
    np.testing.assert_allclose(law.cdf(found.numpy()), PROBABILITIES.numpy(), atol=3e-4)


@settings(max_examples=25)
@given(a=positive, b=positive)
def test_beta_quantiles_have_the_mass_below_them(a, b):
    found = beta_quantiles(tensor(a), tensor(b), PROBABILITIES)
    if bool(((found > 1e-12) & (found < 1 - 1e-12)).all()):  # nearer to the border no float tells them apart
        assert_same_mass(stats.beta(a, b), found)


@settings(max_examples=25)
@given(shape=positive, rate=positive)
def test_gamma_quantiles_have_the_mass_below_them(shape, rate):
    found = gamma_quantiles(tensor(shape), tensor(rate), PROBABILITIES)
    if bool((found > 1e-200).all()):
        assert_same_mass(stats.gamma(shape, scale=1 / rate), found)


@settings(max_examples=25)
@given(degrees=st.floats(0, 6).map(lambda exponent: 10.0**exponent), loc=st.floats(-9, 9), scale=positive)
def test_student_t_quantiles_have_the_mass_below_them(degrees, loc, scale):
    found = student_t_quantiles(tensor(loc), tensor(scale), tensor(degrees), PROBABILITIES)
    np.testing.assert_allclose(
        stats.t(degrees).cdf((found.numpy() - loc) / scale), PROBABILITIES.numpy(), atol=3e-4 + 1e-9 / scale
    )


def test_normal_quantiles_are_scipys():
    found = normal_quantiles(tensor(3.0), tensor(0.5), PROBABILITIES)
    np.testing.assert_allclose(found.numpy(), stats.norm(3, 0.5).ppf(PROBABILITIES.numpy()), rtol=1e-12)


def test_quantiles_are_batched():
    a = torch.tensor([[1.0, 2.0], [3.0, 400.0]], dtype=torch.float64)
    found = beta_quantiles(a, a.flip(0), PROBABILITIES)
    assert found.shape == (2, 2, 7)
    assert found[1, 1].numpy() == pytest.approx(beta_quantiles(a[1, 1], a[0, 1], PROBABILITIES).numpy())
