import re
import warnings
from typing import Any

import pytest
import torch
from genlab_ddpm.cosine import Cosine
from genlab_ddpm.linear import Linear
from genlab_ddpm.model import DDPM
from genlab_ddpm.network.unet import UNet
from genlab_ddpm.scaled_linear import ScaledLinear
from genlab_ddpm.schedule import Schedule
from genlab_ddpm.sigmoid import Sigmoid
from genlab_ddpm.terms import prior_kl
from torch import Tensor

from genlab.errors import GenlabWarning, IncompatibleError
from genlab.interfaces import DataSpec, Part

TINY = Part(UNet, {"channels": (4, 8), "blocks": 1})


def model(schedule: Any, keys: dict[str, Any] | None = None, *, levels: int | None = 256, **more: Any) -> DDPM:
    spec = DataSpec("any", (1, 4, 4), 10, levels=levels)
    return DDPM(spec, schedule=Part(schedule, keys or {}), network=TINY, **({"timesteps": 1000} | more))


def warning_of(schedule: Any, keys: dict[str, Any] | None = None, **more: Any) -> tuple[DDPM, str]:
    """Return the model and what is the only warning of it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        built = model(schedule, keys, **more)
    assert [warning.category for warning in caught] == [GenlabWarning], [str(warning.message) for warning in caught]
    return built, str(caught[0].message)


def number_in(pattern: str, message: str) -> float:
    found = re.search(pattern, message)
    assert found, message
    return float(found.group(1))


def given(*betas: float) -> type[Schedule]:
    class Given(Schedule):
        def __init__(self, timesteps: int, bin_width: float | None, /) -> None: ...

        def betas(self) -> Tensor:
            return torch.tensor(betas, dtype=torch.float64)

    return Given


def test_usual_schedules_warn_of_nothing() -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for levels in (17, 256, None):
            model(Linear, levels=levels)
        for schedule in (Cosine, Sigmoid, ScaledLinear):
            model(schedule)
        model(Linear, levels=2, timesteps=20)
        model(Linear, timesteps=4000)
    assert [str(warning.message) for warning in told] == []


def test_steps_far_finer_than_a_level_are_warned_of() -> None:
    _, message = warning_of(Linear, {"beta_1": 1e-4}, levels=17)
    assert "near the distance 0.125 between two levels of the data, got 0.01: steps far finer cost bits" in message
    assert message.endswith("Raise model.schedule.beta_1 or leave it out, or use fewer model.timesteps.")
    assert warning_of(Cosine, levels=17)[1].endswith("Raise model.schedule.s, or use fewer model.timesteps.")
    assert "Raise model.schedule.start," in warning_of(Sigmoid, levels=17)[1]
    assert "use fewer model.timesteps" in warning_of(Linear, levels=2)[1]


@pytest.mark.parametrize("variance", ["fixed-small", "fixed-large", "learned-range"])
def test_a_first_step_of_many_levels_is_warned_of_with_what_it_costs(variance: str) -> None:
    built, message = warning_of(Sigmoid, timesteps=20, variance=variance)
    assert message.endswith("Lower model.schedule.start, or use more model.timesteps.")
    # A network that is right, and for a learned variance says the smallest one.
    x_0 = built.values.to_x_0(torch.full((1, 1, 4, 4), 100.0))
    log_var = built.log_var(torch.ones(1, dtype=torch.long), x_0, torch.zeros_like(x_0) if "l" in variance[0] else None)
    bits = -built.decoder_log_prob(x_0, x_0, log_var).item() / 16 / torch.log(torch.tensor(2.0)).item()
    assert number_in(r"costs ([\d.]+) bits/dim", message) == pytest.approx(bits, abs=0.05)
    assert number_in(r"where ([\d.]+) are", message) == 8


def test_a_chain_that_does_not_end_in_noise_is_warned_of_with_its_l_t() -> None:
    built, message = warning_of(Linear, {"beta_1": 1e-4, "beta_T": 0.02}, levels=None, timesteps=100)
    one = torch.ones(1, 1, 4, 4)
    bits = prior_kl(built, one).item() / 16 / torch.log(torch.tensor(2.0)).item()
    assert number_in(r"up to ([\d.]+) bits/dim \(L_T\)", message) == pytest.approx(bits, rel=0.05)
    assert number_in(r"SNR ([\d.]+)\)", message) == pytest.approx(built.chain.snr[-1].item(), rel=0.05)
    assert message.endswith("Raise model.schedule.beta_T, or leave it out: it then follows model.timesteps.")


def test_a_chain_that_goes_on_without_signal_is_warned_of() -> None:
    built, message = warning_of(Linear, {"beta_1": 1e-4, "beta_T": 0.02}, timesteps=4000)
    spent = int((built.chain.alpha_bar < 1e-6).sum())
    assert f"{spent} of its 4000 timesteps" in message
    assert "Lower model.schedule.beta_T" in message


@pytest.mark.parametrize(
    ("betas", "t"), [((0.0, 0.5), 1), ((0.1, 1.0), 2), ((0.1, 0.0), 2), ((0.1, -0.5), 2), ((1e-20, 0.5), 1)]
)
def test_a_log_snr_that_does_not_fall_is_refused(betas: tuple[float, float], t: int) -> None:
    with pytest.raises(IncompatibleError, match=rf"model.schedule must let the log signal.* at t = {t} with beta_{t}"):
        model(given(*betas), timesteps=2)


def test_a_schedule_of_another_length_is_refused() -> None:
    with pytest.raises(IncompatibleError, match=r"for each of the 3 timesteps, got \(2,\)"):
        model(given(0.1, 0.5), timesteps=3)


def test_a_logistic_curve_that_is_flat_is_refused_with_its_keys() -> None:
    with pytest.raises(IncompatibleError, match=r"Bring model.schedule.start and model.schedule.end nearer to 0"):
        model(Sigmoid, {"tau": 0.05})
    with pytest.raises(IncompatibleError, match=r"Lower model.schedule.beta_T"):
        model(Linear, {"beta_1": 0.5, "beta_T": 0.9})
