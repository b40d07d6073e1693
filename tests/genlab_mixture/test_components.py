import numpy as np
import pytest
import torch
from genlab_mixture.stored_law import FreeLaw
from hypothesis import given, settings
from mixture_by_hand import build
from mixture_learned_by_hand import KINDS, any_mixtures, full_example, learned_example
from scipy.special import logsumexp
from scipy.stats import gamma, multivariate_normal, norm, wishart


@settings(max_examples=40)
@given(any_mixtures())
def test_the_predictive_density_equals_scipy(mixture):
    expected = mixture.log_predictive(mixture.x)
    ours = mixture.components().log_predictive(torch.tensor(mixture.x), None)
    np.testing.assert_allclose(ours.T, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_the_predictive_density_of_the_mixture_weighs_its_components(kind):
    mixture = kind(num_dims=2)
    _, family, x = build(mixture)
    log_weights = np.log(mixture.a / mixture.a.sum())
    expected = logsumexp(mixture.log_predictive(mixture.x) + log_weights, axis=1)
    np.testing.assert_allclose(family.log_predictive(x).detach(), expected, rtol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_the_predictive_density_integrates_to_one(kind):
    _, family, _ = build(kind(num_components=2))
    grid = torch.linspace(-4_000, 4_000, 2_000_001, dtype=torch.float64)
    mass = torch.trapezoid(family.log_predictive(grid.unsqueeze(1)).exp(), grid)
    assert mass.item() == pytest.approx(1, abs=1e-6)


def test_the_density_of_drawn_normal_gamma_parameters_equals_scipy():
    mixture = learned_example(num_dims=2)
    law = mixture.components()
    drawn = law.draw(4, generator=torch.Generator().manual_seed(0))
    mu, tau = drawn.means.numpy(), drawn.precisions.numpy()
    ours = law.log_density(drawn)
    expected = norm(mixture.m, 1 / np.sqrt(mixture.kappa * tau)).logpdf(mu).sum((1, 2))
    np.testing.assert_allclose(ours["mean"], expected, rtol=1e-10)
    expected = gamma(mixture.shape, scale=1 / mixture.rate).logpdf(tau).sum((1, 2))
    np.testing.assert_allclose(ours["precision"], expected, rtol=1e-10)


def test_the_density_of_drawn_normal_wishart_parameters_equals_scipy():
    mixture = full_example(num_dims=3)
    law = mixture.components()
    drawn = law.draw(4, generator=torch.Generator().manual_seed(0))
    mu, precision = drawn.means.numpy(), drawn.precisions.numpy()
    ours = law.log_density(drawn)
    for s in range(4):
        mean = wished = 0.0
        for k in range(3):
            cov = np.linalg.inv(mixture.kappa[k] * precision[s, k])
            mean += multivariate_normal(mixture.m[k], cov).logpdf(mu[s, k])
            wished += wishart(mixture.nu[k], np.linalg.inv(mixture.scatter[k])).logpdf(precision[s, k])
        assert ours["mean"][s].item() == pytest.approx(mean, rel=1e-9)
        assert ours["precision"][s].item() == pytest.approx(wished, rel=1e-9)


@pytest.mark.parametrize("kind", [learned_example, full_example])
def test_drawn_parameters_have_the_moments_of_their_law(kind):
    law = kind(num_dims=2).components()
    drawn = law.draw(40_000, generator=torch.Generator().manual_seed(0))
    spread = drawn.precisions.std(0)
    error = (drawn.precisions.mean(0) - law.expected_precision).abs()
    assert bool((error <= 5 * spread / 200).all())
    assert bool(((drawn.means.mean(0) - law.mean).abs() <= 5 * drawn.means.std(0) / 200).all())


@pytest.mark.parametrize("kind", KINDS)
def test_the_density_of_x_given_drawn_parameters_equals_scipy(kind):
    mixture = kind(num_data=6, num_dims=2)
    drawn = mixture.components().draw(2, generator=torch.Generator().manual_seed(0))
    ours = drawn.log_prob(torch.tensor(mixture.x), None)
    for s, k in np.ndindex(2, 3):
        precision = drawn.precisions[s, k].numpy()
        cov = np.linalg.inv(precision if precision.ndim == 2 else np.diag(precision))
        expected = multivariate_normal(drawn.means[s, k].numpy(), cov).logpdf(mixture.x)
        np.testing.assert_allclose(ours[s, k], expected, rtol=1e-10)


@settings(max_examples=30)
@given(any_mixtures())
def test_free_coordinates_go_round(mixture):
    law = mixture.components()
    stored = FreeLaw(law).double()
    stored.hold(law)
    for name, value in stored.law().tensors().items():
        torch.testing.assert_close(value, law.tensors()[name], rtol=1e-12, atol=1e-12)
