"""On their way down, all samplers have the marginals of the chain: N(s_t m, s_t^2 c + n_t^2) for data N(m, c)."""

from collections.abc import Callable

import pytest
from genlab_ddpm.ancestral import Ancestral
from genlab_ddpm.ddim import DDIM
from genlab_ddpm.dpm_solver import DPMSolver
from genlab_ddpm.heun import Heun
from genlab_ddpm.model import DDPM
from known_diffusion import log_snr_chain
from linear_gaussian_diffusion import Oracle, flow_model, seeded

from genlab.interfaces import Sampler

TIMESTEPS = 400
SAMPLERS: dict[str, Callable[[DDPM], Sampler]] = {
    "ancestral": lambda model: Ancestral(model, frames=TIMESTEPS),
    "ddim, eta 0": lambda model: DDIM(model, steps=TIMESTEPS, frames=TIMESTEPS),
    "ddim, eta 0.5": lambda model: DDIM(model, steps=TIMESTEPS, eta=0.5, frames=TIMESTEPS),
    "ddim, eta 1": lambda model: DDIM(model, steps=TIMESTEPS, eta=1.0, frames=TIMESTEPS),
    "heun": lambda model: Heun(model, steps=TIMESTEPS, frames=TIMESTEPS),
    "dpm-solver 1": lambda model: DPMSolver(model, steps=TIMESTEPS, order=1, frames=TIMESTEPS),
    "dpm-solver 2": lambda model: DPMSolver(model, steps=TIMESTEPS, order=2, frames=TIMESTEPS),
    "dpm-solver 3": lambda model: DPMSolver(model, steps=TIMESTEPS, order=3, frames=TIMESTEPS),
}


@pytest.mark.parametrize("kind", SAMPLERS)
def test_states_on_the_way_follow_the_marginals_of_the_chain(kind: str) -> None:
    oracle = Oracle(betas=log_snr_chain(7.0, -12.0, TIMESTEPS), mean=0.8, var=0.2)
    model = flow_model(oracle)
    states = SAMPLERS[kind](model).draw(model, 10_000, generator=seeded(), trajectory=True).trajectory
    assert states is not None
    for t in (300, 200, 100, 50, 1):
        state = states[TIMESTEPS - t]
        var = oracle.alpha_bar[t - 1] * oracle.var + 1 - oracle.alpha_bar[t - 1]
        assert state.mean().item() == pytest.approx(oracle.signal[t - 1] * oracle.mean, abs=0.03), t
        assert state.var().item() == pytest.approx(var, rel=0.06), t
