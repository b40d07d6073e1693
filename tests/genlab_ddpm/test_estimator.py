from typing import Any

import numpy as np
import pytest
import torch
from genlab_ddpm.estimator import Denoising, Proposal
from genlab_ddpm.family import ForwardDiffusion
from genlab_ddpm.linear import Linear
from genlab_ddpm.model import DDPM
from genlab_ddpm.network.unet import UNet
from genlab_ddpm.objective import Objective
from genlab_ddpm.objectives import Bound, Hybrid, MinSNR, Simple
from linear_gaussian_diffusion import Oracle, oracle_model, repeated, seeded
from scipy import stats

from genlab.errors import IncompatibleError
from genlab.interfaces import Batch, DataSpec, Part
from genlab.parts.elbo.trace import Trace

ORACLE = Oracle()
T = len(ORACLE.betas)
X_0 = np.array([0.9, -0.5])
SMALL = ORACLE.reverse_var("fixed-small")


def within_error(values: torch.Tensor, expected: float, sigmas: float = 4.5) -> bool:
    error = values.std().item() / len(values) ** 0.5
    return abs(values.mean().item() - expected) < sigmas * error + 1e-12


def exact_rows(variance: str = "fixed-small") -> dict[str, float]:
    """The rows for x_0 = X_0, in closed form."""
    var = ORACLE.reverse_var(variance)
    return {
        "L_T": -ORACLE.prior_kl(X_0).sum(),
        "L_{t-1}": -sum(ORACLE.step_kl(X_0, t, var).sum() for t in range(2, T + 1)),
        "L_0": -ORACLE.decoder_loss(X_0, var).sum(),
    }


@pytest.mark.parametrize(
    ("variance", "objective"),
    [
        ("fixed-small", Simple),
        ("fixed-large", Bound),
        ("fixed-small", MinSNR),
        ("learned-range", Bound),
        ("learned-range", Hybrid),
    ],
)
@pytest.mark.parametrize("timesteps", [1, 2, 3, T])
def test_every_row_has_its_closed_form_as_mean(timesteps: int, variance: str, objective: type[Objective]) -> None:
    model, family = oracle_model(ORACLE, variance=variance)
    batch = repeated(X_0.tolist(), 20_000)
    ledger = Denoising(timesteps=timesteps, objective=Part(objective)).estimate(
        model, family, batch, generator=seeded()
    )
    assert [(term.name, term.scope, term.exact) for term in ledger.terms] == [
        ("L_T", "local", True),
        ("L_{t-1}", "local", False),
        ("L_0", "local", False),
    ]
    for name, expected in exact_rows(variance).items():
        assert within_error(ledger[name], expected), name
    assert ledger["L_T"].numpy() == pytest.approx(exact_rows()["L_T"], rel=1e-12)
    rows = exact_rows(variance)
    assert within_error(ledger.measures["rate_nats"], -rows["L_T"] - rows["L_{t-1}"])
    assert within_error(ledger.measures["distortion_nats"], -rows["L_0"])


@pytest.mark.parametrize("proposal", ["uniform", "bound"])
@pytest.mark.parametrize("timesteps", [1, 3, T])
def test_whatever_timesteps_are_drawn_from_the_means_are_the_same(timesteps: int, proposal: Proposal) -> None:
    model, family = oracle_model(ORACLE)
    ledger, other = (
        Denoising(timesteps=timesteps, proposal=proposal, objective=Part(objective)).estimate(
            model, family, repeated(X_0.tolist(), 20_000), generator=seeded()
        )
        for objective in (Simple, Bound)
    )
    for name, expected in exact_rows().items():
        assert within_error(ledger[name], expected), name
        assert torch.equal(ledger[name], other[name])
    errors = [
        ORACLE.squared_error(X_0, t) * ORACLE.alpha_bar[t - 1] / ORACLE.noise[t - 1] ** 2 for t in range(1, T + 1)
    ]
    assert ledger.objective(20_000).item() == pytest.approx(np.mean(errors), abs=0.04)


