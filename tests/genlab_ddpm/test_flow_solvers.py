"""The samplers that follow the probability flow, against its solution for Gaussian data.

For data N(m, c) the flow keeps (x_t - s_t m) / sqrt(s_t^2 c + n_t^2) constant, so where it starts is where it ends.
"""

import numpy as np
import pytest
import torch
from flow_solvers import flow_solver
from genlab_ddpm.ddim import DDIM
from genlab_ddpm.dpm_solver import DPMSolver
from genlab_ddpm.heun import Heun
from genlab_ddpm.linear import Linear
from genlab_ddpm.model import DDPM
from genlab_ddpm.network.unet import UNet
from known_diffusion import OracleNetwork
from linear_gaussian_diffusion import Oracle, flow_model, flow_oracle, oracle_model, seeded

from genlab.errors import IncompatibleError
from genlab.interfaces import DataSpec, Part


def error(steps: int, kind: str) -> float:
    """Return the distance at timestep 1 between a sampler's state and the flow's solution."""
    oracle = flow_oracle(steps)
    model = flow_model(oracle)
    states = flow_solver(kind, model, steps).draw(model, 50, generator=seeded(), trajectory=True).trajectory
    assert states is not None
    return float((states[-2] - oracle.flow(states[0], steps, 1)).abs().mean())


@pytest.mark.parametrize(
    ("kind", "order"), [("ddim", 1), ("dpm-solver 1", 1), ("heun", 2), ("dpm-solver 2", 2), ("dpm-solver 3", 3)]
)
def test_the_error_falls_at_the_order_that_is_claimed(kind: str, order: int) -> None:
    coarse, fine = error(100, kind), error(200, kind)
    assert np.log2(coarse / fine) == pytest.approx(order, abs=0.25)


def test_a_higher_order_is_nearer_to_the_solution() -> None:
    errors = [error(40, kind) for kind in ("ddim", "dpm-solver 2", "dpm-solver 3")]
    assert errors[0] > 3 * errors[1]
    assert errors[1] > errors[2]


def test_order_one_is_ddim_without_noise() -> None:
    model, _ = oracle_model(Oracle(betas=np.linspace(1e-3, 0.2, 60)), prediction="v")
    solver = DPMSolver(model, steps=12, order=1, spacing="even", frames=12)
    ddim = DDIM(model, steps=12, frames=12)
    ours = solver.draw(model, 7, generator=seeded(), trajectory=True)
    theirs = ddim.draw(model, 7, generator=seeded(), trajectory=True)
    assert ours.trajectory is not None
    assert theirs.trajectory is not None
    assert torch.allclose(ours.trajectory, theirs.trajectory, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("sampler", [Heun, DPMSolver])
def test_draws_of_a_fine_chain_have_the_moments_of_the_data(sampler: type[Heun] | type[DPMSolver]) -> None:
    oracle = Oracle(betas=np.linspace(1e-3, 0.1, 120))
    model, _ = oracle_model(oracle)
    x = sampler(model, steps=30).draw(model, 30_000, generator=seeded()).x
    assert x.mean().item() == pytest.approx(oracle.mean, abs=0.02)
    assert x.var().item() == pytest.approx(oracle.var, rel=0.04)


def test_heun_calls_the_network_twice_in_each_step_but_the_last() -> None:
    model, _ = oracle_model(Oracle())
    network = model.network
    assert isinstance(network, OracleNetwork)
    Heun(model, steps=5).draw(model, 2, generator=seeded())
    assert len(network.calls) == 9
    network.calls.clear()
    DPMSolver(model, steps=5).draw(model, 2, generator=seeded())
    assert len(network.calls) == 5


@pytest.mark.parametrize("sampler", [Heun, DPMSolver])
def test_draws_are_levels_of_the_data_and_depend_on_the_generator_alone(sampler: type[Heun] | type[DPMSolver]) -> None:
    model = DDPM(
        DataSpec("digits", (1, 8, 8), 4, levels=17),
        timesteps=20,
        schedule=Part(Linear, {"beta_1": 0.02, "beta_T": 0.6}),
        network=Part(UNet, {"channels": (4, 8), "blocks": 1}),
    )
    before = torch.get_rng_state()
    x = sampler(model, steps=5).draw(model, 4, generator=seeded()).x
    assert x.shape == (4, 1, 8, 8)
    assert torch.equal(x, x.round())
    assert 0 <= x.min() <= x.max() <= 16
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(x, sampler(model, steps=5).draw(model, 4, generator=seeded()).x)


@pytest.mark.parametrize("sampler", [Heun, DPMSolver])
def test_more_steps_than_timesteps_are_refused(sampler: type[Heun] | type[DPMSolver]) -> None:
    model, _ = oracle_model(Oracle())
    with pytest.raises(IncompatibleError, match=r"at most model\.timesteps = 6, got 7"):
        sampler(model, steps=7)
