"""The VAE with two stochastic layers: with linear networks, x is Gaussian and everything is known."""

import math

import numpy as np
import pytest
import torch
from genlab_vae.gaussian import Gaussian
from genlab_vae.importance_weighted import ImportanceWeighted
from genlab_vae.mlp import MLPDecoder, MLPEncoder
from genlab_vae.sampler import Ancestral
from genlab_vae.two_layer_gaussian import TwoLayerGaussian
from genlab_vae.two_layers import Layers, TwoLayerVAE
from scipy.stats import multivariate_normal, norm
from torch import Tensor

from genlab.interfaces import Batch, DataSpec, Part
from genlab.parts.elbo.trace import Trace

SPEC = DataSpec("toy", (3,), 10)
SCALE, LOWER_STD = 0.7, 0.5


def build() -> tuple[TwoLayerVAE, TwoLayerGaussian]:
    """Return linear layers, the spread of z_1 given z_2 the same everywhere, in float64."""
    torch.manual_seed(0)
    linear: dict[str, tuple[int, ...]] = {"hidden": ()}
    model = TwoLayerVAE(
        SPEC,
        lower_dim=2,
        upper_dim=1,
        likelihood=Part(Gaussian, {"scale": SCALE}),
        decoder=Part(MLPDecoder, linear),
        upper_decoder=Part(MLPDecoder, linear),
    ).double()
    model.likelihood.log_scale.data.fill_(math.log(SCALE))  # type: ignore[operator, union-attr]
    spread = _layer(model.upper_decoder)
    spread.weight.data[2:] = 0
    spread.bias.data[2:] = 2 * math.log(LOWER_STD)
    family = TwoLayerGaussian(
        model, SPEC, encoder=Part(MLPEncoder, linear), upper_encoder=Part(MLPEncoder, linear)
    ).double()
    return model, family


def _layer(network: torch.nn.Module) -> torch.nn.Linear:
    (layer,) = network.layers  # type: ignore[misc]
    assert isinstance(layer, torch.nn.Linear)
    return layer


