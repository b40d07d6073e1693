import math

import numpy as np
import pytest
import torch
from genlab_vae import annealed_importance
from genlab_vae.annealed_importance import AnnealedImportanceSampling
from genlab_vae.hamiltonian import move
from linear_gaussian_vae import LinearGaussian
from scipy.stats import multivariate_normal
from torch import Tensor

from genlab.errors import IncompatibleError
from genlab.interfaces import Batch
from genlab.ledger import Ledger


def estimate(oracle: LinearGaussian, x: Tensor, seed: int = 0, **keys: int) -> Ledger:
    model, family = oracle.build()
    generator = torch.Generator().manual_seed(seed)
    return AnnealedImportanceSampling(**keys).estimate(model.eval(), family, Batch(x, len(x)), generator=generator)


def test_many_temperatures_give_the_evidence() -> None:
    oracle = LinearGaussian.random(1)
    x = oracle.data(2, num_data=5)
    ledger = estimate(oracle, x, chains=64, steps=100, leapfrog_steps=5)
    np.testing.assert_allclose(ledger["log_mean_weight"], oracle.log_evidence(x), atol=0.2)
    effective = ledger.measures["effective_sample_size_ais64x100"]
    assert bool(((effective > 16) & (effective <= 64)).all())


@pytest.mark.parametrize("steps", [1, 2, 6])
def test_the_mean_weight_is_the_evidence_with_few_temperatures_too(steps: int) -> None:
    oracle = LinearGaussian.random(5, num_dims=2, latent_dim=1)
    x = oracle.data(2, num_data=1)
    ledger = estimate(oracle, x.expand(20_000, -1), chains=2, steps=steps, leapfrog_steps=2)
    ratios = torch.exp(ledger["log_mean_weight"] - float(oracle.log_evidence(x)[0]))
    error = float(ratios.std()) / math.sqrt(len(ratios))
    assert error < 0.02
    assert abs(float(ratios.mean()) - 1) < 4 * error


def test_it_is_below_the_evidence_on_average() -> None:
    oracle = LinearGaussian.random(5)
    x = oracle.data(2, num_data=1)
    values = estimate(oracle, x.expand(500, -1), chains=1, steps=5, leapfrog_steps=2)["log_mean_weight"]
    assert float(values.mean()) + 4 * float(values.std()) / math.sqrt(500) < float(oracle.log_evidence(x)[0])


def test_the_encoder_has_no_say() -> None:
    right, wrong = LinearGaussian.optimal(3), LinearGaussian.random(4)
    wrong = LinearGaussian(
        right.weight, right.bias, right.scale, wrong.encoder_weight, wrong.encoder_bias, right.log_var
    )
    values = [estimate(one, right.data(4), chains=2, steps=3)["log_mean_weight"] for one in (right, wrong)]
    assert torch.equal(*values)


def test_observations_in_pieces_are_estimated_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    oracle = LinearGaussian.random(1)
    x = oracle.data(2, num_data=5)
    monkeypatch.setattr(annealed_importance, "_NUMBERS_AT_ONCE", {"cpu": 2 * 64 * x[0].numel()})
    values = estimate(oracle, x, chains=64, steps=100, leapfrog_steps=5)["log_mean_weight"]
    np.testing.assert_allclose(values, oracle.log_evidence(x), atol=0.2)


def test_a_move_leaves_its_density_as_it_is_and_forgets_where_it_began() -> None:
    covariance = np.array([[1.0, 0.6], [0.6, 0.5]])
    precision = torch.from_numpy(np.linalg.inv(covariance))
    draws = multivariate_normal([0, 0], covariance).rvs(40_000, random_state=np.random.default_rng(0))
    z = torch.from_numpy(draws)[:, None]
    generator = torch.Generator().manual_seed(0)
    size = torch.full((1,), 0.45, dtype=torch.float64)
    moved, accepted = move(
        z, lambda z: -0.5 * torch.einsum("sbi,ij,sbj->sb", z, precision, z), size, 3, generator=generator
    )
    assert 0.5 < float(accepted.mean()) < 0.99  # or the acceptance would not be tested
    np.testing.assert_allclose(np.cov(moved[:, 0].numpy().T), covariance, atol=0.02)
    assert abs(float(torch.corrcoef(torch.stack([z[:, 0, 0], moved[:, 0, 0]]))[0, 1])) < 0.8


def test_the_numbers_name_carries_chains_and_temperatures() -> None:
    estimator = AnnealedImportanceSampling(chains=4, steps=30)
    assert estimator.bound_name == "log_evidence_ais4x30"
    assert estimator.protocol == "annealed importance sampling, 4 chains of 30 temperatures, 10 leapfrog steps a move"


def test_it_is_refused_in_training() -> None:
    model, family = LinearGaussian.random(1).build()
    with pytest.raises(IncompatibleError, match="is for evaluation"):
        AnnealedImportanceSampling().estimate(
            model.train(), family, Batch(LinearGaussian.random(1).data(2), 10), generator=torch.Generator()
        )
