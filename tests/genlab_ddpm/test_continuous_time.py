"""The bound of infinitely many steps, against integrals over the log-SNR that know nothing of timesteps."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from genlab_ddpm.continuous_time import ContinuousTime
from genlab_ddpm.estimator import Denoising
from genlab_ddpm.family import ForwardDiffusion
from genlab_ddpm.learned import Learned
from genlab_ddpm.linear import Linear
from genlab_ddpm.model import DDPM
from genlab_ddpm.network import Network, NetworkSpec
from genlab_ddpm.objectives import Bound
from linear_gaussian_diffusion import Oracle, oracle_model, repeated, seeded
from scipy.integrate import quad
from torch import Tensor

from genlab.errors import IncompatibleError
from genlab.interfaces import DataSpec, Part

MEAN, VAR, X_0 = 0.3, 0.5, np.array([0.9, -0.5])
T = 6
LINEAR = Part(Linear, {"beta_1": 0.02, "beta_T": 0.95})
LEARNED = Part(Learned, {"log_snr_1": 4.0, "log_snr_T": -5.0, "hidden": 3})


class Denoiser(Network):
    """The optimal denoiser of N(0.3, 0.5 I), predicting x_0, which knows the log-SNR of what it is told."""

    def __init__(self, spec: NetworkSpec, /, *, log_snr_of: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.log_snr_of = log_snr_of

    def forward(
        self, x_t: Tensor, t: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        log_snr = self.log_snr_of(t)[:, None]
        s, n = log_snr.sigmoid().sqrt(), (-log_snr).sigmoid().sqrt()
        return (MEAN + s * VAR / (s**2 * VAR + n**2) * (x_t - s * MEAN)).unsqueeze(1)


def built(schedule: Part[Any], log_snr_of: Callable[[Tensor], Tensor]) -> DDPM:
    network = Part(Denoiser, {"log_snr_of": log_snr_of})
    model = DDPM(DataSpec("any", (2,), 10), timesteps=T, schedule=schedule, network=network, prediction="x_0")
    for parameter in model.parameters():
        parameter.data.add_(0.05)
    return model.double()


def with_a_fixed_schedule() -> DDPM:
    alpha_bar = Oracle().alpha_bar
    log_snr = np.log(alpha_bar / (1 - alpha_bar))
    return built(LINEAR, lambda t: torch.from_numpy(np.interp(t.numpy(), np.arange(1, T + 1), log_snr)))


def with_a_learned_schedule() -> DDPM:
    return built(LEARNED, lambda t: 4 - 9 * (t - 1) / (T - 1))


def l_infinity(first: float, last: float) -> float:
    """Return the integral of 1/2 SNR E (x_0 - x_0_hat)^2 over the log-SNR, summed over the dimensions of X_0."""

    def integrand(log_snr: float) -> float:
        alpha_bar = 1 / (1 + np.exp(-log_snr))
        s, n2 = np.sqrt(alpha_bar), 1 - alpha_bar
        k = s * VAR / (s**2 * VAR + n2)
        squared = (1 - k * s) ** 2 * (X_0 - MEAN) ** 2 + k**2 * n2
        return float(0.5 * np.exp(log_snr) * squared.sum())

    return float(quad(integrand, last, first)[0])


@pytest.mark.parametrize("make", [with_a_fixed_schedule, with_a_learned_schedule])
@pytest.mark.parametrize("timesteps", [1, 3, T])
def test_it_is_an_integral_over_the_log_snr_from_end_to_end(make: Any, timesteps: int) -> None:
    model = make()
    family, batch = ForwardDiffusion(model), repeated(X_0.tolist(), 20_000)
    with torch.no_grad():
        ledger = ContinuousTime(timesteps=timesteps).estimate(model, family, batch, generator=seeded())
        same = Denoising(timesteps=2, objective=Part(Bound)).estimate(model, family, batch, generator=seeded(1))
    value, ends = ledger["L_infinity"], model.chain.log_snr[[0, -1]].tolist()
    assert abs(value.mean() + l_infinity(*ends)) < 4.5 * value.std() / 20_000**0.5
    assert torch.equal(ledger["L_T"], same["L_T"])
    assert ledger["L_0"].mean().item() == pytest.approx(same["L_0"].mean().item(), abs=0.05)


def test_more_steps_make_a_better_bound_and_continuous_time_the_best() -> None:
    first, last, gaps = 4.0, -5.0, []
    for timesteps in (10, 20, 40, 80):
        log_alpha_bar = -np.log1p(np.exp(-np.linspace(first, last, timesteps)))
        oracle = Oracle(betas=-np.expm1(np.diff(log_alpha_bar, prepend=0.0)))
        var = oracle.reverse_var("fixed-small")
        gaps.append(sum(oracle.step_kl(X_0, t, var).sum() for t in range(2, timesteps + 1)) - l_infinity(first, last))
    assert all(gap > 0 for gap in gaps)
    assert gaps[2] / gaps[3] == pytest.approx(2, rel=0.1)


def test_its_gradient_reaches_the_schedule_s_ends() -> None:
    model = with_a_learned_schedule()
    ledger = ContinuousTime(timesteps=T).estimate(
        model, ForwardDiffusion(model), repeated(X_0.tolist(), 40_000), generator=seeded()
    )
    shift = model.chain.schedule.shift  # type: ignore[union-attr]
    (slope,) = torch.autograd.grad(ledger["L_infinity"].mean(), shift)  # type: ignore[arg-type]
    ends, step = model.chain.log_snr[[0, -1]].tolist(), 1e-4
    exact = -(l_infinity(ends[0] + step, ends[1] + step) - l_infinity(ends[0] - step, ends[1] - step)) / 2e-4
    assert slope.item() == pytest.approx(exact, rel=0.05)


def test_a_learned_variance_is_not_trained_in_continuous_time() -> None:
    model, family = oracle_model(Oracle(), variance="learned-range")
    with pytest.raises(IncompatibleError, match=r"model\.variance must be fixed where elbo 'continuous-time' trains"):
        ContinuousTime().estimate(model, family, repeated(X_0.tolist(), 3), generator=seeded())


def test_the_objective_is_the_negative_bound() -> None:
    model = with_a_learned_schedule()
    estimator = ContinuousTime()
    ledger = estimator.estimate(model, ForwardDiffusion(model), repeated(X_0.tolist(), 3), generator=seeded())
    assert ledger.surrogate is None
    assert estimator.bound_name == "elbo_continuous_time"
    assert Denoising(objective=Part(Bound)).bound_name == "elbo"
