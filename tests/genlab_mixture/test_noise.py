import numpy as np
import pytest
import torch
from genlab_mixture.coordinate_ascent import CoordinateAscent
from genlab_mixture.family import MeanField
from genlab_mixture.full_noise import FullNoise
from genlab_mixture.known_noise import KnownNoise
from genlab_mixture.learned_noise import LearnedNoise
from genlab_mixture.model import GaussianMixture
from mixture_by_hand import HERE, InOrder, example, in_memory
from scipy.stats import gamma

from genlab.assembly import assemble
from genlab.errors import IncompatibleError, RecipeError
from genlab.interfaces import DataSpec, Part
from genlab.recipe import read_recipe

NO_NOISE = torch.Generator()
PAIRS = DataSpec("pairs", (2,), 10)


def mixture_with(noise, **keys):
    return GaussianMixture(PAIRS, **{"components": 2, "mean_scale": 5.0, "noise": noise} | keys)


@pytest.mark.parametrize("kind", [KnownNoise, LearnedNoise])
def test_what_is_expected_of_the_precision_is_the_scale(kind):
    law = mixture_with(Part(kind, {"scale": 2.0})).prior().components
    torch.testing.assert_close(law.expected_precision, torch.full((2, 2), 0.25, dtype=torch.float64))


def test_each_variance_has_the_same_prior_under_full_as_under_learned_noise():
    keys = {"scale": (2.0, 3.0), "shape": 1.5}
    learned = mixture_with(Part(LearnedNoise, keys), mean_scale=(4.0, 6.0)).prior().components
    full = mixture_with(Part(FullNoise, keys), mean_scale=(4.0, 6.0)).prior().components
    precisions = full.draw(40_000, generator=torch.Generator().manual_seed(0)).precisions[:, 0]
    # The law of a variance is that of a diagonal element of the inverse.
    inverse = torch.linalg.inv(precisions).diagonal(dim1=-2, dim2=-1).reciprocal()
    for d in range(2):
        theirs = gamma(learned.shape[0, d].item(), scale=1 / learned.rate[0, d].item())
        for quantile in (0.1, 0.5, 0.9):
            share = (inverse[:, d] <= theirs.ppf(quantile)).double().mean().item()
            assert share == pytest.approx(quantile, abs=0.012)


def test_in_one_dimension_learned_and_full_noise_are_one_model():
    x = torch.tensor(example().x)
    bounds = []
    for kind in (LearnedNoise, FullNoise):
        splits = in_memory(x)
        noise = Part(kind, {"scale": 1.3, "shape": 0.7})
        model = GaussianMixture(splits.spec, components=3, mean_loc=0.5, mean_scale=5.0, noise=noise)
        family = MeanField(model, splits, init="quantiles").double()
        update = CoordinateAscent(model, family, HERE, tolerance=0)
        bounds.append([update.step(InOrder(x), generator=NO_NOISE).totals(40) for _ in range(5)])
    for ours, theirs in zip(*bounds, strict=True):
        assert list(ours) == list(theirs)
        for name, value in ours.items():
            assert value.item() == pytest.approx(theirs[name].item(), rel=1e-6), name


def test_full_noise_refuses_means_of_another_proportion():
    with pytest.raises(IncompatibleError, match=r"mean_scale / noise\.scale must be one number .* got \[5.0, 2.5\]"):
        mixture_with(Part(FullNoise, {"scale": (1.0, 2.0)}))


@pytest.mark.parametrize("kind", [KnownNoise, LearnedNoise, FullNoise])
def test_a_list_of_scales_of_the_wrong_length_is_refused(kind):
    with pytest.raises(IncompatibleError, match=r"noise\.scale must be one number or 2, the number of columns"):
        mixture_with(Part(kind, {"scale": (1.0, 2.0, 3.0)}))


def test_learned_noise_finds_the_spread_of_each_group():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(-20, 0.5, (500, 1)), rng.normal(20, 3.0, (500, 1))])
    splits = in_memory(torch.tensor(x))
    model = GaussianMixture(splits.spec, components=2, mean_scale=30.0, noise=Part(LearnedNoise, {"scale": 1.0}))
    family = MeanField(model, splits, init="quantiles").double()
    for _ in range(20):
        CoordinateAscent(model, family, HERE).step(InOrder(torch.tensor(x)), generator=NO_NOISE)
    found = family.factors().components.expected_precision.detach().flatten().rsqrt()
    np.testing.assert_allclose(found.sort().values, [0.5, 3.0], rtol=0.1)


def test_full_noise_finds_the_correlation():
    rng = np.random.default_rng(0)
    cov = np.array([[2.0, 1.5], [1.5, 2.0]])
    x = torch.tensor(rng.multivariate_normal([1.0, -1.0], cov, 4_000))
    splits = in_memory(x)
    model = GaussianMixture(splits.spec, components=1, mean_scale=10.0, noise=Part(FullNoise, {"scale": 1.0}))
    family = MeanField(model, splits).double()
    CoordinateAscent(model, family, HERE).step(InOrder(x), generator=NO_NOISE)
    found = torch.linalg.inv(family.factors().components.expected_precision.detach())[0]
    np.testing.assert_allclose(found, cov, atol=0.15)


@pytest.mark.parametrize("far", [1e3, 1e6])
@pytest.mark.parametrize("kind", [KnownNoise, LearnedNoise, FullNoise])
def test_data_far_from_zero_are_fitted_as_well_as_data_around_it(kind, far):
    x = torch.tensor(example(num_data=60, num_dims=2).x)
    reached = []
    for offset in (0.0, far):
        splits = in_memory(x + offset)
        noise = Part(kind, {"scale": 1.0})
        model = GaussianMixture(splits.spec, components=3, mean_loc=offset, mean_scale=5.0, noise=noise)
        family = MeanField(model, splits, init="quantiles").double()
        update = CoordinateAscent(model, family, HERE, tolerance=0)
        for _ in range(10):
            reached.append(update.step(InOrder(x + offset), generator=NO_NOISE).elbo(60).item())
    # The parameters start as float32, which at 1e6 has a tenth to give.
    assert reached[-1] == pytest.approx(reached[9], abs=1e-6 * far)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.noise={use = 'known', scale = 0.0}", "model.noise.scale: must be greater than 0 or a list, got 0.0"),
        (
            "model.noise={use = 'learned', scale = -1.0}",
            "model.noise.scale: must be greater than 0 or a list, got -1.0",
        ),
        ("model.noise={use = 'full', scale = 1.0, shape = 0.0}", "model.noise.shape: must be greater than 0, got 0.0"),
        ("model.mean_scale=0.0", "model.mean_scale: must be greater than 0 or a list, got 0.0"),
        ("model.concentration=-1.0", "model.concentration: must be greater than 0 or a list, got -1.0"),
        ("model.components=0", "model.components: must be at least 1, got 0"),
        ("model.noise=known", "model.noise: must be a table, got 'known'. Write model.noise.use = 'known'."),
    ],
)
def test_numbers_out_of_range_are_refused_by_the_recipe(override, message):
    with pytest.raises(RecipeError) as caught:
        assemble(read_recipe("mixture", [override]))
    assert message in str(caught.value)
