import numpy as np
import pytest
import torch
from genlab_ddpm.learned import Learned

from genlab.errors import IncompatibleError


def moved(schedule: Learned, seed: int, scale: float = 2.0) -> Learned:
    """Return the schedule with parameters far from where they start."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in schedule.parameters():
        parameter.data.add_(torch.randn(parameter.shape, generator=generator), alpha=scale)
    return schedule.double()


def log_snr(schedule: Learned) -> torch.Tensor:
    alpha_bar = (1 - schedule.betas().detach()).cumprod(0)
    return torch.log(alpha_bar) - torch.log1p(-alpha_bar)


def test_it_starts_between_the_two_ends_it_is_given() -> None:
    start = log_snr(Learned(50, None, log_snr_1=4.0, log_snr_T=-5.0))
    assert start[0] == pytest.approx(4, abs=1e-9)
    assert start[-1] == pytest.approx(-5, abs=1e-9)
    assert torch.allclose(start, torch.linspace(4, -5, 50, dtype=torch.float64), atol=0.5)


def test_by_default_it_starts_at_a_third_of_a_level() -> None:
    for bin_width, std in ((2 / 255, 2 / 255 / 3), (2.0, 2 / 3), (None, 0.01)):
        assert Learned(50, bin_width).betas()[0].sqrt().item() == pytest.approx(std)


@pytest.mark.parametrize("timesteps", [1, 2, 1000])
@pytest.mark.parametrize("seed", range(5))
def test_whatever_the_parameters_are_it_is_a_schedule(timesteps: int, seed: int) -> None:
    schedule = moved(Learned(timesteps, None), seed)
    betas = schedule.betas()
    assert betas.dtype == torch.float64
    assert ((betas > 0) & (betas < 1)).all()
    assert (log_snr(schedule).diff() < 0).all()


def test_it_is_the_network_it_says_it_is() -> None:
    schedule = moved(Learned(7, None, log_snr_1=3.0, log_snr_T=-3.0, hidden=4), 0, 0.1)
    values = {name: value.detach().numpy() for name, value in schedule.named_parameters()}
    u = np.linspace(0, 1, 7)
    w, v, a = (np.exp(3 * values[name]) for name in ("linear_weight", "weight", "slope"))
    g = w * u + (v / (1 + np.exp(-a * (u[:, None] - values["place"])))).mean(1)
    passed = 0.99 * (g - g[0]) / (g[-1] - g[0]) + 0.01 * u
    expected = 3 + values["shift"] - 6 * np.exp(values["stretch"] / 6) * passed
    assert log_snr(schedule).numpy() == pytest.approx(expected, abs=1e-8)


def test_ends_that_do_not_fall_are_refused() -> None:
    with pytest.raises(IncompatibleError, match="must fall from log_snr_1 to log_snr_T, got -11 and -10"):
        Learned(10, None, log_snr_1=-11.0)
