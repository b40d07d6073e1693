from collections.abc import Callable

import pytest
import torch
from genlab_mixture import terms
from genlab_mixture.estimator import ClosedForm
from genlab_mixture.factors import GlobalFactors
from genlab_mixture.known import KnownComponents
from hypothesis import given, settings
from mixture_by_hand import build, example
from mixture_learned_by_hand import any_mixtures
from torch import Tensor

from genlab.interfaces import Batch


@settings(max_examples=60)
@given(any_mixtures())
def test_the_terms_equal_those_computed_by_hand(mixture):
    model, family, x = build(mixture)
    ledger = ClosedForm().estimate(model, family, Batch(x, len(x)), generator=torch.Generator())
    ours = {name: value.item() for name, value in ledger.totals(len(x)).items()}
    theirs = mixture.terms()
    assert set(ours) == set(theirs)
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(value, rel=1e-10, abs=1e-10), name


@pytest.fixture
def point():
    """Data, free responsibilities, the factors and the prior, all float64, and the first three requiring gradients."""
    mixture = example(num_data=7, num_dims=2)
    phi = torch.rand(3, 7, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    phi = (phi / phi.sum(0)).requires_grad_()
    a, m, v = (torch.tensor(value).requires_grad_() for value in (mixture.a, mixture.m, mixture.v))
    law = KnownComponents(m, v, torch.tensor(mixture.m0), torch.tensor(mixture.sigma))
    return mixture, torch.tensor(mixture.x), phi, GlobalFactors(a, law), build(mixture)[0].prior()


def gradient(value: Tensor, argument: Tensor) -> Tensor:
    return torch.autograd.grad(value, argument)[0]


def test_likelihood_derivatives(point):
    mixture, x, phi, factors, _ = point
    sigma, law = torch.tensor(mixture.sigma), factors.components

    def total() -> Tensor:
        return terms.likelihood(x, None, phi, factors).sum()

    counts = phi.sum(1, keepdim=True)
    by_mean = (phi.unsqueeze(-1) * (x - law.mean.unsqueeze(1))).sum(1) / sigma**2
    torch.testing.assert_close(gradient(total(), law.mean), by_mean)
    torch.testing.assert_close(gradient(total(), law.var), (-counts / (2 * sigma**2)).expand(3, 2))


def test_assignment_prior_derivative(point):
    _, _, phi, factors, _ = point
    a, trigamma = factors.concentration, torch.special.polygamma
    expected = phi.sum(1) * trigamma(1, a) - phi.sum() * trigamma(1, a.sum())
    torch.testing.assert_close(gradient(terms.assignment_prior(phi, factors).sum(), a), expected)


def test_weight_prior_derivative(point):
    mixture, _, _, factors, prior = point
    alpha, a, trigamma = torch.tensor(mixture.alpha), factors.concentration, torch.special.polygamma
    expected = (alpha - 1) * trigamma(1, a) - (alpha - 1).sum() * trigamma(1, a.sum())
    torch.testing.assert_close(gradient(terms.global_terms(factors, prior)["weight_prior"], a), expected)


def test_weight_entropy_derivative(point):
    *_, factors, prior = point
    a, trigamma = factors.concentration, torch.special.polygamma
    expected = -(a - 1) * trigamma(1, a) + (a.sum() - len(a)) * trigamma(1, a.sum())
    torch.testing.assert_close(gradient(terms.global_terms(factors, prior)["weight_entropy"], a), expected)


def test_mean_prior_derivatives(point):
    mixture, *_, factors, prior = point
    m0, s0, law = torch.tensor(mixture.m0), torch.tensor(mixture.s0), factors.components
    value: Callable[[], Tensor] = lambda: terms.global_terms(factors, prior)["mean_prior"]  # noqa: E731 - called twice
    torch.testing.assert_close(gradient(value(), law.mean), -(law.mean - m0) / s0**2)
    torch.testing.assert_close(gradient(value(), law.var), (-1 / (2 * s0**2)).expand(3, 2))


def test_mean_entropy_derivative(point):
    *_, factors, prior = point
    var = factors.components.var
    torch.testing.assert_close(gradient(terms.global_terms(factors, prior)["mean_entropy"], var), 1 / (2 * var))


def test_assignment_entropy_derivative(point):
    phi = point[2]
    torch.testing.assert_close(gradient(terms.assignment_entropy(phi.log()).sum(), phi), -(phi.log() + 1))
