import numpy as np
import pytest
import torch
from genlab_mixture.sampler import PosteriorPredictive
from mixture_by_hand import build, example
from mixture_learned_by_hand import KINDS, full_example, learned_example
from scipy.stats import kstest, spearmanr, t


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


@pytest.mark.parametrize("kind", [learned_example, full_example])
def test_draws_under_learned_noise_follow_a_student_in_every_direction(kind):
    mixture = kind(num_dims=2, num_components=1)
    model, family, _ = build(mixture)
    draws = PosteriorPredictive(family).draw(model, 5_000, generator=torch.Generator().manual_seed(0))
    law = family.factors().components
    degrees, scale = 2 * law.shape[0].detach().expand(2), law.predictive_scale[0].detach()
    for d in range(2):
        student = t(degrees[d].item(), mixture.m[0, d], scale[d, d].sqrt().item())
        assert kstest(draws.x[:, d].numpy(), student.cdf).pvalue > 1e-4
    correlation = spearmanr(*draws.x.T.numpy()).statistic
    expected = 6 / np.pi * np.arcsin((scale[0, 1] / (scale[0, 0] * scale[1, 1]).sqrt()).item() / 2)
    assert correlation == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize("kind", KINDS)
def test_draws_come_from_the_generator_alone(kind):
    model, family, _ = build(kind())
    sampler = PosteriorPredictive(family)
    first, second = (sampler.draw(model, 9, generator=torch.Generator().manual_seed(4)).x for _ in range(2))
    assert torch.equal(first, second)
    assert first.shape == (9, 1)
