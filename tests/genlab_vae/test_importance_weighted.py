import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from genlab_vae import importance_weighted
from genlab_vae.family import DiagonalGaussianPosterior
from genlab_vae.importance_weighted import ImportanceWeighted
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


def test_more_weights_raise_the_bound_towards_the_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    oracle = LinearGaussian.random(1)
    x = oracle.data(2, num_data=1)
    noise = torch.randn(50, 1000, 2, generator=torch.Generator().manual_seed(0)).double()

    def bound(samples: int) -> Tensor:
        """Return the mean over groups of the same 50 draws, `samples` in each, for 1,000 times 50 draws."""
        grouped = noise.reshape(50 // samples, samples, 1000, 2).transpose(0, 1).reshape(samples, -1, 2)
        monkeypatch.setattr(
            DiagonalGaussianPosterior, "sample", lambda self, num_samples, *, generator: self.at(grouped)
        )
        monkeypatch.setattr(importance_weighted, "_NUMBERS_AT_ONCE", {"cpu": 2**40})
        return values(oracle, x.expand(grouped.shape[1], -1), samples).reshape(-1, 1000).mean(0)

    one, five, fifty = (bound(samples) for samples in (1, 5, 50))
    # The logarithm is concave, so the order holds for each 50 draws, and not only on average.
    assert (one < five).all()
    assert (five < fifty).all()
    slack = float(oracle.log_evidence(x)[0]) - fifty
    assert float(slack.mean()) > 3 * float(slack.std()) / math.sqrt(1000)


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


@pytest.mark.parametrize("at_once", [1, 3, 30, 46, 1000])
def test_evaluation_in_pieces_equals_evaluation_at_once(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    oracle = LinearGaussian.random(1)
    x = oracle.data(2, num_data=4)
    model, family = oracle.build()
    place = {}

    # Draw i of an observation is a function of i and of the observation, so it does not matter which go together.
    def draw(self: DiagonalGaussianPosterior, num_samples: int, *, generator: torch.Generator) -> Tensor:
        keys = [tuple(row.tolist()) for row in self.mean]
        starts = [place.get(key, 0) for key in keys]
        place.update({key: start + num_samples for key, start in zip(keys, starts, strict=True)})
        numbers = torch.tensor(starts)[None, :, None] + torch.arange(num_samples)[:, None, None]
        return torch.sin(numbers.double()).expand(-1, -1, 2) + self.mean

    monkeypatch.setattr(DiagonalGaussianPosterior, "sample", draw)
    monkeypatch.setattr(importance_weighted, "_NUMBERS_AT_ONCE", {"cpu": at_once * x[0].numel()})
    with torch.no_grad():
        ledger = ImportanceWeighted(samples=23).estimate(model, family, Batch(x, 4), generator=torch.Generator())
        posterior = family.posterior(x)
        place.clear()
        z = posterior.sample(23, generator=torch.Generator())
        weights = torch.exp(sum(model.log_joint(x, z).values()) - posterior.log_prob(z)["entropy"])
    torch.testing.assert_close(ledger["log_mean_weight"], weights.mean(0).log())
    effective = weights.sum(0).square() / weights.square().sum(0)
    torch.testing.assert_close(ledger.measures["effective_sample_size_iw23"], effective)


def test_memory_does_not_grow_with_the_number_of_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    oracle = LinearGaussian.random(1)
    x, sizes = oracle.data(2, num_data=4), []
    model, family = oracle.build()
    decode = model.decoder.forward
    monkeypatch.setattr(model.decoder, "forward", lambda z: sizes.append(len(z)) or decode(z))
    monkeypatch.setattr(importance_weighted, "_NUMBERS_AT_ONCE", {"cpu": 25 * x[0].numel()})
    for samples, expected in ((10, [20, 20]), (40, [25, 15] * 4)):
        sizes.clear()
        with torch.no_grad():
            ImportanceWeighted(samples=samples).estimate(model, family, Batch(x, 4), generator=torch.Generator())
        assert sizes == expected


def test_the_effective_sample_size_is_the_number_of_weights_at_the_exact_posterior_and_less_elsewhere() -> None:
    optimal = LinearGaussian.optimal(3)
    for oracle, is_exact in ((optimal, True), (replace(optimal, log_var=optimal.log_var - 1), False)):
        model, family = oracle.build()
        batch = Batch(oracle.data(4), 10)
        for graded in (True, False):
            with torch.set_grad_enabled(graded):
                ledger = ImportanceWeighted(samples=8).estimate(
                    model, family, batch, generator=torch.Generator().manual_seed(0)
                )
            effective = ledger.measures["effective_sample_size_iw8"]
            assert not effective.requires_grad
            assert torch.allclose(effective, torch.full_like(effective, 8.0)) == is_exact
            assert bool(((effective > 0.99) & (effective < 8.01)).all())


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