def test_where_the_bound_is_spent_is_the_better_proposal() -> None:
    oracle = Oracle(betas=np.linspace(1e-3, 0.1, 200))
    model, family = oracle_model(oracle)

    def spread(timesteps: int, proposal: Proposal) -> float:
        estimator = Denoising(timesteps=timesteps, proposal=proposal)
        batch = repeated(X_0.tolist(), 2_000)
        return estimator.estimate(model, family, batch, generator=seeded()).per_example().std().item()

    for timesteps in (1, 10):
        assert spread(timesteps, "uniform") > 2 * spread(timesteps, "bound")
    assert spread(1, "auto") == spread(1, "uniform")
    assert spread(10, "auto") == spread(10, "bound")


def test_the_protocol_tells_a_proposal_that_was_chosen() -> None:
    assert Denoising(timesteps=20).protocol == "denoising, 20 timesteps, t = 1 among them, an example"
    assert Denoising(timesteps=20, proposal="uniform").protocol.endswith("an example, uniformly drawn")


def test_each_single_timestep_s_kl_has_its_closed_form() -> None:
    # The timesteps an estimate visits are those the network is called with.
    model, family = oracle_model(ORACLE)
    batch = repeated(X_0.tolist(), 60_000)
    ledger = Denoising(timesteps=1).estimate(model, family, batch, generator=seeded())
    t = model.network.calls[0]  # type: ignore[union-attr, operator, index]
    for timestep in range(2, T + 1):
        expected = -T * ORACLE.step_kl(X_0, timestep, SMALL).sum()
        assert within_error(ledger["L_{t-1}"][t == timestep], expected), timestep
    assert within_error(ledger["L_0"][t == 1], -T * ORACLE.decoder_loss(X_0, SMALL).sum())
    assert not ledger["L_0"][t != 1].any()


def test_the_bound_is_below_the_exact_evidence_of_the_model() -> None:
    mean, spread = ORACLE.chain_moments(SMALL)
    for x in np.linspace(-2, 2, 9):
        bound = -(
            ORACLE.prior_kl(x)
            + sum(ORACLE.step_kl(x, t, SMALL) for t in range(2, T + 1))
            + ORACLE.decoder_loss(x, SMALL)
        )
        model, family = oracle_model(ORACLE, event_shape=(1,))
        batch = repeated([float(x)], 5_000)
        ledger = Denoising(timesteps=T).estimate(model, family, batch, generator=seeded())
        assert within_error(ledger.per_example(), bound)
        assert ledger.per_example().mean() < stats.norm.logpdf(x, mean, np.sqrt(spread)) + 1e-9


def test_trace_has_the_same_mean() -> None:
    model, family = oracle_model(ORACLE)
    batch = repeated(X_0.tolist(), 20_000)
    trace = Trace(samples=1).estimate(model, family, batch, generator=seeded()).per_example()
    exact = Denoising(timesteps=T).estimate(model, family, batch, generator=seeded(1)).per_example()
    assert within_error(trace, sum(exact_rows().values()))
    assert within_error(exact, sum(exact_rows().values()))


def test_trace_has_the_larger_variance_on_a_fresh_network() -> None:
    oracle = Oracle(betas=np.linspace(0.05, 0.5, 20))
    model, family = oracle_model(oracle)
    model.network.forward = lambda x_t, t, y=None, generator=None: torch.zeros_like(x_t).unsqueeze(1)  # type: ignore[union-attr, assignment]
    batch = repeated(X_0.tolist(), 20_000)
    trace = Trace(samples=1).estimate(model, family, batch, generator=seeded()).per_example()
    exact = Denoising(timesteps=20).estimate(model, family, batch, generator=seeded(1)).per_example()
    assert trace.var() > 1.15 * exact.var()


def digits_batch(count: int = 4) -> Batch:
    return Batch(torch.randint(0, 17, (count, 1, 8, 8), generator=seeded(9)).double(), num_data=count)


def digits_model(variance: Any = "fixed-small", **keys: Any) -> tuple[DDPM, ForwardDiffusion]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = DDPM(
            DataSpec("digits", (1, 8, 8), 4, levels=17),
            timesteps=8,
            schedule=Part(Linear, {"beta_1": 0.02, "beta_T": 0.9}),
            network=Part(UNet, {"channels": (4, 8), "blocks": 1} | keys),
            variance=variance,
        )
        for parameter in model.parameters():  # a fresh U-Net says zero
            torch.nn.init.normal_(parameter, std=0.1)
    return model.double(), ForwardDiffusion(model)


