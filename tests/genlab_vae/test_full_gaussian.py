import numpy as np
import torch
from genlab_vae.family import DiagonalGaussianPosterior
from genlab_vae.full_gaussian import FullGaussian, FullGaussianPosterior
from genlab_vae.gaussian import Gaussian
from genlab_vae.gaussian_mixture import GaussianMixture
from genlab_vae.mlp import MLPDecoder, MLPEncoder
from genlab_vae.model import VAE
from genlab_vae.reparameterized import Reparameterized
from genlab_vae.standard_normal import StandardNormal
from linear_gaussian_vae import LinearGaussian
from scipy.stats import multivariate_normal
from torch import Tensor

from genlab.divergences import kl
from genlab.interfaces import Batch, DataSpec, Part

SPEC = DataSpec("toy", (4,), 10)


def posterior(latent_dim: int = 3, num_data: int = 2) -> FullGaussianPosterior:
    generator = torch.Generator().manual_seed(0)
    mean, log_diagonal = torch.randn(2, num_data, latent_dim, generator=generator).double()
    below = torch.randn(num_data, latent_dim, latent_dim, generator=generator).double().tril(-1)
    return FullGaussianPosterior(mean, 0.5 * log_diagonal, below)


def covariance(q: FullGaussianPosterior) -> Tensor:
    factor = q.below + torch.diag_embed(q.log_diagonal.exp())
    return factor @ factor.mT


def test_log_prob_agrees_with_scipy() -> None:
    q, z = posterior(), torch.randn(5, 2, 3, generator=torch.Generator().manual_seed(1)).double()
    expected = [multivariate_normal(q.mean[b], covariance(q)[b]).logpdf(z[:, b]) for b in range(2)]
    np.testing.assert_allclose(q.log_prob(z)["entropy"], np.stack(expected, 1), rtol=1e-10)


def test_draws_have_the_mean_and_the_covariance() -> None:
    q = posterior()
    z = q.sample(60_000, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(z.mean(0), q.mean, atol=0.04, rtol=0)
    for b in range(2):
        torch.testing.assert_close(torch.cov(z[:, b].T), covariance(q)[b], atol=0.08, rtol=0.03)
    torch.testing.assert_close(q.describe()["std"], z.std(0), atol=0.03, rtol=0.02)


def test_the_divergence_from_a_standard_normal_is_that_of_torch() -> None:
    q = posterior()
    normal = torch.distributions.MultivariateNormal(torch.zeros(3).double(), torch.eye(3).double())
    expected = kl(torch.distributions.MultivariateNormal(q.mean, covariance(q)), normal)
    own = q.kl(StandardNormal(3, SPEC).double())
    assert own is not None
    torch.testing.assert_close(own, expected)


def test_without_correlations_it_is_the_diagonal_gaussian() -> None:
    q = posterior()
    full = FullGaussianPosterior(q.mean, q.log_diagonal, torch.zeros_like(q.below))
    diagonal = DiagonalGaussianPosterior(q.mean, 2 * q.log_diagonal)
    draws = [one.sample(3, generator=torch.Generator().manual_seed(0)) for one in (full, diagonal)]
    torch.testing.assert_close(*draws)
    torch.testing.assert_close(full.log_prob(draws[0])["entropy"], diagonal.log_prob(draws[0])["entropy"])


def test_the_divergence_from_a_mixture_is_not_known() -> None:
    assert posterior().kl(GaussianMixture(3, SPEC)) is None


def test_the_encoder_gives_mean_log_variances_and_the_rest_in_this_order() -> None:
    decoder = Part(MLPDecoder, {"hidden": ()})
    model = VAE(SPEC, latent_dim=3, likelihood=Part(Gaussian), decoder=decoder)
    family = FullGaussian(model, SPEC, encoder=Part(MLPEncoder, {"hidden": ()}))
    numbers = torch.arange(9.0) / 8
    assert isinstance(family.encoder, MLPEncoder)
    last = family.encoder.layers[0]
    last.weight.data.zero_()
    last.bias.data = numbers
    q = family.posterior(torch.zeros(1, 4))
    assert torch.equal(q.mean[0], numbers[:3])
    assert torch.equal(q.log_diagonal[0], numbers[3:6] / 2)
    expected = torch.tensor([[0, 0, 0], [numbers[6], 0, 0], [numbers[7], numbers[8], 0]]) / 3
    assert torch.equal(q.below[0], expected)


def test_it_can_be_the_exact_posterior_of_any_linear_model() -> None:
    oracle = LinearGaussian.random(3)  # W'W is not diagonal, so no diagonal Gaussian can
    x = oracle.data(4)
    model, _ = oracle.build()
    weight = oracle.weight
    precision = weight.T @ weight / oracle.scale**2 + torch.eye(2).double()
    factor = torch.linalg.cholesky(precision.inverse())
    mean = (x - oracle.bias) @ weight @ precision.inverse() / oracle.scale**2
    q = FullGaussianPosterior(mean, factor.diagonal().log().expand(10, 2), factor.tril(-1).expand(10, 2, 2))

    class Fixed(FullGaussian):
        def __init__(self) -> None:
            torch.nn.Module.__init__(self)

        def posterior(self, x: Tensor) -> FullGaussianPosterior:
            return q

    z = q.sample(3, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        weights = sum(model.log_joint(x, z).values()) - q.log_prob(z)["entropy"]
        many = Reparameterized(samples=20_000)
        ledger = many.estimate(model, Fixed(), Batch(x, 10), generator=torch.Generator().manual_seed(0))
    np.testing.assert_allclose(weights, np.tile(oracle.log_evidence(x), (3, 1)), rtol=1e-9)
    np.testing.assert_allclose(ledger.per_example(), oracle.log_evidence(x), atol=0.06)
