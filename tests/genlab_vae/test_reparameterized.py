import math

import numpy as np
import pytest
import torch
from genlab_vae.family import DiagonalGaussian
from genlab_vae.model import VAE
from genlab_vae.objectives import Beta
from genlab_vae.reparameterized import Reparameterized
from hypothesis import given
from hypothesis import strategies as st
from linear_gaussian_vae import LinearGaussian, exact_ledger
from scipy.integrate import quad
from scipy.stats import norm
from torch import Tensor

from genlab.interfaces import Batch, Part
from genlab.ledger import Ledger
from genlab.parts.elbo.trace import Trace


def exact_bound(oracle: LinearGaussian, x: Tensor) -> Tensor:
    return exact_ledger(*oracle.build(), x).detach().per_example()


def estimate(estimator: Reparameterized | Trace, model: VAE, family: DiagonalGaussian, x: Tensor, seed: int) -> Ledger:
    return estimator.estimate(model, family, Batch(x, len(x)), generator=torch.Generator().manual_seed(seed))


@given(seed=st.integers(0, 10**6), num_dims=st.integers(1, 5), latent_dim=st.integers(1, 3))
def test_the_bound_and_the_gap_add_up_to_the_evidence(seed: int, num_dims: int, latent_dim: int) -> None:
    oracle = LinearGaussian.random(seed, num_dims, latent_dim)
    x = oracle.data(seed + 1, num_data=3)
    bound, evidence, gap = exact_bound(oracle, x).numpy(), oracle.log_evidence(x), oracle.gap(x)
    np.testing.assert_allclose(bound + gap, evidence, rtol=1e-10)
    assert (bound <= evidence + 1e-9).all()
    assert (gap >= 0).all()


def test_the_gap_is_zero_at_the_exact_posterior() -> None:
    oracle = LinearGaussian.optimal(0)
    x = oracle.data(1)
    np.testing.assert_allclose(oracle.gap(x), 0, atol=1e-12)
    np.testing.assert_allclose(exact_bound(oracle, x), oracle.log_evidence(x), rtol=1e-10)


def test_the_divergence_agrees_with_quadrature() -> None:
    oracle = LinearGaussian.random(5, num_dims=3, latent_dim=1)
    x = oracle.data(6, num_data=4)
    ledger = exact_ledger(*oracle.build(), x).detach()
    with torch.no_grad():
        q = oracle.build()[1].posterior(x)
    for mean, log_var, value in zip(q.mean, q.log_var, ledger["kl"], strict=True):
        density = norm(float(mean), math.exp(float(log_var) / 2))
        expected, _ = quad(lambda z, d=density: d.pdf(z) * (d.logpdf(z) - norm.logpdf(z)), -20, 20, epsabs=1e-12)
        assert math.isclose(float(value), -expected, rel_tol=1e-8)


def test_the_rows_say_which_of_them_is_exact() -> None:
    model, family = LinearGaussian.random(0).build()
    terms = estimate(Reparameterized(), model, family, torch.zeros(3, 4).double(), 0).terms
    assert [(term.name, term.scope, term.exact, tuple(term.value.shape)) for term in terms] == [
        ("likelihood", "local", False, (3,)),
        ("kl", "local", True, (3,)),
    ]


def test_it_agrees_with_the_generic_estimator_and_varies_less() -> None:
    oracle = LinearGaussian.random(7)
    x = oracle.data(8, num_data=1)
    model, family = oracle.build()
    generator = torch.Generator().manual_seed(0)
    many = x.expand(20_000, -1)  # the same observation many times, each with its own noise
    bounds = {
        type(estimator).__name__: estimator.estimate(model, family, Batch(many, 1), generator=generator)
        .detach()
        .per_example()
        for estimator in (Reparameterized(), Trace())
    }
    exact, error = bounds["Reparameterized"], bounds["Trace"].std() / math.sqrt(len(many))
    assert abs(exact.mean() - bounds["Trace"].mean()) < 4 * error
    assert exact.var() < bounds["Trace"].var()


def test_gradients_agree_with_finite_differences_of_the_same_noise() -> None:
    oracle = LinearGaussian.random(9)
    x = oracle.data(10, num_data=3)
    model, family = oracle.build(30)

    def objective() -> Tensor:
        generator = torch.Generator().manual_seed(3)
        return Reparameterized(samples=2).estimate(model, family, Batch(x, 30), generator=generator).objective(30)

    objective().backward()
    for parameter in [*model.decoder.parameters(), *family.parameters()]:
        value, gradient = parameter.data.view(-1), parameter.grad
        assert gradient is not None
        for index in range(len(value)):
            before, step = float(value[index]), 1e-5
            with torch.no_grad():
                value[index] = before + step
                above = float(objective())
                value[index] = before - step
                below = float(objective())
                value[index] = before
            assert math.isclose(
                (above - below) / (2 * step), float(gradient.view(-1)[index]), rel_tol=1e-6, abs_tol=1e-8
            )


def test_more_draws_average_the_likelihood() -> None:
    model, family = LinearGaussian.random(0).build()
    x = torch.zeros(2, 4).double()
    q = family.posterior(x)
    z = q.rsample(3, generator=torch.Generator().manual_seed(5))
    ledger = estimate(Reparameterized(samples=3), model, family, x, 5)
    assert torch.allclose(ledger["likelihood"], model.log_likelihood(x, z).mean(0))


@pytest.mark.parametrize("samples", [1, 4])
def test_the_generator_alone_decides_the_estimate(samples: int) -> None:
    model, family = LinearGaussian.random(0).build()
    x, before = torch.zeros(2, 4).double(), torch.get_rng_state()
    first, second, other = (estimate(Reparameterized(samples=samples), model, family, x, seed) for seed in (1, 1, 2))
    assert torch.equal(first.per_example(), second.per_example())
    assert not torch.equal(first.per_example(), other.per_example())
    assert torch.equal(torch.get_rng_state(), before)


def test_an_objective_changes_what_is_minimized_and_not_the_bound() -> None:
    model, family = LinearGaussian.random(0).build()
    x = torch.zeros(2, 4).double()
    weighing = Reparameterized(objective=Part(Beta, {"beta": 4.0}))
    plain, weighted = (estimate(estimator, model, family, x, 1) for estimator in (Reparameterized(), weighing))
    assert torch.equal(plain.per_example(), weighted.per_example())
    assert plain.surrogate is None
    assert weighted.surrogate == "beta_elbo"
    expected = -(weighted["likelihood"] + 4 * weighted["kl"]).mean()
    assert torch.allclose(weighted.objective(2), expected)
