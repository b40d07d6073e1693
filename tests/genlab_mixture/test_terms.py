from collections.abc import Callable

import pytest
import torch
from genlab_mixture import terms
from genlab_mixture.estimator import ClosedForm
from genlab_mixture.factors import GlobalFactors
from hypothesis import given, settings
from mixture_by_hand import build, example, mixtures
from torch import Tensor

from genlab.interfaces import Batch


@settings(deadline=None, max_examples=60)
@given(mixtures())
def test_the_seven_terms_equal_those_computed_by_hand(mixture):
    model, family, x = build(mixture)
    ledger = ClosedForm().estimate(model, family, Batch(x, len(x)), generator=torch.Generator())
    ours = {name: value.item() for name, value in ledger.totals(len(x)).items()}
    theirs = mixture.terms()
    assert set(ours) == set(theirs)
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(value, rel=1e-10, abs=1e-10), name


@pytest.fixture
def point():
    """Data, free responsibilities, and factors, all float64 and requiring gradients."""
    mixture = example(num_data=7, num_dims=2)
    phi = torch.rand(3, 7, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    phi = (phi / phi.sum(0)).requires_grad_()
    values = (torch.tensor(value).requires_grad_() for value in (mixture.a, mixture.m, mixture.v))
    return mixture, torch.tensor(mixture.x), phi, GlobalFactors(*values)


def gradient(value: Tensor, argument: Tensor) -> Tensor:
    return torch.autograd.grad(value, argument)[0]


def test_likelihood_derivatives(point):
    mixture, x, phi, factors = point
    sigma = torch.tensor(mixture.sigma)

    def total() -> Tensor:
        return terms.likelihood(x, phi, factors, sigma).sum()

    counts = phi.sum(1, keepdim=True)
    by_mean = (phi.unsqueeze(-1) * (x - factors.mean.unsqueeze(1))).sum(1) / sigma**2
    torch.testing.assert_close(gradient(total(), factors.mean), by_mean)
    torch.testing.assert_close(gradient(total(), factors.var), (-counts / (2 * sigma**2)).expand(3, 2))


def test_assignment_prior_derivative(point):
    _, _, phi, factors = point
    a, trigamma = factors.concentration, torch.special.polygamma
    expected = phi.sum(1) * trigamma(1, a) - phi.sum() * trigamma(1, a.sum())
    torch.testing.assert_close(gradient(terms.assignment_prior(phi, factors).sum(), a), expected)


def test_weight_prior_derivative(point):
    mixture, _, _, factors = point
    alpha, a, trigamma = torch.tensor(mixture.alpha), factors.concentration, torch.special.polygamma
    expected = (alpha - 1) * trigamma(1, a) - (alpha - 1).sum() * trigamma(1, a.sum())
    torch.testing.assert_close(gradient(terms.weight_prior(factors, alpha), a), expected)


def test_weight_entropy_derivative(point):
    *_, factors = point
    a, trigamma = factors.concentration, torch.special.polygamma
    expected = -(a - 1) * trigamma(1, a) + (a.sum() - len(a)) * trigamma(1, a.sum())
    torch.testing.assert_close(gradient(terms.weight_entropy(factors), a), expected)


def test_mean_prior_derivatives(point):
    mixture, _, _, factors = point
    m0, s0 = torch.tensor(mixture.m0), torch.tensor(mixture.s0)
    value: Callable[[], Tensor] = lambda: terms.mean_prior(factors, m0, s0)  # noqa: E731 - called twice below
    torch.testing.assert_close(gradient(value(), factors.mean), -(factors.mean - m0) / s0**2)
    torch.testing.assert_close(gradient(value(), factors.var), (-1 / (2 * s0**2)).expand(3, 2))


def test_mean_entropy_derivative(point):
    *_, factors = point
    torch.testing.assert_close(gradient(terms.mean_entropy(factors), factors.var), 1 / (2 * factors.var))


def test_assignment_entropy_derivative(point):
    _, _, phi, _ = point
    torch.testing.assert_close(gradient(terms.assignment_entropy(phi.log()).sum(), phi), -(phi.log() + 1))
