import numpy as np
import pytest
import torch
from genlab_ddpm.ancestral import Ancestral
from genlab_ddpm.ddim import DDIM
from genlab_ddpm.grid import grid
from genlab_ddpm.linear import Linear
from genlab_ddpm.model import DDPM
from genlab_ddpm.network.unet import UNet
from known_diffusion import OracleNetwork
from linear_gaussian_diffusion import Oracle, oracle_model, seeded

from genlab.errors import IncompatibleError
from genlab.interfaces import DataSpec, Part


@pytest.mark.parametrize("clip", [True, False])
def test_with_full_noise_on_all_timesteps_it_is_ancestral_sampling(clip: bool) -> None:
    model = DDPM(
        DataSpec("digits", (1, 8, 8), 4, levels=256),
        timesteps=30,
        schedule=Part(Linear, {"beta_1": 1e-3, "beta_T": 0.4}),
        network=Part(UNet, {"channels": (4, 8), "blocks": 1}),
        clip=clip,
    ).double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1, generator=seeded())
    ours = DDIM(model, steps=30, eta=1.0, frames=30).draw(model, 3, generator=seeded(), trajectory=True)
    ancestral = Ancestral(model, frames=30).draw(model, 3, generator=seeded(), trajectory=True)
    assert ours.trajectory is not None
    assert ancestral.trajectory is not None
    assert torch.allclose(ours.trajectory, ancestral.trajectory, rtol=1e-9)
    assert torch.equal(ours.x, ancestral.x)


def test_without_noise_the_first_state_decides() -> None:
    model, _ = oracle_model(Oracle())
    sampler = DDIM(model, steps=4)
    generator = seeded()
    x = sampler.draw(model, 6, generator=generator).x
    reference = seeded()
    torch.randn(6, 2, generator=reference, dtype=torch.float64)
    assert torch.equal(generator.get_state(), reference.get_state())
    assert torch.equal(sampler.draw(model, 6, generator=seeded()).x, x)


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
def test_draws_of_a_fine_chain_have_the_moments_of_the_data(eta: float) -> None:
    oracle = Oracle(betas=np.linspace(1e-3, 0.1, 120))
    model, _ = oracle_model(oracle)
    x = DDIM(model, steps=120, eta=eta).draw(model, 30_000, generator=seeded()).x
    assert x.mean().item() == pytest.approx(oracle.mean, abs=0.02)
    assert x.var().item() == pytest.approx(oracle.var, rel=0.08)


def test_the_timesteps_follow_a_schedule_that_changed_since() -> None:
    before, _ = oracle_model(Oracle(betas=np.linspace(0.01, 0.5, 20)))
    after, _ = oracle_model(Oracle(betas=np.linspace(0.2, 0.4, 20)))
    sampler = DDIM(before, steps=6, spacing="log-snr")
    assert grid(before.chain.log_snr, 6, "log-snr") != grid(after.chain.log_snr, 6, "log-snr")
    sampler.draw(after, 2, generator=seeded())
    assert isinstance(after.network, OracleNetwork)
    assert [int(t[0]) for t in after.network.calls] == grid(after.chain.log_snr, 6, "log-snr")


def test_one_step_gives_the_prediction_from_pure_noise() -> None:
    oracle = Oracle()
    model, _ = oracle_model(oracle)
    x = DDIM(model, steps=1).draw(model, 6, generator=seeded()).x
    x_T = torch.randn(6, 2, generator=seeded(), dtype=torch.float64)  # noqa: N806 - the paper's
    assert torch.allclose(x, oracle.x_0_hat(x_T, len(oracle.betas)))


def test_more_steps_than_timesteps_are_refused() -> None:
    model, _ = oracle_model(Oracle())
    with pytest.raises(IncompatibleError, match=r"at most model\.timesteps = 6, got 7"):
        DDIM(model, steps=7)


def test_draws_are_levels_of_the_data() -> None:
    model = DDPM(
        DataSpec("digits", (1, 8, 8), 4, levels=17),
        timesteps=20,
        network=Part(UNet, {"channels": (4, 8), "blocks": 1}),
    )
    before = torch.get_rng_state()
    x = DDIM(model, steps=5, eta=1.0).draw(model, 4, generator=seeded()).x
    assert x.shape == (4, 1, 8, 8)
    assert torch.equal(x, x.round())
    assert 0 <= x.min() <= x.max() <= 16
    assert torch.equal(torch.get_rng_state(), before)
