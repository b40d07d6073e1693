import math

import mpmath
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from genlab.gaussian import level_log_mass, normal_log_prob

LEVELS = 17
WIDTH = 2 / (LEVELS - 1)


def grid(dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.linspace(-1, 1, LEVELS, dtype=dtype)


def exact_log_mass(level: float, mean: float, std: float) -> float:
    """The log mass of an inner level's bin, to 60 digits."""
    with mpmath.workdps(60):
        low, high = ((mpmath.mpf(level) + side * mpmath.mpf(WIDTH) / 2 - mean) / std for side in (-1, 1))
        if low > 0:
            low, high = -high, -low
        return float(mpmath.log((mpmath.erfc(-high / mpmath.sqrt(2)) - mpmath.erfc(-low / mpmath.sqrt(2))) / 2))


def test_normal_log_prob_agrees_with_scipy() -> None:
    x, mean, log_var = torch.tensor([0.3, -2.0, 0.7], dtype=torch.float64)
    expected = stats.norm.logpdf(x, mean, (0.5 * log_var).exp())
    assert normal_log_prob(x, mean, log_var).item() == pytest.approx(expected.item(), rel=1e-14)


@given(st.floats(-3, 3), st.floats(-14, 6))
def test_the_masses_of_all_levels_sum_to_one(mean: float, log_var: float) -> None:
    mass = level_log_mass(grid(), *torch.tensor([mean, log_var], dtype=torch.float64), WIDTH).exp()
    assert mass.sum().item() == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize("mean", [0.0, 0.01, 0.9, -1.3, 4.0, -20.0])
@pytest.mark.parametrize("std", [0.02, 0.05, 0.5, 30.0])
def test_inner_bins_are_exact_far_into_the_tails(mean: float, std: float) -> None:
    level, log_var = grid()[5], 2 * torch.tensor(std, dtype=torch.float64).log()
    ours = level_log_mass(level, torch.tensor(mean, dtype=torch.float64), log_var, WIDTH).item()
    assert ours == pytest.approx(exact_log_mass(level.item(), mean, std), rel=1e-8)


def test_outer_bins_are_open() -> None:
    ours = level_log_mass(grid(), *torch.tensor([0.2, 2 * math.log(0.2)], dtype=torch.float64), WIDTH)
    assert ours[0].item() == pytest.approx(stats.norm.logcdf((-1 + WIDTH / 2 - 0.2) / 0.2), rel=1e-9)
    assert ours[-1].item() == pytest.approx(stats.norm.logsf((1 - WIDTH / 2 - 0.2) / 0.2), rel=1e-9)


@pytest.mark.parametrize("log_var", [-25.0, -9.0, 0.0, 12.0])
def test_float32_is_finite_and_near_float64_and_so_is_its_gradient(log_var: float) -> None:
    means = torch.linspace(-30, 30, 301, dtype=torch.float64)[:, None]
    narrow = means.float().requires_grad_()
    ours = level_log_mass(grid(torch.float32), narrow, torch.tensor(log_var), WIDTH)
    exact = level_log_mass(grid(), means, torch.tensor(log_var).double(), WIDTH)
    assert torch.isfinite(ours).all()
    assert torch.allclose(ours.double(), exact, rtol=2e-3, atol=2e-4)
    ours.sum().backward()
    assert narrow.grad is not None
    assert torch.isfinite(narrow.grad).all()


def test_the_gradient_is_that_of_finite_differences() -> None:
    mean = torch.linspace(-1.5, 1.5, 13, dtype=torch.float64).requires_grad_()
    log_var = torch.tensor(-4.0, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda m, v: level_log_mass(grid()[:, None], m, v, WIDTH), (mean, log_var))
