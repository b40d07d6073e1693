"""What a VAE says of its latents, where the linear-Gaussian one makes it known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from genlab_vae.family import DiagonalGaussian
from genlab_vae.model import VAE
from linear_gaussian_vae import LinearGaussian
from torch import Tensor

from genlab.interfaces import Batch, Diagnosis


def diagnosis(model: VAE, family: DiagonalGaussian, x: Tensor, batch_size: int = 64) -> Diagnosis:
    batches = (Batch(part, len(x)) for part in x.split(batch_size))
    with torch.no_grad():
        return model.diagnose(family, batches, generator=torch.Generator().manual_seed(0))


def oracle_with_an_unused_latent() -> LinearGaussian:
    free = LinearGaussian.random(1, latent_dim=3)
    weight, encoder = free.weight.clone(), free.encoder_weight.clone()
    weight[:, 1] = 0
    encoder[1] = 0
    log_var, bias = free.log_var.clone(), free.encoder_bias.clone()
    log_var[1], bias[1] = 0, 0
    return replace(free, weight=weight, encoder_weight=encoder, log_var=log_var, encoder_bias=bias)


@pytest.mark.parametrize("batch_size", [64, 7])
def test_the_activity_of_a_latent_is_the_variance_of_its_posterior_means(batch_size: int) -> None:
    oracle = oracle_with_an_unused_latent()
    x = oracle.data(2, num_data=50)
    found = diagnosis(*oracle.build(), x, batch_size)
    means = x.numpy() @ oracle.encoder_weight.numpy().T + oracle.encoder_bias.numpy()
    np.testing.assert_allclose(found.series["activity_by_latent"], means.var(0), atol=1e-12)
    assert found.metrics["active_units"] == 2.0
    assert found.series["kl_by_latent_nats"][1] == pytest.approx(0.0, abs=1e-12)


def test_an_unused_latent_is_named() -> None:
    oracle = oracle_with_an_unused_latent()
    (remark,) = diagnosis(*oracle.build(), oracle.data(2, num_data=50)).remarks
    assert remark.startswith("1 of 3 latents are unused: 1 (")
    used = LinearGaussian.random(1)
    assert diagnosis(*used.build(), used.data(2, num_data=50)).remarks == ()


def test_a_collapsed_posterior_is_called_so() -> None:
    free = LinearGaussian.random(1, latent_dim=12)
    oracle = replace(free, encoder_weight=torch.zeros_like(free.encoder_weight))
    (remark,) = diagnosis(*oracle.build(), oracle.data(2, num_data=50)).remarks
    assert remark.startswith("the posterior has collapsed: all 12 latents are unused")


def test_rate_and_distortion_are_minus_the_bound_and_the_rate_is_the_sum_over_latents() -> None:
    oracle = LinearGaussian.random(3)
    x = oracle.data(4, num_data=1).expand(20_000, -1)
    found = diagnosis(*oracle.build(), x, 20_000)
    bound = float((oracle.log_evidence(x[:1]) - oracle.gap(x[:1]))[0])
    rate, distortion = found.metrics["rate_nats"], found.metrics["distortion_nats"]
    assert -(rate + distortion) == pytest.approx(bound, abs=0.1)
    assert rate == pytest.approx(sum(found.series["kl_by_latent_nats"]), rel=1e-12)


def test_the_reconstruction_error_is_in_the_units_of_the_data() -> None:
    oracle = LinearGaussian.random(3)
    x = oracle.data(4, num_data=30)
    means = x @ oracle.encoder_weight.T + oracle.encoder_bias
    error = (x - means @ oracle.weight.T - oracle.bias).square().mean().sqrt()
    assert diagnosis(*oracle.build(), x).metrics["reconstruction_rmse"] == pytest.approx(float(error), rel=1e-12)
