"""Gradients in both arguments against finite differences."""

import pytest
import torch
from torch import Tensor
from torch.distributions import (
    Bernoulli,
    Beta,
    Categorical,
    Cauchy,
    Dirichlet,
    Exponential,
    Gamma,
    Laplace,
    MultivariateNormal,
    Normal,
    Poisson,
    VonMises,
)

from genlab.divergences import (
    AmariAlpha,
    Divergence,
    Renyi,
    chi_squared,
    has_closed_form,
    jensen_shannon,
    kl,
    monte_carlo,
    squared_hellinger,
    squared_wasserstein_2,
    total_variation,
    wasserstein_2,
)


def normal(loc: Tensor, log_diagonal: Tensor, below: Tensor) -> MultivariateNormal:
    factor = torch.diag_embed(log_diagonal.exp()) + torch.nn.functional.pad(torch.diag_embed(below), (0, 1, 1, 0))
    return MultivariateNormal(loc, scale_tril=factor)


MAKERS = {
    "normal": (Normal, [0.3, 0.9], [-0.2, 1.1]),
    "laplace": (Laplace, [0.3, 0.9], [-0.2, 1.1]),
    "cauchy": (Cauchy, [0.3, 0.9], [-0.2, 1.1]),
    "von_mises": (VonMises, [0.3, 2.0], [-0.2, 3.1]),
    "gamma": (Gamma, [2.3, 1.2], [1.9, 0.8]),
    "gamma_near": (Gamma, [2.3, 1.2], [2.2, 1.1]),
    "beta": (Beta, [2.3, 1.2], [1.7, 0.8]),
    "exponential": (Exponential, [1.3], [0.9]),
    "poisson": (Poisson, [1.3], [0.9]),
    "bernoulli": (Bernoulli, [0.3], [0.6]),
    "categorical": (Categorical, [[0.2, 0.3, 0.5]], [[0.6, 0.1, 0.3]]),
    "dirichlet": (Dirichlet, [[2.0, 3.0, 1.5]], [[1.4, 2.0, 2.5]]),
    "multivariate_normal": (normal, [[0.3, -0.4], [0.1, 0.2], [0.4]], [[-0.1, 0.4], [0.0, 0.3], [-0.2]]),
}
DIVERGENCES: tuple[Divergence, ...] = (
    kl,
    Renyi(0.4),
    Renyi(1.3),
    AmariAlpha(0.5),
    chi_squared,
    squared_hellinger,
    jensen_shannon,
    total_variation,
    squared_wasserstein_2,
    wasserstein_2,
)


@pytest.mark.parametrize("name", MAKERS)
def test_gradients_are_those_of_finite_differences(name):
    make, q, p = MAKERS[name]
    leaves = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (*q, *p)]
    for divergence in DIVERGENCES:
        if has_closed_form(divergence, make(*leaves[: len(q)]), make(*leaves[len(q) :])):
            assert torch.autograd.gradcheck(
                lambda *values, of=divergence: of(make(*values[: len(q)]), make(*values[len(q) :])), leaves, atol=1e-6
            ), divergence


def test_the_hessian_of_kl_at_equality_is_the_fisher_information():
    p = torch.tensor([0.3, 0.8], dtype=torch.float64)
    hessian = torch.autograd.functional.hessian(lambda q: kl(Normal(q[0], q[1]), Normal(p[0], p[1])), p)
    torch.testing.assert_close(hessian, torch.diag(torch.tensor([1.0, 2.0], dtype=torch.float64) / 0.8**2))


def test_a_zero_probability_takes_no_gradient_and_spoils_none():
    probs = torch.tensor([0.0, 0.4, 0.6], dtype=torch.float64, requires_grad=True)
    q, p = Categorical(probs), Categorical(torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64))
    for divergence in (kl, Renyi(0.4), Renyi(1.3), jensen_shannon, total_variation, chi_squared, squared_hellinger):
        (gradient,) = torch.autograd.grad(divergence(q, p), probs, retain_graph=True)
        assert gradient.isfinite().all(), divergence


def test_a_monte_carlo_gradient_is_that_of_the_divergence():
    loc = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    scale = torch.tensor(1.3, dtype=torch.float64, requires_grad=True)
    q, p = Normal(loc, 0.9), Normal(torch.tensor(0.0, dtype=torch.float64), scale)
    exact = torch.autograd.grad(kl(q, p), [loc, scale])
    draws = [
        torch.autograd.grad(
            monte_carlo(kl, q, p, num_samples=500, generator=torch.Generator().manual_seed(seed)).value, [loc, scale]
        )
        for seed in range(40)
    ]
    for index, value in enumerate(exact):
        found = torch.stack([draw[index] for draw in draws])
        assert (found.mean() - value).abs() < 5 * found.std() / len(draws) ** 0.5
        assert found.std() / len(draws) ** 0.5 < 0.05
