import copy

import numpy as np
import pytest
import torch
from genlab_ddpm.chain import ForwardChain
from genlab_ddpm.fixed_chain import FixedChain
from known_diffusion import BETAS
from linear_gaussian_diffusion import seeded


@pytest.fixture
def chain() -> ForwardChain:
    return FixedChain(torch.tensor(BETAS)).double()


def test_alpha_bar_is_the_running_product(chain: ForwardChain) -> None:
    product = 1.0
    for t, beta in enumerate(BETAS, start=1):
        product *= 1 - beta
        assert chain.alpha_bar[t - 1].item() == pytest.approx(product, rel=1e-14)
        assert chain.snr[t - 1].item() == pytest.approx(product / (1 - product), rel=1e-12)
    assert chain.timesteps == len(BETAS)


def test_the_posterior_is_the_ratio_of_the_chain_s_densities(chain: ForwardChain) -> None:
    # q(x_{t-1} | x_t, x_0) is proportional to q(x_t | x_{t-1}) q(x_{t-1} | x_0): compare on a grid of x_{t-1}.
    x_0, x_t, grid = 0.7, -0.4, np.linspace(-12, 12, 200_001)
    before = np.concatenate([[1.0], np.cumprod(1 - BETAS)])
    for t in range(2, len(BETAS) + 1):
        beta = BETAS[t - 1]
        log_density = -((x_t - np.sqrt(1 - beta) * grid) ** 2) / (2 * beta)
        log_density -= (grid - np.sqrt(before[t - 1]) * x_0) ** 2 / (2 * (1 - before[t - 1]))
        mass = np.exp(log_density - log_density.max())
        mass /= mass.sum()
        mean = (mass * grid).sum()
        timestep = torch.tensor([t])
        ours = chain.posterior_mean(*torch.tensor([[[x_0]], [[x_t]]], dtype=torch.float64), timestep)
        assert ours.item() == pytest.approx(mean, abs=1e-9)
        assert chain.log_posterior_var[t - 1].exp().item() == pytest.approx((mass * (grid - mean) ** 2).sum(), rel=1e-8)


def test_at_the_first_timestep_the_posterior_mean_is_x_0(chain: ForwardChain) -> None:
    x_0, x_t = torch.randn(2, 5, 3, generator=seeded(), dtype=torch.float64)
    assert torch.allclose(chain.posterior_mean(x_0, x_t, torch.ones(5, dtype=torch.long)), x_0, rtol=1e-14)
    assert chain.log_posterior_var[0] == chain.log_beta[0]


def test_steps_and_the_jump_have_the_same_moments(chain: ForwardChain) -> None:
    x_0 = torch.full((200_000, 1), 0.8, dtype=torch.float64)
    generator, x = seeded(), x_0
    for t in range(1, 5):
        x = chain.step(x, torch.randn(x.shape, generator=generator, dtype=x.dtype), t)
    jump = chain.diffuse(x_0, torch.randn(x.shape, generator=generator, dtype=x.dtype), torch.tensor([4]))
    assert x.mean().item() == pytest.approx(chain.signal[3].item() * 0.8, abs=0.01)
    assert x.var().item() == pytest.approx(chain.noise[3].item() ** 2, rel=0.02)
    assert jump.mean().item() == pytest.approx(x.mean().item(), abs=0.01)
    assert jump.var().item() == pytest.approx(x.var().item(), rel=0.02)


def test_double_takes_the_exact_tables_back() -> None:
    betas = torch.tensor(BETAS)
    chain = FixedChain(betas)
    assert chain.beta.dtype == torch.float32
    for double in (copy.deepcopy(chain).double(), copy.deepcopy(chain).half().double()):
        assert torch.equal(double.beta, betas)


def test_the_tables_are_no_part_of_a_checkpoint(chain: ForwardChain) -> None:
    assert not chain.state_dict()
