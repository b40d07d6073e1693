from typing import Any

import numpy as np
import pytest
import torch
from genlab_ddpm.ancestral import Ancestral
from genlab_ddpm.ddim import DDIM
from genlab_ddpm.dpm_solver import DPMSolver
from genlab_ddpm.estimator import Denoising
from genlab_ddpm.family import ForwardDiffusion
from genlab_ddpm.heun import Heun
from genlab_ddpm.learned import Learned
from genlab_ddpm.learned_chain import LearnedChain
from genlab_ddpm.model import DDPM
from genlab_ddpm.network import Network, NetworkSpec
from genlab_ddpm.network.unet import UNet
from genlab_ddpm.objectives import Bound, Hybrid, Simple
from genlab_ddpm.probability_flow import ProbabilityFlow
from linear_gaussian_diffusion import Oracle, repeated, seeded
from torch import Tensor

from genlab.errors import IncompatibleError
from genlab.interfaces import Batch, DataSpec, Part
from genlab.parts.elbo.trace import Trace

T = 4
FIRST, LAST = 3.0, -5.0
SCHEDULE = Part(Learned, {"log_snr_1": FIRST, "log_snr_T": LAST, "hidden": 3})
BOUND = Part(Bound)


class Denoiser(Network):
    """The optimal denoiser of N(0.3, 0.5 I), predicting eps, which knows nothing but the place that it is told."""

    def __init__(self, spec: NetworkSpec, /) -> None:
        super().__init__()

    def forward(
        self, x_t: Tensor, t: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        alpha_bar = torch.sigmoid(FIRST + (LAST - FIRST) * (t - 1) / (T - 1))[:, None]
        s, n = alpha_bar.sqrt(), (1 - alpha_bar).sqrt()
        x_0_hat = 0.3 + s * 0.5 / (s**2 * 0.5 + n**2) * (x_t - s * 0.3)
        return ((x_t - s * x_0_hat) / n).unsqueeze(1)


def built(network: Any, event_shape: tuple[int, ...], **keys: Any) -> tuple[DDPM, ForwardDiffusion]:
    """Return a model and its family in float64, all parameters away from where they start."""
    generator = seeded(3)
    model = DDPM(
        DataSpec("any", event_shape, 10, levels=keys.pop("levels", None)),
        timesteps=T,
        schedule=SCHEDULE,
        network=network,
        **keys,
    ).double()
    for parameter in model.parameters():
        parameter.data.add_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64), alpha=0.05)
    return model, ForwardDiffusion(model)


def images(**keys: Any) -> tuple[DDPM, ForwardDiffusion, Batch]:
    model, family = built(Part(UNet, {"channels": (4,), "blocks": 1}), (1, 2, 2), levels=5, clip=False, **keys)
    x = torch.randint(0, 5, (3, 1, 2, 2), generator=seeded(1)).double()
    return model, family, Batch(x, num_data=3)


def test_the_tables_are_those_of_the_schedule_as_it_stands() -> None:
    model, _ = built(Part(Denoiser), (2,))
    for _ in range(2):
        betas = model.chain.schedule.betas().detach()  # type: ignore[union-attr, operator]
        assert torch.equal(model.chain.beta, betas)
        assert torch.allclose(model.chain.alpha_bar, (1 - betas).cumprod(0))
        for parameter in model.chain.parameters():
            parameter.data.add_(0.1)


def test_every_row_has_its_closed_form_as_mean() -> None:
    model, family = built(Part(Denoiser), (2,))
    oracle = Oracle(betas=model.chain.beta.detach().numpy())
    x_0 = np.array([0.9, -0.5])
    var = oracle.reverse_var("fixed-small")
    exact = {
        "L_T": -oracle.prior_kl(x_0).sum(),
        "L_{t-1}": -sum(oracle.step_kl(x_0, t, var).sum() for t in range(2, T + 1)),
        "L_0": -oracle.decoder_loss(x_0, var).sum(),
    }
    for timesteps in (1, 2, T):
        with torch.no_grad():
            estimator = Denoising(timesteps=timesteps, objective=BOUND)
            ledger = estimator.estimate(model, family, repeated(x_0.tolist(), 20_000), generator=seeded())
        for name, expected in exact.items():
            value = ledger[name]
            assert abs(value.mean() - expected) < 4.5 * value.std() / 20_000**0.5 + 1e-9, name


