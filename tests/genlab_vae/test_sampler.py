import numpy as np
import pytest
import torch
from genlab_vae.sampler import Ancestral
from linear_gaussian_vae import LinearGaussian


def test_draws_have_the_evidences_moments() -> None:
    oracle = LinearGaussian.random(0)
    model, _ = oracle.build()
    x = Ancestral().draw(model, 40_000, generator=torch.Generator().manual_seed(0)).x
    weight = oracle.weight.numpy()
    np.testing.assert_allclose(x.mean(0), oracle.bias, atol=0.05)
    np.testing.assert_allclose(np.cov(x.T), weight @ weight.T + oracle.scale**2 * np.eye(4), atol=0.15)


def test_means_have_no_noise_of_their_own() -> None:
    oracle = LinearGaussian.random(0)
    model, _ = oracle.build()
    x = Ancestral(mean=True).draw(model, 50, generator=torch.Generator().manual_seed(0)).x
    # x - b lies in the plane that W spans.
    assert np.linalg.matrix_rank((x - oracle.bias).numpy(), tol=1e-8) == 2


@pytest.mark.parametrize("mean", [False, True])
def test_the_generator_alone_decides_the_draws(mean: bool) -> None:
    model, _ = LinearGaussian.random(0).build()
    before = torch.get_rng_state()
    first, second, other = (
        Ancestral(mean=mean).draw(model, 3, generator=torch.Generator().manual_seed(seed)).x for seed in (1, 1, 2)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)
    assert not first.requires_grad