def moments(model: TwoLayerVAE) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the covariance of x."""
    first, second = (_layer(network) for network in (model.decoder, model.upper_decoder))
    weight, bias = first.weight.detach().numpy(), first.bias.detach().numpy()
    above, center = second.weight.detach().numpy()[:2], second.bias.detach().numpy()[:2]
    lower = above @ above.T + LOWER_STD**2 * np.eye(2)
    return weight @ center + bias, weight @ lower @ weight.T + SCALE**2 * np.eye(3)


def data(num: int = 4) -> Tensor:
    return torch.randn(num, 3, generator=torch.Generator().manual_seed(1)).double()


def layers(samples: int, num: int = 4) -> Layers:
    generator = torch.Generator().manual_seed(2)
    return Layers(*(torch.randn(samples, num, dim, generator=generator).double() for dim in (2, 1)))


def test_the_joint_is_the_product_of_its_three_factors() -> None:
    model, _ = build()
    x, z = data(), layers(5)
    with torch.no_grad():
        factors = model.log_joint(x, z)
        mean = _layer(model.upper_decoder)(z.upper)[..., :2]
        output = model.decoder(z.lower.flatten(0, 1)).reshape(5, 4, 3)
    np.testing.assert_allclose(factors["upper_prior"], norm.logpdf(z.upper).sum(-1), rtol=1e-10)
    np.testing.assert_allclose(factors["lower_prior"], norm(mean, LOWER_STD).logpdf(z.lower).sum(-1), rtol=1e-10)
    np.testing.assert_allclose(factors["likelihood"], norm(output, SCALE).logpdf(x).sum(-1), rtol=1e-10)


def test_the_upper_layer_of_q_follows_the_draw_of_the_lower() -> None:
    _, family = build()
    x, z = data(), layers(5)
    with torch.no_grad():
        log_q = family.posterior(x).log_prob(z)
        lower, lower_log_var = _layer(family.encoder)(x).chunk(2, 1)
        upper, upper_log_var = _layer(family.upper_encoder)(z.lower).chunk(2, -1)
    expected = norm(lower, torch.exp(lower_log_var / 2)).logpdf(z.lower).sum(-1)
    np.testing.assert_allclose(log_q["lower_entropy"], expected, rtol=1e-10)
    expected = norm(upper, torch.exp(upper_log_var / 2)).logpdf(z.upper).sum(-1)
    np.testing.assert_allclose(log_q["upper_entropy"], expected, rtol=1e-10)


def test_draws_of_q_have_its_moments() -> None:
    _, family = build()
    x = data(1)
    with torch.no_grad():
        z = family.posterior(x).sample(40_000, generator=torch.Generator().manual_seed(0))
        upper, log_var = _layer(family.upper_encoder)(z.lower).chunk(2, -1)
    standard = (z.upper - upper) * torch.exp(-log_var / 2)
    assert abs(float(standard.mean())) < 0.02
    assert abs(float(standard.std()) - 1) < 0.02
    described = family.posterior(x).describe()
    for name, layer in (("lower", z.lower), ("upper", z.upper)):
        torch.testing.assert_close(layer.mean(0), described[f"{name}_mean"].detach(), atol=0.02, rtol=0)
        torch.testing.assert_close(layer.std(0), described[f"{name}_std"].detach(), atol=0, rtol=0.02)


def test_a_diagnosis_splits_the_bound_and_names_a_layer_that_has_collapsed() -> None:
    model, family = build()
    batch = Batch(data(50), 50)
    with torch.no_grad():
        found = model.diagnose(family, [batch], generator=torch.Generator().manual_seed(0))
        noise = torch.Generator().manual_seed(0)  # the five draws are made one after the other
        bounds = [Trace().estimate(model, family, batch, generator=noise).elbo(50) / 50 for _ in range(5)]
    split = found.metrics["rate_nats"] + found.metrics["distortion_nats"]
    assert -split == pytest.approx(float(torch.stack(bounds).mean()), rel=1e-12)
    _layer(family.upper_encoder).weight.data[:1] = 0
    with torch.no_grad():
        found = model.diagnose(family, [batch], generator=torch.Generator())
    assert (found.metrics["active_lower_units"], found.metrics["active_upper_units"]) == (2.0, 0.0)
    assert len(found.series["activity_by_lower_latent"]) == 2
    (remark,) = found.remarks
    assert remark.startswith("the posterior has collapsed: all 1 upper latents are unused")


def test_many_weights_give_the_evidence_and_the_bound_is_below_it() -> None:
    model, family = build()
    x = data()
    evidence = multivariate_normal(*moments(model)).logpdf(x)
    with torch.no_grad():
        bound, many = (
            estimator.estimate(model, family, Batch(x, 4), generator=torch.Generator().manual_seed(0)).per_example()
            for estimator in (Trace(samples=20_000), ImportanceWeighted(samples=100_000))
        )
    assert (bound.numpy() < evidence).all()
    np.testing.assert_allclose(many, evidence, atol=0.05)


def test_draws_of_the_model_have_the_evidences_moments() -> None:
    model, _ = build()
    x = Ancestral().draw(model, 60_000, generator=torch.Generator().manual_seed(0)).x
    mean, covariance = moments(model)
    np.testing.assert_allclose(x.mean(0), mean, atol=0.02)
    np.testing.assert_allclose(np.cov(x.T), covariance, atol=0.02)


def test_observations_are_led_to_the_means_of_both_layers_and_back_by_the_lower_one() -> None:
    model, family = build()
    sampler, x = Ancestral(), data()
    latents = sampler.find_latents(model, family, x, generator=torch.Generator())
    means = family.posterior(x).describe()
    assert torch.equal(latents, torch.cat([means["lower_mean"], means["upper_mean"]], 1))
    led = sampler.draw_from(model, latents)
    assert torch.equal(led, model.mean_given(Layers(means["lower_mean"], means["upper_mean"])))
    moved = latents.clone()
    moved[:, model.lower_dim :] += 1  # x depends on the lower layer alone
    assert torch.equal(sampler.draw_from(model, moved), led)
