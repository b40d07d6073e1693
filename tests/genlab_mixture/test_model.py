import math

import numpy as np
import pytest
import torch
from genlab_mixture.gaussians import DiagonalGaussians
from genlab_mixture.known_noise import KnownNoise
from genlab_mixture.latents import MixtureLatents
from genlab_mixture.model import GaussianMixture
from mixture_by_hand import build, example
from scipy.stats import dirichlet, norm

from genlab.errors import IncompatibleError
from genlab.interfaces import DataSpec, Part


def test_log_joint_equals_scipy():
    mixture = example(num_data=5, num_dims=2)
    model, _, x = build(mixture)
    rng = np.random.default_rng(0)
    assignments, weights = rng.integers(3, size=(2, 5)), rng.dirichlet([2.0, 1, 3], 2)
    means = rng.normal(size=(2, 3, 2))
    precisions = np.broadcast_to(mixture.sigma**-2.0, means.shape)
    z = MixtureLatents(
        torch.tensor(assignments),
        torch.tensor(weights).log(),
        DiagonalGaussians(torch.tensor(means), torch.tensor(precisions)),
    )
    log_p = model.log_joint(x, z)
    for s in range(2):
        expected = norm(means[s, assignments[s]], mixture.sigma).logpdf(mixture.x).sum(1)
        np.testing.assert_allclose(log_p["likelihood"][s], expected, rtol=1e-12)
        np.testing.assert_allclose(log_p["assignment_prior"][s], np.log(weights[s, assignments[s]]), rtol=1e-12)
        assert log_p["weight_prior"][s].item() == pytest.approx(dirichlet(mixture.alpha).logpdf(weights[s]))
        expected = norm(mixture.m0, mixture.s0).logpdf(means[s]).sum()
        assert log_p["mean_prior"][s].item() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("concentration", "relabellings"), [(0.5, 24), ((1.0, 1.0, 1.0, 1.0), 24), ((1.0, 2.0, 1.0, 1.0), 6)]
)
def test_components_of_equal_priors_can_be_relabelled(concentration, relabellings):
    keys = {"components": 4, "mean_scale": 1.0, "noise": Part(KnownNoise, {"scale": 1.0})}
    model = GaussianMixture(DataSpec("toy", (1,), 9), concentration=concentration, **keys)
    assert model.log_symmetries == pytest.approx(math.log(relabellings))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (DataSpec("digits", (1, 8, 8), 10, levels=17), "must observe vectors, got digits of shape"),
        (DataSpec("counts", (3,), 10, levels=5), "must observe real numbers, got counts with 5 integer levels"),
    ],
)
def test_data_that_do_not_fit_are_refused_with_a_way_out(spec, message):
    with pytest.raises(IncompatibleError, match=message) as caught:
        GaussianMixture(spec, components=2, mean_scale=1.0, noise=Part(KnownNoise, {"scale": 1.0}))
    assert "Use data of" in str(caught.value)


@pytest.mark.parametrize("key", ["concentration", "mean_loc", "mean_scale", "noise.scale"])
def test_a_list_of_the_wrong_length_is_refused_by_name(key):
    values = {"components": 3, "mean_scale": 1.0, "noise.scale": 1.0} | {key: (1.0, 2.0, 3.0, 4.0)}
    noise = Part(KnownNoise, {"scale": values.pop("noise.scale")})
    with pytest.raises(IncompatibleError, match=f"{key} must be one number or [23], the number of"):
        GaussianMixture(DataSpec("pairs", (2,), 10), noise=noise, **values)


def test_the_model_has_nothing_for_gradients_to_move():
    model, *_ = build(example())
    assert list(model.parameters()) == []
