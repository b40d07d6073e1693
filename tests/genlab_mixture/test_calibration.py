"""Simulation-based calibration: where truth is drawn from the prior, its rank among posterior draws is uniform.

Reference: Talts et al. 2018, algorithm 1.
"""

import numpy as np
import pytest
import torch
from genlab_mixture.coordinate_ascent import CoordinateAscent
from genlab_mixture.family import MeanField
from genlab_mixture.full_noise import FullNoise
from genlab_mixture.known_noise import KnownNoise
from genlab_mixture.learned_noise import LearnedNoise
from genlab_mixture.model import GaussianMixture
from mixture_by_hand import HERE, InOrder, in_memory
from scipy import stats

from genlab.interfaces import DataSpec, Part

DRAWS = 99
NOISES = [
    Part(KnownNoise, {"scale": 0.8}),
    Part(LearnedNoise, {"scale": 0.8, "shape": 2.0}),
    Part(FullNoise, {"scale": 0.8}),
]


def model_of(noise, num_components, num_data, num_dims, **keys):
    spec = DataSpec("simulated", (num_dims,), num_data)
    return GaussianMixture(spec, components=num_components, mean_loc=1.0, mean_scale=2.0, noise=noise, **keys).double()


def simulated(model, num_data, generator):
    """Return truth drawn from the prior, and data drawn from the truth."""
    prior = model.prior()
    truth = prior.components.draw(1, generator=generator)
    weights = torch._sample_dirichlet(prior.concentration, generator=generator)
    z = torch.multinomial(weights, num_data, replacement=True, generator=generator)
    x = torch.stack([truth.sample(generator=generator)[0, k] for k in z])
    return truth, x


def fitted(model, x, steps):
    family = MeanField(model, in_memory(x), init="quantiles").double()
    update = CoordinateAscent(model, family, HERE, tolerance=1e-6)
    for _ in range(steps):
        update.step(InOrder(x), generator=torch.Generator())
        if update.stop_reason:
            break
    return family


@pytest.mark.parametrize("noise", NOISES, ids=lambda noise: noise.target.__name__)
def test_the_posterior_of_one_component_is_calibrated(noise):
    generator = torch.Generator().manual_seed(3)
    model = model_of(noise, 1, 6, 2)
    ranks = []
    for _ in range(300):
        truth, x = simulated(model, 6, generator)
        drawn = fitted(model, x, 3).factors().components.draw(DRAWS, generator=generator)
        ranks.append(
            [(drawn.means < truth.means).sum(0).flatten(), (drawn.precisions < truth.precisions).sum(0).flatten()]
        )
    for kind, name in ((0, "means"), (1, "precisions")):
        if name == "precisions" and noise.target is KnownNoise:
            continue
        for coordinate in range(2):
            counts = np.histogram([rank[kind][coordinate] for rank in ranks], bins=10, range=(0, DRAWS + 1))[0]
            assert stats.chisquare(counts).pvalue > 1e-4, (name, coordinate, counts)


@pytest.mark.parametrize("noise", NOISES[:2], ids=lambda noise: noise.target.__name__)
def test_intervals_of_well_separated_components_hold_nearly_what_they_say(noise):
    generator = torch.Generator().manual_seed(5)
    means = torch.tensor([-9.0, 1.0, 11.0], dtype=torch.float64)
    held = []
    for _ in range(60):
        z = torch.randint(3, (90,), generator=generator)
        x = (means[z] + 0.8 * torch.randn(90, generator=generator, dtype=torch.float64)).unsqueeze(1)
        family = fitted(model_of(noise, 3, 90, 1), x, 50)
        drawn = family.factors().components.draw(DRAWS, generator=generator).means[..., 0]
        order = family.factors().components.mean[:, 0].argsort()
        rank = (drawn[:, order] < means).double().mean(0)
        held.append(((rank - 0.5).abs() < 0.45).double())
    share = torch.stack(held).mean().item()
    assert 0.82 < share < 0.96  # 180 intervals of 90%


def test_intervals_of_overlapping_components_are_too_narrow():
    """What the documentation's figure shows: the mean field does not know how uncertain the assignments are."""
    generator = torch.Generator().manual_seed(6)
    means = torch.tensor([-0.8, 0.0, 0.8], dtype=torch.float64)
    held = []
    for _ in range(40):
        z = torch.randint(3, (90,), generator=generator)
        x = (means[z] + 0.8 * torch.randn(90, generator=generator, dtype=torch.float64)).unsqueeze(1)
        family = fitted(model_of(NOISES[0], 3, 90, 1), x, 200)
        drawn = family.factors().components.draw(DRAWS, generator=generator).means[..., 0]
        rank = (drawn[:, family.factors().components.mean[:, 0].argsort()] < means).double().mean(0)
        held.append(((rank - 0.5).abs() < 0.45).double())
    assert torch.stack(held).mean().item() < 0.7
