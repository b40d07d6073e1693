import math

import numpy as np
import pytest
import torch
from genlab_vae.bernoulli import Bernoulli
from genlab_vae.family import DiagonalGaussian
from genlab_vae.gaussian_mixture import GaussianMixture
from genlab_vae.mlp import MLPDecoder, MLPEncoder
from genlab_vae.model import VAE
from genlab_vae.prior import Prior
from genlab_vae.reparameterized import Reparameterized
from genlab_vae.standard_normal import StandardNormal
from genlab_vae.vamp import Vamp
from scipy.integrate import dblquad
from scipy.stats import multivariate_normal, norm
from torch import Tensor

from genlab.errors import IncompatibleError
from genlab.interfaces import Batch, DataSpec, Part

SPEC = DataSpec("toy", (4,), 10, levels=2)


def build(prior: Part[Prior]) -> tuple[VAE, DiagonalGaussian]:
    torch.manual_seed(0)
    decoder = Part(MLPDecoder, {"hidden": (5,)})
    model = VAE(SPEC, latent_dim=2, likelihood=Part(Bernoulli), decoder=decoder, prior=prior)
    family = DiagonalGaussian(model, SPEC, encoder=Part(MLPEncoder, {"hidden": (5,)}))
    for parameter in dict.fromkeys([*model.parameters(), *family.parameters()]):
        parameter.data.add_(0.3 * torch.randn(parameter.shape))
    return model.double(), family.double()


def draws(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


PRIORS = [Part(StandardNormal), Part(GaussianMixture, {"components": 3}), Part(Vamp, {"components": 3})]


def named(part: Part[Prior]) -> str:
    return part.target.__name__  # type: ignore[attr-defined, no-any-return]


def test_a_mixture_is_the_weighted_sum_of_its_gaussians() -> None:
    prior = build(PRIORS[1])[0].prior
    assert isinstance(prior, GaussianMixture)
    z = draws(2, 5, 2)
    weights, variances = torch.softmax(prior.logits, 0).detach(), prior.log_vars.detach().exp()
    densities = [
        weight * multivariate_normal(mean, np.diag(variance)).pdf(z)
        for weight, mean, variance in zip(weights.numpy(), prior.means.detach().numpy(), variances.numpy(), strict=True)
    ]
    np.testing.assert_allclose(prior.log_prob(z).detach(), np.log(sum(densities)), rtol=1e-10)


def test_a_vamp_prior_is_the_average_posterior_of_its_pseudo_inputs() -> None:
    model, family = build(PRIORS[2])
    assert isinstance(model.prior, Vamp)
    z = draws(2, 5, 2)
    with torch.no_grad():
        q = family.posterior(model.prior.pseudo_inputs())
        value = model.prior.log_prob(z)
    densities = [
        norm(mean, std).pdf(z).prod(-1) for mean, std in zip(q.mean.numpy(), (q.log_var / 2).exp().numpy(), strict=True)
    ]
    np.testing.assert_allclose(value, np.log(sum(densities) / 3), rtol=1e-10)


@pytest.mark.parametrize("part", PRIORS, ids=named)
def test_a_prior_integrates_to_one(part: Part[Prior]) -> None:
    prior = build(part)[0].prior

    @torch.no_grad()
    def density(y: float, x: float) -> float:
        return float(prior.log_prob(torch.tensor([[[x, y]]], dtype=torch.float64)).exp())

    assert math.isclose(dblquad(density, -9, 9, -9, 9, epsabs=1e-4)[0], 1, abs_tol=1e-3)


@pytest.mark.parametrize("part", PRIORS, ids=named)
def test_draws_of_a_prior_have_its_moments(part: Part[Prior]) -> None:
    prior = build(part)[0].prior
    with torch.no_grad():
        z = prior.sample(60_000, generator=torch.Generator().manual_seed(1))
        axis = torch.linspace(-8, 8, 161, dtype=torch.float64)
        grid = torch.cartesian_prod(axis, axis)
        mass = prior.log_prob(grid[None])[0].exp() * 0.1**2
    mean = mass @ grid
    torch.testing.assert_close(z.mean(0), mean, atol=0.03, rtol=0)
    expected = grid.T @ (grid * mass[:, None]) - mean[:, None] * mean
    torch.testing.assert_close(torch.cov(z.T), expected, atol=0.06, rtol=0)


@pytest.mark.parametrize("part", PRIORS, ids=named)
def test_the_generator_alone_decides_the_draws_of_a_prior(part: Part[Prior]) -> None:
    prior, before = build(part)[0].prior, torch.get_rng_state()
    first, second, other = (prior.sample(4, generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("levels", [None, 5])
def test_pseudo_inputs_stay_between_the_datas_lowest_and_highest_level(levels: int | None) -> None:
    prior = Vamp(2, DataSpec("toy", (1, 3, 3), 10, levels=levels), components=2)
    prior.free_inputs.data.mul_(100)
    u = prior.pseudo_inputs()
    assert u.shape == (2, 1, 3, 3)
    assert (levels is None) == bool((u.abs() > 4).any())


def test_the_encoder_learns_from_a_vamp_prior_too_and_is_counted_once() -> None:
    model, family = build(PRIORS[2])
    shared = {id(value) for value in family.parameters()} & {id(value) for value in model.parameters()}
    assert shared == {id(value) for value in family.parameters()}
    gradients = torch.autograd.grad(model.log_prior(draws(1, 3, 2)).sum(), list(family.parameters()))
    assert all(bool((gradient != 0).any()) for gradient in gradients)


def test_a_vamp_prior_without_a_family_says_what_it_lacks() -> None:
    with pytest.raises(IncompatibleError, match="Build a family on the model first"):
        Vamp(2, SPEC).log_prob(torch.zeros(1, 1, 2))


def test_the_divergence_from_a_standard_normal_is_exact_and_from_others_the_mean_over_draws() -> None:
    x = torch.tensor([[0.0, 1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 0.0]]).double()
    for part in PRIORS:
        model, family = build(part)
        ledger = Reparameterized(samples=4).estimate(
            model, family, Batch(x, 2), generator=torch.Generator().manual_seed(3)
        )
        (term,) = (term for term in ledger.terms if term.name == "kl")
        assert term.exact == isinstance(model.prior, StandardNormal)
        q = family.posterior(x)
        z = q.rsample(4, generator=torch.Generator().manual_seed(3))
        if not term.exact:
            assert torch.allclose(term.value, (model.log_prior(z) - q.log_prob(z)["entropy"]).mean(0))


def test_the_estimated_divergence_tends_to_the_integral() -> None:
    model, family = build(PRIORS[1])
    x = torch.tensor([[0.0, 1.0, 1.0, 0.0]]).double()
    axis = torch.linspace(-9, 9, 361, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis).unsqueeze(1)
    with torch.no_grad():
        ledger = Reparameterized(samples=40_000).estimate(
            model, family, Batch(x, 1), generator=torch.Generator().manual_seed(3)
        )
        log_q = family.posterior(x).log_prob(grid)["entropy"]
        integral = (log_q.exp() * (log_q - model.log_prior(grid))).sum() * 0.05**2
    assert math.isclose(float(-ledger["kl"]), float(integral), abs_tol=0.02)
