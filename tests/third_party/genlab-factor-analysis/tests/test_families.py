import numpy as np
import pytest
import torch
from building import Build
from scipy.stats import multivariate_normal
from torch import Tensor

from genlab_factor_analysis.exact_gaussian import ExactGaussian
from genlab_factor_analysis.family import LinearGaussianFamily, inverse_cholesky
from genlab_factor_analysis.mean_field_gaussian import MeanFieldGaussian

pytestmark = pytest.mark.usefixtures("float64")

FAMILIES = pytest.mark.parametrize("family", [ExactGaussian, MeanFieldGaussian])


def test_the_exact_posterior_is_that_of_the_conditioned_joint_normal(build: Build, x: Tensor) -> None:
    model = build()
    loadings, noise_var = model.loadings.detach().numpy(), model.noise_var().detach().numpy()
    gain = loadings.T @ np.linalg.inv(loadings @ loadings.T + np.diag(noise_var))
    posterior = ExactGaussian(model).posterior(x)
    expected_mean = (x.numpy() - model.loc.detach().numpy()) @ gain.T
    assert posterior.mean.detach().numpy() == pytest.approx(expected_mean, rel=1e-9, abs=1e-12)
    assert posterior.covariance().detach().numpy() == pytest.approx(np.eye(3) - gain @ loadings, rel=1e-9, abs=1e-12)


def test_a_joint_over_the_exact_posterior_is_the_evidence_whatever_z(
    build: Build, x: Tensor, generator: torch.Generator
) -> None:
    model = build()
    posterior = ExactGaussian(model).posterior(x)
    z = torch.randn(5, 10, 3, generator=generator)
    ratio = sum(model.log_joint(x, z).values()) - posterior.log_prob(z)["entropy"]
    assert torch.allclose(ratio, model.log_evidence(x).expand(5, 10), rtol=1e-11)


def test_the_mean_field_is_the_best_independent_normal(build: Build, x: Tensor) -> None:
    model = build()
    precision = model.posterior_precision().detach()
    covariance = MeanFieldGaussian(model).posterior(x).covariance().detach()

    def divergence(variances: Tensor) -> Tensor:
        """Return KL(N(m, diag(v)) || N(m, M^-1)) up to a constant."""
        return 0.5 * (precision.diagonal() @ variances - variances.log().sum())

    assert torch.equal(covariance, covariance.diagonal().diag())
    best = divergence(covariance.diagonal())
    for factor in (0.9, 1.1):
        for index in range(3):
            other = covariance.diagonal().clone()
            other[index] *= factor
            assert divergence(other) > best


@FAMILIES
def test_the_log_probability_is_that_of_the_normal(
    build: Build, x: Tensor, family: type[LinearGaussianFamily], generator: torch.Generator
) -> None:
    posterior = family(build()).posterior(x)
    z = torch.randn(4, 10, 3, generator=generator)
    mean, covariance = posterior.mean.detach().numpy(), posterior.covariance().detach().numpy()
    ours = posterior.log_prob(z)["entropy"].detach().numpy()
    for index in range(10):
        expected = multivariate_normal(mean[index], covariance).logpdf(z[:, index].numpy())
        assert ours[:, index] == pytest.approx(expected, rel=1e-10)


@FAMILIES
def test_draws_have_the_mean_and_covariance_of_the_posterior(
    build: Build, x: Tensor, family: type[LinearGaussianFamily], generator: torch.Generator
) -> None:
    posterior = family(build()).posterior(x[:1])
    z = posterior.sample(200_000, generator=generator).squeeze(1)
    deviation = posterior.covariance().diagonal().sqrt()
    assert ((z.mean(0) - posterior.mean[0]).abs() < 5 * deviation / 200_000**0.5).all()
    # The error of a sample covariance is at most sqrt(2 v_i v_j / n).
    error = torch.outer(deviation, deviation) * (2 / 200_000) ** 0.5
    assert ((z.T.cov() - posterior.covariance()).abs() < 5 * error).all()


def test_a_posterior_describes_each_factor_of_each_observation(build: Build, x: Tensor) -> None:
    posterior = ExactGaussian(build()).posterior(x)
    described = posterior.describe()
    assert torch.equal(described["mean"], posterior.mean)
    assert torch.allclose(described["std"].square(), posterior.covariance().diagonal().expand(10, 3))


def test_a_family_has_no_state_of_its_own(build: Build) -> None:
    family = ExactGaussian(build())
    assert list(family.parameters()) == []
    assert family.state_dict() == {}


def test_the_inverse_cholesky_factor_is_lower_triangular_and_squares_to_the_inverse() -> None:
    root = torch.randn(4, 6, generator=torch.Generator().manual_seed(1))
    matrix = root @ root.T
    factor = inverse_cholesky(matrix)
    assert torch.equal(factor, factor.tril())
    assert torch.allclose(factor @ factor.T, matrix.inverse())
