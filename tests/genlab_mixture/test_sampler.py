import numpy as np
import torch
from genlab_mixture.sampler import PosteriorPredictive
from mixture_by_hand import build, example


def test_draws_have_the_moments_of_the_predictive_distribution():
    mixture = example(num_dims=2)
    model, family, _ = build(mixture)
    num_draws = 60_000
    draws = PosteriorPredictive(family).draw(model, num_draws, generator=torch.Generator().manual_seed(0))
    weights = mixture.a / mixture.a.sum()
    mean = weights @ mixture.m
    second = weights @ (mixture.m**2 + mixture.v + mixture.sigma**2)
    var = second - mean**2
    np.testing.assert_allclose(draws.x.mean(0), mean, atol=5 * np.sqrt(var.max() / num_draws))
    np.testing.assert_allclose(draws.x.var(0), var, rtol=0.03)
    assert draws.trajectory is None


def test_draws_come_from_the_generator_alone():
    model, family, _ = build(example())
    sampler = PosteriorPredictive(family)
    first, second = (sampler.draw(model, 9, generator=torch.Generator().manual_seed(4)).x for _ in range(2))
    assert torch.equal(first, second)
    assert first.shape == (9, 1)
