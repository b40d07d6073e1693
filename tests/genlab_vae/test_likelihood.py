import math
import warnings

import numpy as np
import pytest
import torch
from genlab_vae.bernoulli import Bernoulli
from genlab_vae.discretized_logistic import DiscretizedLogistic
from genlab_vae.gaussian import Gaussian
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import bernoulli, norm

from genlab.errors import GenlabWarning, IncompatibleError
from genlab.interfaces import DataSpec

finite = st.floats(-30, 30)


def spec(levels: int | None, shape: tuple[int, ...] = (1,)) -> DataSpec:
    return DataSpec("toy", shape, num_train=10, levels=levels)


def log_masses(levels: int, location: float, log_scale: float) -> torch.Tensor:
    x = torch.arange(levels, dtype=torch.float64)[:, None]
    output = torch.tensor([location, log_scale], dtype=torch.float64).expand(1, levels, 2)
    return DiscretizedLogistic(spec(levels)).log_prob(x, output)[0]


@given(logit=finite)
def test_bernoulli_masses_sum_to_one(logit: float) -> None:
    x = torch.tensor([[0.0], [1.0]], dtype=torch.float64)
    output = torch.full((1, 2, 1), logit, dtype=torch.float64)
    assert math.isclose(float(Bernoulli(spec(2)).log_prob(x, output).exp().sum()), 1, rel_tol=1e-12)


def test_bernoulli_agrees_with_scipy_and_is_linear_in_the_tails() -> None:
    x = torch.tensor([[0.0, 1.0, 1.0]], dtype=torch.float64)
    output = torch.tensor([[[0.3, -1.2, 2.0]]], dtype=torch.float64)
    likelihood = Bernoulli(spec(2, (3,)))
    expected = bernoulli(torch.sigmoid(output).numpy()).logpmf(x.numpy().astype(int)).sum()
    assert math.isclose(float(likelihood.log_prob(x, output)), expected, rel_tol=1e-12)
    assert float(likelihood.log_prob(x, torch.tensor([[[2000.0, 9.0, 9.0]]]).double())) < -1999


@given(location=finite, scale=st.floats(0.1, 10))
def test_gaussian_density_integrates_to_one(location: float, scale: float) -> None:
    likelihood = Gaussian(spec(None), scale=scale).double()
    output = torch.tensor([[[location]]], dtype=torch.float64)

    def density(x: float) -> float:
        return float(likelihood.log_prob(torch.tensor([[x]], dtype=torch.float64), output).detach().exp())

    assert math.isclose(quad(density, location - 9 * scale, location + 9 * scale)[0], 1, rel_tol=1e-6)


def test_gaussian_agrees_with_scipy() -> None:
    x, output = torch.tensor([[1.0, -2.0]]).double(), torch.tensor([[[0.5, 40.0]], [[0.0, 1.0]]]).double()
    value = Gaussian(spec(None, (2,)), scale=0.3).double().log_prob(x, output).detach()
    scale = float(torch.tensor(0.3).log().exp())  # the scale as float32 keeps it
    np.testing.assert_allclose(value, norm(output, scale).logpdf(x).sum(-1), rtol=1e-6)


