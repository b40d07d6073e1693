import itertools
import math

import pytest
import torch
from genlab_ddpm.grid import Spacing, grid
from hypothesis import given
from hypothesis import strategies as st

SPACINGS: list[Spacing] = ["even", "quadratic", "log-snr", "karras"]


@given(st.integers(1, 1000), st.integers(1, 1000), st.sampled_from(SPACINGS), st.floats(0.1, 3))
def test_it_falls_strictly_from_the_last_timestep_to_the_first(
    timesteps: int, steps: int, spacing: Spacing, bend: float
) -> None:
    steps = min(steps, timesteps)
    log_snr = -(torch.linspace(0, 10, timesteps, dtype=torch.float64) ** bend)
    stops = grid(log_snr, steps, spacing)
    assert len(stops) == steps
    assert stops[0] == timesteps
    assert all(a > b for a, b in itertools.pairwise(stops))
    assert stops[-1] == 1 or steps == 1


def test_log_snr_spacing_is_even_in_the_log_signal_to_noise_ratio() -> None:
    log_snr = 10 - 20 * torch.linspace(0, 1, 5000, dtype=torch.float64) ** 3
    stops = torch.tensor(grid(log_snr, 9, "log-snr"))
    assert log_snr[stops - 1].diff().tolist() == pytest.approx([2.5] * 8, abs=0.02)


def test_karras_spacing_is_the_papers_with_rho_seven() -> None:
    log_snr = 14 - 23 * torch.linspace(0, 1, 20_000, dtype=torch.float64) ** 2
    stops = torch.tensor(grid(log_snr, 8, "karras"))
    largest, smallest = math.exp(9 / 2), math.exp(-14 / 2)
    wanted = [(largest ** (1 / 7) + i / 7 * (smallest ** (1 / 7) - largest ** (1 / 7))) ** 7 for i in range(8)]
    assert (-log_snr[stops - 1] / 2).exp().tolist() == pytest.approx(wanted, rel=2e-3)


def test_quadratic_spacing_is_even_in_the_root() -> None:
    stops = torch.tensor(grid(torch.linspace(9, -9, 1000), 5, "quadratic"), dtype=torch.float64)
    assert stops.sqrt().diff().tolist() == pytest.approx([stops.sqrt().diff().mean().item()] * 4, abs=0.1)
