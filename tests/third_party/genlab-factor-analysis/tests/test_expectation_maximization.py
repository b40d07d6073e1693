import pytest
import torch
from building import Build
from genlab.data import TensorSplit
from genlab.interfaces import Splits
from genlab.testing import InMemoryTraining, cpu
from sklearn.decomposition import FactorAnalysis as Peer
from torch import Tensor

from genlab_factor_analysis.exact_gaussian import ExactGaussian
from genlab_factor_analysis.expectation_maximization import ExpectationMaximization
from genlab_factor_analysis.family import LinearGaussianFamily
from genlab_factor_analysis.mean_field_gaussian import MeanFieldGaussian
from genlab_factor_analysis.model import FactorAnalysis
from genlab_factor_analysis.simulated_factors import SimulatedFactors

pytestmark = pytest.mark.usefixtures("float64")

FAMILIES = pytest.mark.parametrize("family", [ExactGaussian, MeanFieldGaussian])


@pytest.fixture
def rows(splits: Splits, generator: torch.Generator) -> Tensor:
    return next(iter(splits.train.batches([torch.arange(len(splits.train))], generator))).x


def rule(
    model: FactorAnalysis, family: type[LinearGaussianFamily] = ExactGaussian, tolerance: float = 0.0
) -> ExpectationMaximization:
    return ExpectationMaximization(model, family(model), cpu(), tolerance=tolerance)


def bounds(update: ExpectationMaximization, data: InMemoryTraining, steps: int) -> Tensor:
    ledgers = [update.step(data, generator=torch.Generator()) for _ in range(steps)]
    return torch.stack([ledger.elbo(data.num_data) for ledger in ledgers])


@FAMILIES
@pytest.mark.parametrize("seed", range(4))
def test_no_step_lowers_the_bound(
    build: Build, data: InMemoryTraining, seed: int, family: type[LinearGaussianFamily]
) -> None:
    found = bounds(rule(build(seed), family), data, 60)
    assert found.diff().min() > -1e-9 * found[-1].abs()
    assert found.diff()[0] > 1


def test_the_bound_of_a_step_is_the_evidence_of_the_data(build: Build, data: InMemoryTraining, rows: Tensor) -> None:
    model = build()
    update = rule(model)
    update.step(data, generator=torch.Generator())
    evidence = model.log_evidence(rows).sum().item()
    assert update.step(data, generator=torch.Generator()).elbo(len(rows)).item() == pytest.approx(evidence, rel=1e-12)


def test_the_optimum_is_that_of_scikit_learn(splits: Splits, data: InMemoryTraining, rows: Tensor) -> None:
    peer = Peer(n_components=2, tol=1e-10, max_iter=5000, svd_method="lapack").fit(rows.numpy())
    model = FactorAnalysis(splits, factors=2)
    found = bounds(rule(model), data, 400)
    assert found[-1].item() == pytest.approx(peer.score(rows.numpy()) * len(rows), rel=1e-7)
    covariance = model.loadings @ model.loadings.T + model.noise_var().diag()
    assert covariance.detach().numpy() == pytest.approx(peer.get_covariance(), abs=1e-3)


def test_the_parameters_are_at_a_maximum_of_the_evidence(splits: Splits, data: InMemoryTraining, rows: Tensor) -> None:
    model = FactorAnalysis(splits, factors=2)
    bounds(rule(model), data, 1500)
    gradients = torch.autograd.grad(model.log_evidence(rows).mean(), list(model.parameters()))
    assert max(gradient.abs().max().item() for gradient in gradients) < 1e-6


def test_gradient_steps_reach_the_same_optimum(
    build: Build, splits: Splits, data: InMemoryTraining, rows: Tensor
) -> None:
    by_steps = bounds(rule(FactorAnalysis(splits, factors=2)), data, 500)[-1].item()
    model = build(seed=5, factors=2)
    search = {"max_iter": 500, "tolerance_change": 1e-12, "line_search_fn": "strong_wolfe"}
    optimizer = torch.optim.LBFGS(model.parameters(), **search)

    def closure() -> Tensor:
        optimizer.zero_grad()
        objective = -model.log_evidence(rows).mean()
        objective.backward()
        return objective

    optimizer.step(closure)
    assert model.log_evidence(rows).sum().item() == pytest.approx(by_steps, abs=1e-3)


