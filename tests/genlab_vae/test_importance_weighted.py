import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from genlab_vae import importance_weighted
from genlab_vae.importance_weighted import ImportanceWeighted, log_sum_exp
from linear_gaussian_vae import LinearGaussian
from torch import Tensor

from genlab.interfaces import Batch
from genlab.parts.elbo.trace import Trace


def values(oracle: LinearGaussian, x: Tensor, samples: int, seed: int = 0) -> Tensor:
    model, family = oracle.build()
    with torch.no_grad():
        ledger = ImportanceWeighted(samples=samples).estimate(
            model, family, Batch(x, len(x)), generator=torch.Generator().manual_seed(seed)
        )
    return ledger["log_mean_weight"]


def test_more_weights_raise_the_bound_towards_the_evidence() -> None:
    oracle = LinearGaussian.random(1)
    x = oracle.data(2, num_data=1).expand(4000, -1)
    evidence = float(oracle.log_evidence(x[:1])[0])
    bounds = [values(oracle, x, samples, seed) for seed, samples in enumerate((1, 5, 50))]
    means = [float(bound.mean()) for bound in bounds]
    errors = [float(bound.std()) / math.sqrt(len(x)) for bound in bounds]
    assert means[0] + 3 * errors[0] < means[1] - 3 * errors[1]
    assert means[1] + 3 * errors[1] < means[2] - 3 * errors[2]
    assert means[2] - 3 * errors[2] < evidence


def test_thousands_of_weights_give_the_evidence() -> None:
    optimal = LinearGaussian.optimal(1)
    oracle = replace(optimal, encoder_bias=optimal.encoder_bias + 0.1, log_var=optimal.log_var + 0.5)
    x = oracle.data(2, num_data=5)
    assert (oracle.gap(x) > 0.05).all()
    np.testing.assert_allclose(values(oracle, x, 5000), oracle.log_evidence(x), atol=0.04)


def test_at_the_exact_posterior_one_weight_is_the_evidence() -> None:
    oracle = LinearGaussian.optimal(3)
    x = oracle.data(4)
    np.testing.assert_allclose(values(oracle, x, 1), oracle.log_evidence(x), rtol=1e-10)


def test_one_weight_is_the_generic_estimate() -> None:
    oracle = LinearGaussian.random(1)
    x = oracle.data(2)
    model, family = oracle.build()
    trace = Trace().estimate(model, family, Batch(x, len(x)), generator=torch.Generator().manual_seed(0))
    assert torch.allclose(values(oracle, x, 1), trace.per_example())


@pytest.mark.parametrize("chunk", [1, 3, 7, 100])
def test_chunks_together_are_the_whole(chunk: int) -> None:
    log_weights = 50 * torch.randn(40, 6, generator=torch.Generator().manual_seed(0)).double()
    assert torch.allclose(log_sum_exp(iter(log_weights.split(chunk))), torch.logsumexp(log_weights, 0))


def test_evaluation_in_chunks_equals_evaluation_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    oracle = LinearGaussian.random(1)
    x = oracle.data(2, num_data=4)
    # Counting draws: each one is its own number, so it does not matter how many are drawn together.
    counter = iter(range(10**6))

    def draw(self: object, num_samples: int, *, generator: torch.Generator) -> Tensor:
        numbers = torch.tensor([next(counter) for _ in range(num_samples)]).double()
        return torch.sin(numbers)[:, None, None].expand(-1, 4, 2)

    monkeypatch.setattr("genlab_vae.family.DiagonalGaussianPosterior.sample", draw)
    whole = values(oracle, x, 23)
    counter = iter(range(10**6))
    monkeypatch.setattr(importance_weighted, "_CHUNK_NUMBERS", {"cpu": 5 * x.numel()})
    assert torch.allclose(values(oracle, x, 23), whole)


def test_memory_does_not_grow_with_the_number_of_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    oracle = LinearGaussian.random(1)
    x, sizes = oracle.data(2, num_data=4), []
    model, family = oracle.build()
    decode = model.decoder.forward
    monkeypatch.setattr(model.decoder, "forward", lambda z: sizes.append(len(z)) or decode(z))
    monkeypatch.setattr(importance_weighted, "_CHUNK_NUMBERS", {"cpu": 3 * x.numel()})
    with torch.no_grad():
        ImportanceWeighted(samples=10).estimate(model, family, Batch(x, 4), generator=torch.Generator())
    assert sizes == [12, 12, 12, 4]


def test_training_takes_the_gradient_of_all_weights_together() -> None:
    oracle = LinearGaussian.random(1)
    x = oracle.data(2, num_data=3)
    model, family = oracle.build()

    def objective() -> Tensor:
        generator = torch.Generator().manual_seed(3)
        return ImportanceWeighted(samples=4).estimate(model, family, Batch(x, 3), generator=generator).objective(3)

    parameters = [*model.decoder.parameters(), *family.parameters()]
    gradients = torch.autograd.grad(objective(), parameters)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        direction = torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0)).double()
        with torch.no_grad():
            parameter.add_(direction, alpha=1e-5)
            above = objective()
            parameter.add_(direction, alpha=-2e-5)
            below = objective()
            parameter.add_(direction, alpha=1e-5)
        assert math.isclose(float(above - below) / 2e-5, float((gradient * direction).sum()), rel_tol=1e-6)


def test_the_bounds_name_tells_how_many_weights() -> None:
    estimator = ImportanceWeighted(samples=5000)
    assert estimator.bound_name == "log_evidence_iw5000"
    assert estimator.protocol == "importance-weighted, 5000 weights an example"


def test_the_generator_alone_decides_the_estimate() -> None:
    oracle, before = LinearGaussian.random(1), torch.get_rng_state()
    x = oracle.data(2)
    assert torch.equal(values(oracle, x, 5, seed=1), values(oracle, x, 5, seed=1))
    assert not torch.equal(values(oracle, x, 5, seed=1), values(oracle, x, 5, seed=2))
    assert torch.equal(torch.get_rng_state(), before)
