import numpy as np
import pytest
import torch
from genlab_vae.sampler import Ancestral
from linear_gaussian_vae import LinearGaussian

from genlab.errors import UsageError
from genlab.interfaces import Posterior, VariationalFamily


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


def test_an_observation_is_led_to_the_exact_posterior_mean_and_that_to_the_mean_of_x() -> None:
    oracle = LinearGaussian.optimal(0)
    model, family = oracle.build()
    x, generator = oracle.data(1), torch.Generator().manual_seed(0)
    weight, bias = oracle.weight.numpy(), oracle.bias.numpy()
    exact = (x.numpy() - bias) @ weight @ np.linalg.inv(weight.T @ weight + oracle.scale**2 * np.eye(2))
    latents = Ancestral().find_latents(model, family, x, generator=generator)
    np.testing.assert_allclose(latents.numpy(), exact, rtol=1e-10)
    led = Ancestral().draw_from(model, latents)
    np.testing.assert_allclose(led.numpy(), exact @ weight.T + bias, rtol=1e-10)
    assert torch.equal(generator.get_state(), torch.Generator().manual_seed(0).get_state())
    assert not led.requires_grad


def test_the_way_from_one_observation_to_another_is_a_straight_line() -> None:
    first, second = torch.tensor([[0.0, 4.0]]), torch.tensor([[1.0, 0.0]])
    assert Ancestral().between(first, second, 0.25).tolist() == [[0.25, 3.0]]


def test_a_family_that_does_not_say_where_z_is_cannot_reconstruct() -> None:
    class Silent(VariationalFamily):
        def posterior(self, x: torch.Tensor) -> Posterior:
            class Nothing(Posterior):
                def sample(self, num_samples: int, *, generator: torch.Generator) -> torch.Tensor:
                    return x

                def log_prob(self, z: torch.Tensor) -> dict[str, torch.Tensor]:
                    return {}

            return Nothing()

    model, _ = LinearGaussian.optimal(0).build()
    with pytest.raises(UsageError, match="got Silent, which does not"):
        Ancestral().find_latents(model, Silent(), torch.ones(1, 4), generator=torch.Generator())