@pytest.mark.parametrize("variance", ["fixed-small", "learned-range"])
def test_trace_agrees_on_a_network_and_grey_levels(variance: str) -> None:
    model, family = digits_model(variance)
    batch = Batch(digits_batch(1).x.expand(400, 1, 8, 8), num_data=400)
    with torch.no_grad():
        trace = Trace(samples=1).estimate(model, family, batch, generator=seeded()).per_example()
        exact = (
            Denoising(timesteps=8, objective=Part(Bound))
            .estimate(model, family, batch, generator=seeded(1))
            .per_example()
        )
    difference, error = trace.mean() - exact.mean(), ((trace.var() + exact.var()) / 400).sqrt()
    assert abs(difference) < 4.5 * error
    assert exact.var() < trace.var() or variance == "learned-range"  # a bad variance is as noisy in both


def test_the_simple_objective_is_the_mean_squared_error_of_the_prediction() -> None:
    model, family = oracle_model(ORACLE)
    batch = repeated(X_0.tolist(), 40_000)
    # eps - eps_hat = s / n (x_0_hat - x_0)
    ratio = (ORACLE.signal / ORACLE.noise) ** 2
    expected = np.mean([ratio[t - 1] * ORACLE.squared_error(X_0, t).mean() for t in range(1, T + 1)])
    for timesteps in (1, 3, T):
        ledger = Denoising(timesteps=timesteps).estimate(model, family, batch, generator=seeded())
        assert ledger.surrogate == "simple"
        assert ledger.objective(batch.num_data).item() == pytest.approx(expected, rel=0.03)


def test_min_snr_is_one_objective_whatever_is_predicted() -> None:
    values = []
    for prediction in ("eps", "x_0", "v"):
        model, family = oracle_model(ORACLE, prediction=prediction)
        estimator = Denoising(timesteps=T, objective=Part(MinSNR, {"gamma": 2.0}))
        values.append(estimator.estimate(model, family, repeated(X_0.tolist(), 50), generator=seeded()))
    snr = ORACLE.alpha_bar / (1 - ORACLE.alpha_bar)
    assert snr.max() > 2 > snr.min()
    batch = repeated(X_0.tolist(), 40_000)
    ledger = estimator.estimate(model, family, batch, generator=seeded())
    expected = np.mean([min(snr[t - 1], 2.0) * ORACLE.squared_error(X_0, t).mean() for t in range(1, T + 1)])
    assert ledger.objective(len(batch.x)).item() == pytest.approx(expected, rel=0.03)
    assert [value.objective(50).item() for value in values] == pytest.approx([values[0].objective(50).item()] * 3)
    assert {value.surrogate for value in values} == {"min_snr"}