@pytest.mark.parametrize("variance", ["fixed-small", "learned-range"])
def test_the_gradient_of_the_bound_is_exact_in_every_parameter_of_the_schedule(variance: str) -> None:
    model, family, batch = images(variance=variance)
    estimator = Denoising(timesteps=T, objective=BOUND)

    def bound() -> Tensor:
        return estimator.estimate(model, family, batch, generator=seeded()).elbo(batch.num_data)

    parameters = list(model.chain.parameters())
    gradients = torch.autograd.grad(bound(), parameters)
    step = 1e-6
    for parameter, gradient in zip(parameters, gradients, strict=True):
        for index in range(parameter.numel()):
            values = []
            for sign in (1, -1):
                with torch.no_grad():
                    parameter.view(-1)[index] += sign * step
                    values.append(bound().item())
                    parameter.view(-1)[index] -= sign * step
            slope = (values[0] - values[1]) / (2 * step)
            assert gradient.view(-1)[index].item() == pytest.approx(slope, rel=1e-5, abs=1e-6)


def test_trace_bounds_the_same() -> None:
    model, family, batch = images()
    many = Batch(batch.x[:1].expand(3_000, 1, 2, 2), num_data=3_000)
    with torch.no_grad():
        trace = Trace(samples=1).estimate(model, family, many, generator=seeded()).per_example()
        ours = Denoising(timesteps=T).estimate(model.eval(), family, many, generator=seeded(1)).per_example()
    error = ((trace.var() + ours.var()) / 3_000).sqrt()
    assert abs(trace.mean() - ours.mean()) < 4.5 * error


def test_one_training_step_computes_the_schedule_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model, family, batch = images()
    calls = []
    betas = Learned.betas
    monkeypatch.setattr(Learned, "betas", lambda self: calls.append(1) or betas(self))  # type: ignore[func-returns-value]
    Denoising(objective=BOUND).estimate(model, family, batch, generator=seeded())
    assert len(calls) == 1
    DDIM(model, steps=3).draw(model, 2, generator=seeded())
    assert len(calls) <= 4
    family.posterior(batch.x).rsample(1, generator=seeded())
    assert len(calls) <= 5


@pytest.mark.parametrize(
    "sampler", [Part(Ancestral), Part(DDIM, {"steps": 3}), Part(Heun, {"steps": 3}), Part(DPMSolver, {"steps": 3})]
)
def test_every_sampler_follows_the_schedule_as_it_stands(sampler: Any) -> None:
    model, _, _ = images()
    before = sampler(model).draw(model, 4, generator=seeded(), trajectory=True).trajectory
    for parameter in model.chain.parameters():
        parameter.data.add_(0.3)
    after = sampler(model).draw(model, 4, generator=seeded(), trajectory=True).trajectory
    assert torch.isfinite(after).all()
    assert torch.equal(after[0], before[0])
    assert not torch.equal(after[1], before[1])


def test_the_probability_flow_is_evaluated_through_it() -> None:
    model, family, batch = images()
    ledger = ProbabilityFlow(steps=T - 1).estimate(model.eval(), family, batch, generator=seeded())
    assert torch.isfinite(ledger.per_example()).all()


def test_the_network_is_told_the_log_snr_on_the_scale_of_t() -> None:
    model, _ = built(Part(Denoiser), (2,))
    told = model.chain.told(torch.arange(1, T + 1))
    assert told.tolist() == pytest.approx((1 + (T - 1) * (FIRST - model.chain.log_snr) / (FIRST - LAST)).tolist())
    assert isinstance(model.chain, LearnedChain)
    fresh = DDPM(DataSpec("any", (2,), 10), timesteps=T, schedule=SCHEDULE, network=Part(Denoiser))
    assert fresh.chain.told(torch.tensor([1, T])).tolist() == pytest.approx([1, T], abs=1e-5)


@pytest.mark.parametrize("objective", [Simple, Hybrid])
def test_an_objective_that_does_not_train_the_schedule_is_refused_in_training_alone(objective: Any) -> None:
    model, family, batch = images()
    estimator = Denoising(objective=Part(objective))
    with pytest.raises(IncompatibleError, match=r"elbo.objective must train the schedule by the bound"):
        estimator.estimate(model, family, batch, generator=seeded())
    model.eval()
    estimator.estimate(model, family, batch, generator=seeded())


def test_training_by_the_bound_moves_the_schedule_and_the_family_shares_it() -> None:
    model, family, batch = images()
    before = model.chain.log_snr.detach()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    Denoising(objective=BOUND).estimate(model, family, batch, generator=seeded()).objective(3).backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    assert all(parameter.grad is not None for parameter in model.chain.parameters())
    assert (model.chain.log_snr - before).abs().max() > 1e-3
    assert {id(value) for value in family.parameters()} == {id(value) for value in model.chain.parameters()}
