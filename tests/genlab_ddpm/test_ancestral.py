import numpy as np
import pytest
import torch
from genlab_ddpm.ancestral import Ancestral
from linear_gaussian_diffusion import Oracle, oracle_model, seeded


@pytest.mark.parametrize("variance", ["fixed-small", "fixed-large"])
def test_draws_have_the_moments_of_the_reverse_chain(variance: str) -> None:
    oracle = Oracle()
    model, _ = oracle_model(oracle, variance=variance)
    x = Ancestral(model).draw(model, 100_000, generator=seeded()).x
    var = (oracle.small_var if variance == "fixed-small" else oracle.betas).copy()
    var[0] = 0.0  # the last step gives the mean
    mean, spread = oracle.chain_moments(var)
    assert x.mean().item() == pytest.approx(mean, abs=0.01)
    assert x.std().item() == pytest.approx(np.sqrt(spread), rel=0.01)


def test_a_fine_chain_draws_from_the_data() -> None:
    oracle = Oracle(betas=np.linspace(1e-4, 0.04, 400))
    model, _ = oracle_model(oracle)
    x = Ancestral(model).draw(model, 30_000, generator=seeded()).x
    assert x.mean().item() == pytest.approx(oracle.mean, abs=0.02)
    assert x.var().item() == pytest.approx(oracle.var, rel=0.03)


def test_a_trajectory_goes_from_noise_to_the_draws() -> None:
    model, _ = oracle_model(Oracle())
    draws = Ancestral(model, frames=3).draw(model, 5, generator=seeded(), trajectory=True)
    assert draws.trajectory is not None
    assert draws.trajectory.shape == (4, 5, 2)
    assert torch.equal(draws.trajectory[-1], draws.x)
    assert torch.equal(draws.trajectory[0], torch.randn(5, 2, generator=seeded(), dtype=torch.float64))
    assert Ancestral(model).draw(model, 5, generator=seeded()).trajectory is None
