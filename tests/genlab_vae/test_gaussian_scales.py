"""The Gaussian likelihoods with a scale for each number of x."""

import math

import numpy as np
import pytest
import torch
from genlab_vae.gaussian_decoded_scale import GaussianDecodedScale
from genlab_vae.gaussian_per_dimension import GaussianPerDimension
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from genlab.errors import GenlabWarning
from genlab.interfaces import DataSpec

ONE, PLANE = DataSpec("toy", (1,), 10), DataSpec("toy", (1, 2, 2), 10)


@settings(max_examples=25)
@given(mean=st.floats(-30, 30), raw=st.floats(-20, 3))
def test_a_density_with_a_decoded_scale_integrates_to_one(mean: float, raw: float) -> None:
    output = torch.tensor([[[mean, raw]]], dtype=torch.float64)
    likelihood, reach = GaussianDecodedScale(ONE, min_scale=0.05), 9 * (0.05 + math.exp(raw))

    def density(x: float) -> float:
        return float(likelihood.log_prob(torch.tensor([[x]], dtype=torch.float64), output).exp())

    assert math.isclose(quad(density, mean - reach, mean + reach)[0], 1, rel_tol=1e-6)


def test_a_decoded_scale_agrees_with_scipy() -> None:
    output = torch.randn(3, 2, 2, 2, 2, generator=torch.Generator().manual_seed(0)).double()
    x = torch.randn(2, 1, 2, 2, generator=torch.Generator().manual_seed(1)).double()
    value = GaussianDecodedScale(PLANE, min_scale=0.1).log_prob(x, output)
    mean, scale = output[:, :, :1].numpy(), 0.1 + output[:, :, 1:].exp().numpy()
    np.testing.assert_allclose(value, norm(mean, scale).logpdf(x.numpy()).sum((2, 3, 4)), rtol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_floor_bounds_the_density_of_a_pixel_that_never_varies(dtype: torch.dtype) -> None:
    output = torch.tensor([[[0.0, -1e4]]], dtype=dtype).requires_grad_()
    value = GaussianDecodedScale(ONE, min_scale=0.1).log_prob(torch.zeros(1, 1, dtype=dtype), output)
    assert math.isclose(float(value.detach()), norm(0, 0.1).logpdf(0), rel_tol=1e-5)
    (gradient,) = torch.autograd.grad(value.sum(), output)
    assert torch.isfinite(gradient).all()


def test_each_dimension_keeps_a_scale_of_its_own() -> None:
    likelihood = GaussianPerDimension(PLANE, scale=2.0).double()
    assert torch.allclose(likelihood.log_scale.exp(), torch.full((1, 2, 2), 2.0).double())
    likelihood.log_scale.data = torch.tensor([[[0.1, -1.0], [0.5, 2.0]]]).double()
    output = torch.randn(3, 2, 1, 2, 2, generator=torch.Generator().manual_seed(0)).double()
    x = torch.randn(2, 1, 2, 2, generator=torch.Generator().manual_seed(1)).double()
    expected = norm(output.numpy(), likelihood.log_scale.detach().exp().numpy()).logpdf(x.numpy()).sum((2, 3, 4))
    np.testing.assert_allclose(likelihood.log_prob(x, output).detach(), expected, rtol=1e-12)


def test_learned_scales_move_to_the_residuals_of_their_dimension() -> None:
    likelihood = GaussianPerDimension(DataSpec("toy", (2,), 10)).double()
    x = torch.tensor([[0.4, -3.0]]).double()
    optimizer = torch.optim.Adam(likelihood.parameters(), lr=0.05)
    for _ in range(400):
        optimizer.zero_grad()
        (-likelihood.log_prob(x, torch.zeros(1, 1, 2).double())).sum().backward()
        optimizer.step()
    np.testing.assert_allclose(likelihood.log_scale.detach().exp(), [0.4, 3.0], rtol=1e-2)


def test_draws_have_the_spread_of_their_dimension() -> None:
    likelihood = GaussianPerDimension(DataSpec("toy", (2,), 10))
    likelihood.log_scale.data = torch.tensor([0.5, 3.0]).log()
    with torch.no_grad():
        x = likelihood.sample(torch.zeros(20_000, 2), generator=torch.Generator().manual_seed(0))
    np.testing.assert_allclose(x.std(0), [0.5, 3.0], rtol=0.03)


@pytest.mark.parametrize("likelihood", [GaussianPerDimension, GaussianDecodedScale])
def test_a_density_of_integers_is_warned_of(likelihood: type[GaussianPerDimension]) -> None:
    with pytest.warns(GenlabWarning, match="a density, not a probability"):
        likelihood(DataSpec("toy", (1,), 10, levels=256))
