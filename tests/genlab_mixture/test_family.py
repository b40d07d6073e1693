from dataclasses import replace

import numpy as np
import pytest
import torch
from genlab_mixture.family import MeanField
from genlab_mixture.known_noise import KnownNoise
from genlab_mixture.model import GaussianMixture
from mixture_by_hand import build, example, fresh, in_memory
from scipy.stats import dirichlet, norm

from genlab.interfaces import Part


def test_log_prob_equals_scipy():
    mixture = example(num_data=5, num_dims=2)
    _, family, x = build(mixture)
    posterior = family.posterior(x)
    z = posterior.sample(3, generator=torch.Generator().manual_seed(0))
    log_q = posterior.log_prob(z)
    log_phi = mixture.log_phi()
    for s in range(3):
        rows = [log_phi[i, z.assignments[s, i]] for i in range(5)]
        np.testing.assert_allclose(log_q["assignment_entropy"][s].detach(), rows, rtol=1e-10)
        weights = z.weights[s].numpy()
        expected = dirichlet(mixture.a).logpdf(weights / weights.sum())
        assert log_q["weight_entropy"][s].item() == pytest.approx(expected, rel=1e-8)
        expected = norm(mixture.m, np.sqrt(mixture.v)).logpdf(z.means[s].numpy()).sum()
        assert log_q["mean_entropy"][s].item() == pytest.approx(expected, rel=1e-10)


def test_draws_have_the_moments_of_the_posterior():
    mixture = example(num_data=4, num_dims=2)
    _, family, x = build(mixture)
    num_draws = 40_000
    z = family.posterior(x).sample(num_draws, generator=torch.Generator().manual_seed(1))
    phi = torch.tensor(np.exp(mixture.log_phi()))
    share = torch.stack([(z.assignments == k).double().mean(0) for k in range(3)], 1)
    assert bool(((share - phi).abs() <= 5 * (phi * (1 - phi) / num_draws).sqrt() + 1e-12).all())
    law = dirichlet(mixture.a)
    np.testing.assert_allclose(z.weights.mean(0), law.mean(), atol=5 * np.sqrt(law.var().max() / num_draws))
    np.testing.assert_allclose(z.weights.var(0), law.var(), rtol=0.05)
    np.testing.assert_allclose(z.means.mean(0), mixture.m, atol=5 * np.sqrt(mixture.v.max() / num_draws))
    np.testing.assert_allclose(z.means.var(0), mixture.v, rtol=0.05)


def test_draws_come_from_the_generator_alone():
    _, family, x = build(example(num_data=4))
    first, second = (family.posterior(x).sample(5, generator=torch.Generator().manual_seed(2)) for _ in range(2))
    assert torch.equal(first.assignments, second.assignments)
    assert torch.equal(first.log_weights, second.log_weights)
    assert torch.equal(first.means, second.means)


def test_weights_of_a_tiny_concentration_stay_finite_in_logs():
    _, family, x = build(example(num_data=4))
    with torch.no_grad():
        family.log_concentration.fill_(np.log(1e-5))
    z = family.posterior(x).sample(200, generator=torch.Generator().manual_seed(0))
    assert bool(torch.isfinite(z.log_weights).all())
    assert float(z.log_weights.min()) < -1e4


@pytest.mark.parametrize("init", ["k-means++", "quantiles"])
def test_separated_groups_each_get_a_mean(init):
    torch.manual_seed(0)
    centers = torch.tensor([[-50.0, 3.0], [0.0, 0.0], [60.0, 5.0]])
    x = centers.repeat(100, 1) + torch.randn(300, 2, generator=torch.Generator().manual_seed(0))
    splits = in_memory(x)
    model = GaussianMixture(splits.spec, components=3, mean_scale=50.0, noise=Part(KnownNoise, {"scale": 1.0}))
    mean = MeanField(model, splits, init=init).factors().components.mean.detach()
    order = mean[:, 0].argsort()
    assert (mean[order] - centers).abs().max().item() < 5


def test_a_rare_observation_far_away_gets_a_mean_of_its_own():
    torch.manual_seed(0)
    x = torch.cat([torch.randn(3_000, 1, generator=torch.Generator().manual_seed(0)), torch.tensor([[1e4]])])
    splits = in_memory(x)
    model = GaussianMixture(splits.spec, components=2, mean_scale=50.0, noise=Part(KnownNoise, {"scale": 1.0}))
    assert MeanField(model, splits, init="k-means++").factors().components.mean.max().item() == 1e4


def test_the_start_is_the_same_under_the_same_seed():
    mixture = example(num_data=200)
    means = []
    for _ in range(2):
        torch.manual_seed(5)
        means.append(fresh(mixture.x, mixture, "k-means++")[1].factors().components.mean.detach())
    assert torch.equal(means[0], means[1])


def test_the_start_reads_a_bounded_number_of_observations():
    read = []
    splits = in_memory(torch.randn(20_000, 1, generator=torch.Generator().manual_seed(0)))
    rows = splits.train
    original = rows.batches
    rows.batches = lambda indices, generator: original([read.append(len(i)) or i for i in indices], generator)
    model = GaussianMixture(splits.spec, components=2, mean_scale=1.0, noise=Part(KnownNoise, {"scale": 1.0}))
    MeanField(model, splits)
    assert read == [16_384]


def test_the_state_of_a_family_goes_round():
    mixture = example()
    _, family, x = build(mixture)
    _, other = fresh(mixture.x, mixture)
    other.load_state_dict(family.state_dict())
    assert torch.equal(other.posterior(x).log_phi, family.posterior(x).log_phi)
    assert set(family.state_dict()) == {"log_concentration", "components.mean", "components.var"}


@pytest.mark.parametrize(("extra", "said"), [(0.9, "1 of 3 components hold less than one observation"), (1.1, "")])
def test_components_that_hold_less_than_one_observation_are_remarked(extra, said):
    mixture = example()
    model, family, _ = build(replace(mixture, a=np.add(mixture.alpha, [5.0, extra, 20.0])))
    assert "".join(model.diagnose(family, (), generator=torch.Generator()).remarks) == said
