import pytest
import torch
from genlab.errors import DataError, IncompatibleError
from scipy.stats import multivariate_normal

from genlab_factor_analysis.simulated_factors import SimulatedFactors

pytestmark = pytest.mark.usefixtures("float64")


def test_the_truth_is_that_of_the_data() -> None:
    splits = SimulatedFactors(observations=50_000, columns=4, factors=2, split=(1.0, 0.0, 0.0)).load()
    truth = {name: torch.tensor(value) for name, value in splits.truth.items()}
    covariance = truth["loadings"] @ truth["loadings"].T + truth["noise_scale"].square().diag()
    x = next(iter(splits.train.batches([torch.arange(50_000)], torch.Generator()))).x
    log_evidence = multivariate_normal(truth["loc"].numpy(), covariance.numpy()).logpdf(x.numpy())
    # log p(x) varies by D / 2 over x
    assert log_evidence.mean() == pytest.approx(splits.truth["log_evidence_nats"], abs=5 * (2 / 50_000) ** 0.5)


def test_the_scales_are_those_asked_for() -> None:
    keys = {"observations": 10, "columns": 400, "factors": 50}
    truth = SimulatedFactors(**keys, loading_scale=0.5, loc_scale=3.0, noise_scales=(0.1, 0.2)).load().truth
    assert torch.tensor(truth["loadings"]).std().item() == pytest.approx(0.5, rel=0.05)
    assert torch.tensor(truth["loc"]).std().item() == pytest.approx(3.0, rel=0.2)
    assert 0.1 <= min(truth["noise_scale"]) < 0.11
    assert 0.19 < max(truth["noise_scale"]) <= 0.2


def test_the_parts_are_disjoint_and_hold_everything() -> None:
    splits = SimulatedFactors(observations=101, columns=2, factors=1, split=(0.7, 0.2, 0.1)).load()
    parts = [
        next(iter(splits[name].batches([torch.arange(len(splits[name]))], torch.Generator()))).x
        for name in ("train", "validation", "test")
    ]
    assert [len(part) for part in parts] == [70, 20, 11]
    assert len(torch.cat(parts).unique(dim=0)) == 101


def test_the_seed_fixes_the_data() -> None:
    def first(seed: int) -> torch.Tensor:
        train = SimulatedFactors(data_seed=seed).load().train
        return next(iter(train.batches([torch.tensor([0])], torch.Generator()))).x

    assert torch.equal(first(1), first(1))
    assert not torch.equal(first(1), first(2))


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(IncompatibleError, match=r"data.split must be three fractions .* got \[0.5, 0.1, 0.1\]"):
        SimulatedFactors(split=(0.5, 0.1, 0.1))
    with pytest.raises(IncompatibleError, match=r"data.noise_scales must not fall, got \[2.0, 1.0\]"):
        SimulatedFactors(noise_scales=(2.0, 1.0))
    with pytest.raises(DataError, match=r"must leave at least one training example, got 0\.1 of 5"):
        SimulatedFactors(observations=5, split=(0.1, 0.1, 0.8)).load()