def test_a_learned_scale_moves_to_the_residuals_own() -> None:
    likelihood = Gaussian(spec(None, (2,)), scale=1.0, learn_scale=True).double()
    x = torch.tensor([[0.4, -0.4]]).double()
    optimizer = torch.optim.Adam([p for p in likelihood.parameters() if p.requires_grad], lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        (-likelihood.log_prob(x, torch.zeros(1, 1, 2).double())).sum().backward()
        optimizer.step()
    assert math.isclose(float(likelihood.log_scale.detach().exp()), 0.4, rel_tol=1e-3)


def test_a_fixed_scale_has_no_gradient() -> None:
    assert not any(parameter.requires_grad for parameter in Gaussian(spec(None)).parameters())


@given(levels=st.integers(2, 40), location=st.floats(-5, 5), log_scale=st.floats(-8, 40))
def test_discretized_logistic_masses_sum_to_one(levels: int, location: float, log_scale: float) -> None:
    total = float(torch.logsumexp(log_masses(levels, location, log_scale), 0))
    assert abs(total) < 1e-9


def test_discretized_logistic_is_the_mass_between_the_bins_edges() -> None:
    levels, location, log_scale = 17, 0.3, -1.0
    m, s = (location + 1) * 8, math.exp(log_scale) * 2
    edges = np.concatenate([[-np.inf], np.arange(16) + 0.5, [np.inf]])
    expected = np.diff(1 / (1 + np.exp(-(edges - m) / s)))
    np.testing.assert_allclose(log_masses(levels, location, log_scale).exp(), expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_discretized_logistic_and_its_gradient_are_finite_far_in_the_tails(dtype: torch.dtype) -> None:
    x = torch.tensor([[0.0], [3.0], [255.0]], dtype=dtype)
    likelihood = DiscretizedLogistic(spec(256))
    for location, log_scale in [(1.0, -12.0), (-1.0, -12.0), (80.0, 0.0), (0.0, 60.0), (0.0, -40.0)]:
        output = torch.tensor([location, log_scale], dtype=dtype).expand(1, 3, 2).clone().requires_grad_()
        value = likelihood.log_prob(x, output)
        (gradient,) = torch.autograd.grad(value.sum(), output)
        assert torch.isfinite(value).all()
        assert torch.isfinite(gradient).all()


def test_a_far_outlier_costs_in_proportion_to_its_distance() -> None:
    near, far = log_masses(1001, -1.0, math.log(8 / 1000))[[400, 800]]  # unit scale at 0
    assert math.isclose(float(near - far), 400, rel_tol=1e-9)


@pytest.mark.parametrize("levels", [2, 17])
def test_discretized_logistic_mean_is_the_sum_over_its_masses(levels: int) -> None:
    mean = DiscretizedLogistic(spec(levels)).mean(torch.tensor([[0.4, -0.5]], dtype=torch.float64))
    masses = log_masses(levels, 0.4, -0.5).exp()
    assert math.isclose(float(mean), float((masses * torch.arange(levels)).sum()), rel_tol=1e-12)


def test_discretized_logistic_draws_have_its_masses() -> None:
    likelihood, num_draws = DiscretizedLogistic(spec(5)), 40_000
    output = torch.tensor([0.5, 0.2]).expand(num_draws, 2)
    x = likelihood.sample(output, generator=torch.Generator().manual_seed(0))
    frequencies = torch.bincount(x.flatten().long(), minlength=5) / num_draws
    assert (frequencies - log_masses(5, 0.5, 0.2).exp()).abs().max() < 0.01


def test_bernoulli_and_gaussian_draws_have_their_moments() -> None:
    generator = torch.Generator().manual_seed(0)
    ones = Bernoulli(spec(2)).sample(torch.full((20_000, 1), 1.0), generator=generator)
    assert set(ones.unique().tolist()) == {0.0, 1.0}
    assert abs(float(ones.mean()) - torch.sigmoid(torch.tensor(1.0))) < 0.01
    with torch.no_grad():
        reals = Gaussian(spec(None), scale=3.0).sample(torch.full((20_000, 1), 5.0), generator=generator)
    assert abs(float(reals.mean()) - 5) < 0.08
    assert abs(float(reals.std()) - 3) < 0.06


def test_images_keep_locations_and_scales_apart() -> None:
    likelihood = DiscretizedLogistic(spec(17, (3, 2, 2)))
    assert likelihood.output_shape == (6, 2, 2)
    output = torch.cat([torch.full((1, 3, 2, 2), 0.5), torch.full((1, 3, 2, 2), -9.0)], 1)
    assert torch.allclose(likelihood.mean(output), torch.full((1, 3, 2, 2), 12.0))


def test_bernoulli_refuses_data_that_are_not_binary() -> None:
    with pytest.raises(IncompatibleError, match=r"got 256 levels from 'toy'. Set data.binarize"):
        Bernoulli(spec(256))
    with pytest.raises(IncompatibleError, match="got real numbers"):
        Bernoulli(spec(None))


def test_discretized_logistic_refuses_real_data() -> None:
    with pytest.raises(IncompatibleError, match="Use likelihood 'gaussian'"):
        DiscretizedLogistic(spec(None))


def test_gaussian_warns_of_integer_data_and_is_quiet_on_real_ones() -> None:
    with pytest.warns(GenlabWarning, match="a density, not a probability"):
        Gaussian(spec(256))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Gaussian(spec(None))


def test_in_single_precision_pixels_that_are_sure_keep_their_log_mass():
    x = torch.tensor([[0.0, 1.0]])
    logits = torch.tensor([[[-17.0, 17.0]]])
    found = Bernoulli(DataSpec("toy", event_shape=(2,), num_train=10, levels=2)).log_prob(x, logits)
    assert found.item() == pytest.approx(-2 * math.log1p(math.exp(-17)), rel=1e-6)