def test_hybrid_learns_the_prediction_by_the_simple_objective_and_the_variance_by_the_bound() -> None:
    def gradients(objective: Part[Objective]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the gradients in the network's last biases: of the prediction, of the variance."""
        model, family = digits_model("learned-range")
        ledger = Denoising(timesteps=8, objective=objective).estimate(model, family, digits_batch(), generator=seeded())
        ledger.objective(4).backward()  # type: ignore[no-untyped-call]
        prediction, variance = model.network.last.bias.grad  # type: ignore[union-attr, misc]
        return prediction, variance

    class EveryVariance(Simple):
        bound_reaches = "variance"  # only so that a learned variance is not refused

    hybrid, bound = gradients(Part(Hybrid, {"weight": 0.5})), gradients(Part(Bound))
    assert hybrid[0].item() == pytest.approx(gradients(Part(EveryVariance))[0].item(), rel=1e-9)
    assert hybrid[1].item() == pytest.approx(0.5 * bound[1].item() / (64 * np.log(2)), rel=1e-9)


def test_a_learned_variance_that_nothing_trains_is_refused() -> None:
    model, family = digits_model("learned-range")
    with pytest.raises(IncompatibleError, match=r"elbo.objective must train the variance by the bound .* got 'simple'"):
        Denoising().estimate(model, family, digits_batch(), generator=seeded())


def test_training_on_the_simple_objective_leaves_the_rows_out_of_the_graph() -> None:
    model, family = digits_model()
    ledger = Denoising().estimate(model, family, digits_batch(), generator=seeded())
    assert not any(term.value.requires_grad for term in ledger.terms)
    ledger.objective(4).backward()  # type: ignore[no-untyped-call]
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.parametrize("timesteps", [1, 3])
def test_the_bound_as_objective_is_differentiable(timesteps: int) -> None:
    model, family = digits_model()
    estimator = Denoising(timesteps=timesteps, objective=Part(Bound))
    ledger = estimator.estimate(model, family, digits_batch(), generator=seeded())
    assert ledger.surrogate is None
    ledger.objective(4).backward()  # type: ignore[no-untyped-call]
    weight = model.network.last.weight  # type: ignore[union-attr]
    gradient = weight.grad[0, 0, 1, 1].item()  # type: ignore[index, union-attr]
    values = []
    for shift in (1e-6, -1e-6):
        with torch.no_grad():
            weight[0, 0, 1, 1] += shift  # type: ignore[index, operator]
            values.append(estimator.estimate(model, family, digits_batch(), generator=seeded()).objective(4).item())
            weight[0, 0, 1, 1] -= shift  # type: ignore[index, operator]
    assert gradient == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-4)


def test_one_pass_through_the_network_a_timestep() -> None:
    for timesteps, calls in ((1, 1), (2, 2), (T, T)):
        model, family = oracle_model(ORACLE)
        Denoising(timesteps=timesteps).estimate(model, family, repeated(X_0.tolist(), 3), generator=seeded())
        assert len(model.network.calls) == calls  # type: ignore[union-attr, arg-type]


def test_more_timesteps_than_the_model_has_are_refused() -> None:
    model, family = oracle_model(ORACLE)
    with pytest.raises(IncompatibleError, match=f"at most model.timesteps = {T}, got {T + 1}"):
        Denoising(timesteps=T + 1).estimate(model, family, repeated(X_0.tolist(), 3), generator=seeded())


@pytest.mark.parametrize("timesteps", [1, 3])
def test_in_evaluation_the_examples_of_a_batch_have_independent_noise(timesteps: int) -> None:
    model, family = digits_model(dropout=0.0)
    model.eval()
    batch, generator = digits_batch(), seeded()
    with torch.no_grad():
        ledgers = [
            Denoising(timesteps=timesteps).estimate(model, family, batch, generator=generator) for _ in range(1500)
        ]
    values = torch.stack([ledger.per_example() for ledger in ledgers])
    assert values.sum(1).var().item() == pytest.approx(values.var(0).sum().item(), rel=0.2)


def test_one_step_chains_have_a_bound() -> None:
    with pytest.warns(match="should end in noise"):
        model, family = oracle_model(Oracle(betas=np.array([0.6])))
    ledger = Denoising(timesteps=1).estimate(model, family, repeated([0.1], 3), generator=seeded())
    assert not ledger["L_{t-1}"].any()
    assert torch.isfinite(ledger.per_example()).all()


def test_the_generator_decides_and_the_global_one_stays() -> None:
    model, family = digits_model(dropout=0.3)
    before = torch.get_rng_state()
    first, second, other = (
        Denoising().estimate(model, family, digits_batch(), generator=seeded(seed)).objective(4).item()
        for seed in (1, 1, 2)
    )
    assert first == second != other
    assert torch.equal(torch.get_rng_state(), before)


def test_dropout_is_for_training_only() -> None:
    batch = digits_batch()
    objectives = []
    for dropout in (0.0, 0.5):
        model, family = digits_model(dropout=dropout)
        for mode in (True, False):
            model.train(mode)
            objectives.append(
                Denoising(timesteps=2).estimate(model, family, batch, generator=seeded()).objective(4).item()
            )
    assert objectives[0] == objectives[1] == objectives[3] != objectives[2]