def test_the_mean_field_reaches_the_same_evidence_in_principal_axes(splits: Splits, data: InMemoryTraining) -> None:
    exact = bounds(rule(FactorAnalysis(splits, factors=2)), data, 800)[-1]
    model = FactorAnalysis(splits, factors=2)
    independent = bounds(rule(model, MeanFieldGaussian), data, 3000)[-1]
    precision = model.posterior_precision()
    assert independent.item() == pytest.approx(exact.item(), rel=1e-6)
    assert (precision - precision.diagonal().diag()).abs().max() < 1e-2 * precision.diagonal().min()


def test_the_covariance_of_the_data_is_recovered() -> None:
    splits = SimulatedFactors(observations=40_000, columns=6, factors=2, split=(1.0, 0.0, 0.0)).load()
    model = FactorAnalysis(splits, factors=2)
    bounds(rule(model), InMemoryTraining(splits.train, batch_size=150), 200)
    loadings, noise_scale = (torch.tensor(splits.truth[name]) for name in ("loadings", "noise_scale"))
    truth = loadings @ loadings.T + noise_scale.square().diag()
    found = model.loadings @ model.loadings.T + model.noise_var().diag()
    # The error of an entry of a sample covariance is at most sqrt(2 v_i v_j / n).
    error = (2 * torch.outer(truth.diagonal(), truth.diagonal()) / 40_000).sqrt()
    assert ((found - truth).abs() < 4 * error).all()


def test_it_stops_where_a_step_gains_less_than_the_tolerance(splits: Splits, data: InMemoryTraining) -> None:
    update = rule(FactorAnalysis(splits, factors=2), tolerance=1e-4)
    found = []
    while update.stop_reason is None:
        found.append(update.step(data, generator=torch.Generator()).per_example()[0].item())
    gains = torch.tensor(found).diff()
    assert update.stop_reason == "a step raised the bound by less than 0.0001 nats per observation"
    assert gains[-1] < 1e-4
    assert (gains[:-1] >= 1e-4).all()


def test_the_data_are_read_once_and_again_where_they_are_others(splits: Splits, data: InMemoryTraining) -> None:
    update, others = rule(FactorAnalysis(splits, factors=2)), InMemoryTraining(splits.train, batch_size=150)
    bounds(update, data, 3)
    assert data.num_sweeps == 1
    bounds(update, others, 2)
    assert (data.num_sweeps, others.num_sweeps) == (1, 1)


def test_a_resumed_rule_goes_on_with_the_same_bits(splits: Splits, data: InMemoryTraining) -> None:
    one, other = FactorAnalysis(splits, factors=2), FactorAnalysis(splits, factors=2)
    whole = rule(one, tolerance=1e-6)
    bounds(whole, data, 10)
    first = rule(other, tolerance=1e-6)
    bounds(first, data, 4)
    second = rule(other, tolerance=1e-6)
    second.load_state_dict(first.state_dict())
    bounds(second, InMemoryTraining(splits.train, batch_size=150), 6)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    assert torch.equal(whole.state_dict()["bound"], second.state_dict()["bound"])


def test_a_column_without_noise_stays_at_the_smallest_and_the_bound_still_rises(rows: Tensor, splits: Splits) -> None:
    rows = rows.clone()
    rows[:, 1] = 2 * rows[:, 0]
    constant = TensorSplit(rows, dtype=torch.float64)
    doubled = Splits(splits.spec, constant, constant, constant)
    model = FactorAnalysis(doubled, factors=2, min_noise_scale=0.05)
    found = bounds(rule(model), InMemoryTraining(doubled.train), 300)
    assert found.diff().min() > -1e-9 * found[-1].abs()
    assert model.noise_var()[:2].min().item() == pytest.approx(0.05**2, rel=1e-4)
