import numpy as np
import pytest
import torch
from genlab_ddpm.family import ForwardDiffusion
from genlab_ddpm.linear import Linear
from genlab_ddpm.model import DDPM
from genlab_ddpm.network.unet import UNet
from genlab_ddpm.probability_flow import ProbabilityFlow
from linear_gaussian_diffusion import Oracle, oracle_model, repeated, seeded
from scipy import stats

from genlab.errors import IncompatibleError
from genlab.interfaces import Batch, DataSpec, Part

ORACLE = Oracle(betas=np.linspace(5e-4, 0.03, 400))


def flow_moments(oracle: Oracle) -> tuple[float, float]:
    """Return mean and variance of x_1 where x_T is standard normal and the flow is solved exactly."""
    spread = np.sqrt(oracle.alpha_bar * oracle.var + 1 - oracle.alpha_bar)
    ratio = spread[0] / spread[-1]
    return oracle.mean * (oracle.signal[0] - ratio * oracle.signal[-1]), ratio**2


def bound(x: np.ndarray, oracle: Oracle) -> float:
    """Return E_q(x_1 | x) [ log p(x | x_1) + log p(x_1) - log q(x_1 | x) ], by Gauss-Hermite quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    mean, var = flow_moments(oracle)
    total = 0.0
    for one in x:
        x_1 = oracle.signal[0] * one + oracle.noise[0] * nodes
        log_ratio = (
            stats.norm.logpdf(one, oracle.x_0_hat(x_1, 1), np.sqrt(oracle.betas[0]))
            + stats.norm.logpdf(x_1, mean, np.sqrt(var))
            - stats.norm.logpdf(x_1, oracle.signal[0] * one, oracle.noise[0])
        )
        total += weights @ log_ratio / weights.sum()
    return total


@pytest.mark.parametrize("x", [[0.9, -0.5], [2.5, 0.3]])
def test_for_gaussian_data_it_is_the_flow_s_closed_form(x: list[float]) -> None:
    model, family = oracle_model(ORACLE)
    model.eval()
    batch = repeated(x, 200)
    values = ProbabilityFlow(steps=200).estimate(model, family, batch, generator=seeded()).per_example()
    error = values.std().item() / len(values) ** 0.5
    assert abs(values.mean().item() - bound(np.array(x), ORACLE)) < 4.5 * error + 5e-3


def test_the_solver_s_error_falls_with_the_square_of_its_steps() -> None:
    model, family = oracle_model(Oracle(betas=np.linspace(1e-4, 1e-2, 1000)), prediction="x_0")
    model.eval()

    def value(steps: int) -> float:
        ledger = ProbabilityFlow(steps=steps).estimate(model, family, repeated([0.4], 1), generator=seeded())
        return ledger["flow"].item()

    coarse, fine, exact = value(10), value(20), value(160)
    assert np.log2((coarse - exact) / (fine - exact)) == pytest.approx(2, abs=0.35)


def test_few_steps_do_where_noise_hides_the_data() -> None:
    oracle = Oracle(
        betas=np.linspace(5e-4, 0.03, 400), var=1e-6
    )  # almost a point: the trace is D / sigma nearly everywhere
    model, family = oracle_model(oracle)
    model.eval()
    batch = repeated([oracle.mean, oracle.mean], 200)
    values = ProbabilityFlow(steps=10).estimate(model, family, batch, generator=seeded()).per_example()
    error = values.std().item() / len(values) ** 0.5
    assert abs(values.mean().item() - bound(np.array([oracle.mean] * 2), oracle)) < 4.5 * error + 0.01


def test_the_network_is_told_the_class_of_each_observation() -> None:
    model = DDPM(
        DataSpec("digits", (1, 4, 4), 4, levels=17, num_classes=3),
        timesteps=20,
        schedule=Part(Linear, {"beta_1": 5e-3, "beta_T": 0.7}),
        network=Part(UNet, {"channels": (4,), "blocks": 1}),
        class_conditional=True,
    ).eval()
    told: list[torch.Tensor] = []
    model.network.register_forward_pre_hook(lambda _, arguments: told.append(arguments[2]))
    batch = Batch(torch.zeros(2, 1, 4, 4), 2, torch.tensor([2, 0]))
    ProbabilityFlow(steps=3).estimate(model, ForwardDiffusion(model), batch, generator=seeded())
    assert {tuple(y.tolist()) for y in told} == {(2, 0)}


def small_unet() -> tuple[DDPM, ForwardDiffusion]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = DDPM(
            DataSpec("digits", (1, 4, 4), 4, levels=17),
            timesteps=20,
            schedule=Part(Linear, {"beta_1": 5e-3, "beta_T": 0.7}),
            network=Part(UNet, {"channels": (4,), "blocks": 1}),
            clip=False,
        ).double()
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.1)
    return model.eval(), ForwardDiffusion(model)


def test_the_trace_is_that_of_the_whole_jacobian() -> None:
    model, _ = small_unet()
    x_1 = torch.randn(1, 1, 4, 4, generator=seeded(), dtype=torch.float64)
    estimator = ProbabilityFlow(steps=19)

    def flow(x: torch.Tensor) -> torch.Tensor:
        """Return x_T, by the same steps and no trace."""
        y = x.reshape(1, 1, 4, 4) / model.chain.signal[0]
        sigma = model.chain.noise / model.chain.signal

        def slope(state: torch.Tensor, t: int) -> torch.Tensor:
            return (state - model.denoise(model.chain.signal[t - 1] * state, t)[0]) / sigma[t - 1]

        for t in range(1, 20):
            change = sigma[t] - sigma[t - 1]
            here = slope(y, t)
            y = y + 0.5 * change * (here + slope(y + change * here, t + 1))
        return (model.chain.signal[-1] * y).flatten()

    jacobian = torch.autograd.functional.jacobian(flow, x_1.flatten())
    exact = stats.norm.logpdf(flow(x_1).detach().numpy()).sum() + torch.linalg.slogdet(jacobian)[1].item()
    many = estimator._log_prob(model, x_1.expand(1000, 1, 4, 4).contiguous(), model.ask, seeded())
    error = many.std().item() / len(many) ** 0.5
    assert abs(many.mean().item() - exact) < 4.5 * error + 0.02


def test_it_is_below_the_evidence_of_the_flow_and_its_decoder() -> None:
    model, family = oracle_model(ORACLE, event_shape=(1,))
    model.eval()
    mean, var = flow_moments(ORACLE)
    slope = ORACLE.slope[0]
    center = ORACLE.x_0_hat(mean, 1)
    for x in (-1.5, 0.3, 2.0):
        values = ProbabilityFlow(steps=200).estimate(model, family, repeated([x], 400), generator=seeded())
        evidence = stats.norm.logpdf(x, center, np.sqrt(slope**2 * var + ORACLE.betas[0]))
        assert evidence - 0.05 < values.per_example().mean().item() < evidence + 5e-3  # the solver


def test_it_is_refused_in_training_and_with_too_many_steps() -> None:
    model, family = oracle_model(Oracle())
    batch = repeated([0.1], 2)
    with pytest.raises(IncompatibleError, match="is for evaluation"):
        ProbabilityFlow(steps=3).estimate(model.train(), family, batch, generator=seeded())
    with pytest.raises(IncompatibleError, match=r"below model.timesteps = 6, got 6"):
        ProbabilityFlow(steps=6).estimate(model.eval(), family, batch, generator=seeded())
