import numpy as np
import pytest
import torch
from genlab_vae.bernoulli import Bernoulli
from genlab_vae.discretized_logistic import DiscretizedLogistic
from genlab_vae.encoder import Encoder
from genlab_vae.family import DiagonalGaussian, DiagonalGaussianPosterior
from genlab_vae.gaussian import Gaussian
from genlab_vae.likelihood import Likelihood
from genlab_vae.mlp import MLPDecoder
from genlab_vae.model import VAE
from scipy.stats import norm
from torch import Tensor

from genlab.interfaces import DataSpec, Part


class Recording(Encoder):
    def __init__(self, event_shape: tuple[int, ...], num_outputs: int, /) -> None:
        super().__init__()
        self.num_outputs = num_outputs
        self.seen = torch.empty(0)

    def forward(self, x: Tensor) -> Tensor:
        self.seen = x
        return torch.arange(self.num_outputs, dtype=x.dtype).expand(len(x), -1)


def build(levels: int | None, likelihood: type[Likelihood]) -> DiagonalGaussian:
    spec = DataSpec("toy", (3,), 10, levels=levels)
    model = VAE(spec, latent_dim=2, likelihood=Part(likelihood), decoder=Part(MLPDecoder))
    return DiagonalGaussian(model, spec, encoder=Part(Recording))


def posterior() -> DiagonalGaussianPosterior:
    return DiagonalGaussianPosterior(
        torch.tensor([[0.5, -1.0], [2.0, 0.0]]).double(), torch.tensor([[0.0, 1.0], [-2.0, 0.3]]).double()
    )


def test_log_prob_agrees_with_scipy() -> None:
    q = posterior()
    z = torch.randn(4, 2, 2, generator=torch.Generator().manual_seed(0)).double()
    expected = norm(q.mean.numpy(), torch.exp(q.log_var / 2).numpy()).logpdf(z.numpy()).sum(-1)
    np.testing.assert_allclose(q.log_prob(z)["entropy"], expected, rtol=1e-12)


def test_draws_have_the_posteriors_moments() -> None:
    q = posterior()
    z = q.sample(40_000, generator=torch.Generator().manual_seed(0))
    assert z.shape == (40_000, 2, 2)
    np.testing.assert_allclose(z.mean(0), q.mean, atol=0.03)
    np.testing.assert_allclose(z.var(0), q.log_var.exp(), rtol=0.04)


def test_rsample_carries_gradients_and_sample_does_not() -> None:
    mean, log_var = torch.zeros(2, 3, requires_grad=True), torch.zeros(2, 3, requires_grad=True)
    q = DiagonalGaussianPosterior(mean, log_var)
    assert not q.sample(2, generator=torch.Generator()).requires_grad
    z = q.rsample(2, generator=torch.Generator().manual_seed(0))
    grad_mean, grad_log_var = torch.autograd.grad(z.sum(), (mean, log_var))
    assert torch.equal(grad_mean, torch.full((2, 3), 2.0))
    assert torch.allclose(grad_log_var, z.detach().sum(0) / 2)


@pytest.mark.parametrize("method", ["sample", "rsample"])
def test_the_generator_alone_decides_the_draws(method: str) -> None:
    before = torch.get_rng_state()
    first, second, other = (
        getattr(posterior(), method)(5, generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("levels", "likelihood", "largest"), [(2, Bernoulli, 1.0), (17, DiscretizedLogistic, 1.0), (None, Gaussian, 16.0)]
)
def test_integers_reach_the_encoder_between_zero_and_one(
    levels: int | None, likelihood: type[Likelihood], largest: float
) -> None:
    family = build(levels, likelihood)
    x = torch.tensor([[0.0, 0.0, 16.0 if levels is None else levels - 1]])
    q = family.posterior(x)
    assert isinstance(family.encoder, Recording)
    assert float(family.encoder.seen.max()) == largest
    assert q.mean.tolist() == [[0.0, 1.0]]
    assert q.log_var.tolist() == [[2.0, 3.0]]


def test_an_observation_is_described_by_the_moments_of_its_latents() -> None:
    described = posterior().describe()
    drawn = posterior().sample(40_000, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(described["mean"], drawn.mean(0), atol=0.05, rtol=0.05)
    torch.testing.assert_close(described["std"], drawn.std(0), atol=0.05, rtol=0.05)
