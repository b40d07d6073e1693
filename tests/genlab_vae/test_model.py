import math

import numpy as np
import torch
from genlab_vae.bernoulli import Bernoulli
from genlab_vae.mlp import MLPDecoder
from genlab_vae.model import VAE
from linear_gaussian_vae import LinearGaussian
from scipy.stats import norm

from genlab.interfaces import DataSpec, Part


def test_the_joint_is_the_prior_times_the_likelihood() -> None:
    oracle = LinearGaussian.random(0)
    model, _ = oracle.build()
    x, z = oracle.data(1, num_data=3), torch.randn(5, 3, 2, generator=torch.Generator().manual_seed(2)).double()
    factors = model.log_joint(x, z)
    means = z.numpy() @ oracle.weight.numpy().T + oracle.bias.numpy()
    np.testing.assert_allclose(
        factors["likelihood"].detach(), norm(means, oracle.scale).logpdf(x.numpy()).sum(-1), rtol=1e-12
    )
    np.testing.assert_allclose(factors["prior"], norm.logpdf(z).sum(-1), rtol=1e-12)


def test_the_joint_integrates_over_z_to_the_evidence() -> None:
    oracle = LinearGaussian.random(3, num_dims=3, latent_dim=1)
    model, _ = oracle.build()
    x = oracle.data(4, num_data=2)
    grid = torch.linspace(-12, 12, 4001, dtype=torch.float64)
    log_joint = sum(model.log_joint(x, grid[:, None, None].expand(-1, 2, 1)).values())
    log_integral = torch.logsumexp(log_joint, 0) + math.log(float(grid[1] - grid[0]))
    np.testing.assert_allclose(log_integral.detach(), oracle.log_evidence(x), rtol=1e-10)


def test_draws_from_the_prior_are_standard_normal() -> None:
    model, _ = LinearGaussian.random(0).build()
    z = model.sample_prior(20_000, generator=torch.Generator().manual_seed(0))
    assert z.dtype == torch.float64
    assert z.mean(0).abs().max() < 0.03
    assert (torch.cov(z.T) - torch.eye(2)).abs().max() < 0.04


def test_images_keep_their_shape_through_the_decoder() -> None:
    spec = DataSpec("images", (1, 4, 6), 10, levels=2)
    model = VAE(spec, latent_dim=3, likelihood=Part(Bernoulli), decoder=Part(MLPDecoder, {"hidden": (5,)}))
    assert model.log_likelihood(torch.ones(2, 1, 4, 6), torch.zeros(7, 2, 3)).shape == (7, 2)
    assert model.mean_given(torch.zeros(2, 3)).shape == (2, 1, 4, 6)
    assert model.sample_given(torch.zeros(2, 3), generator=torch.Generator()).shape == (2, 1, 4, 6)


def test_a_state_dict_brings_back_the_same_joint() -> None:
    spec = DataSpec("table", (4,), 10, levels=2)
    keys = {"latent_dim": 2, "likelihood": Part(Bernoulli), "decoder": Part(MLPDecoder, {"hidden": (5,)})}
    model, other = VAE(spec, **keys), VAE(spec, **keys)
    x, z = torch.ones(3, 4), torch.full((2, 3, 2), 0.5)
    assert not torch.equal(model.log_likelihood(x, z), other.log_likelihood(x, z))
    other.load_state_dict(model.state_dict())
    assert torch.equal(model.log_likelihood(x, z), other.log_likelihood(x, z))
