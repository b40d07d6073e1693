"""Where formulas break: no mass, no overlap, no difference, tiny and huge scales, single precision."""

import math

import pytest
import torch
from divergence_pairs import FAMILIES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.distributions import (
    Bernoulli,
    Beta,
    Categorical,
    Cauchy,
    ContinuousBernoulli,
    Dirichlet,
    Distribution,
    Exponential,
    Gamma,
    HalfNormal,
    Independent,
    Laplace,
    MultivariateNormal,
    Normal,
    OneHotCategorical,
    Poisson,
    Uniform,
    VonMises,
)

from genlab.divergences import (
    AmariAlpha,
    Divergence,
    Renyi,
    bhattacharyya,
    chi_squared,
    has_closed_form,
    jeffreys,
    jensen_shannon,
    kl,
    squared_hellinger,
    squared_wasserstein_2,
    total_variation,
    wasserstein_2,
)

ALL: tuple[Divergence, ...] = (
    kl,
    jeffreys,
    jensen_shannon,
    Renyi(0.3),
    Renyi(2.0),
    AmariAlpha(0.3),
    chi_squared,
    total_variation,
    squared_hellinger,
    bhattacharyya,
    squared_wasserstein_2,
    wasserstein_2,
)


def t(*values: float) -> Tensor:
    return torch.tensor(values if len(values) != 1 else values[0], dtype=torch.float64)


def infinite(value: Tensor) -> bool:
    return bool((value == math.inf).all())


def test_outside_the_support_kl_is_infinite_and_bounded_divergences_are_at_their_bound():
    q, p = Categorical(t(0.5, 0.5, 0.0, 0.0)), Categorical(t(0.0, 0.0, 0.3, 0.7))
    for divergence in (kl, jeffreys, Renyi(0.3), Renyi(2.0), chi_squared, bhattacharyya):
        assert infinite(divergence(q, p)), divergence
    torch.testing.assert_close(jensen_shannon(q, p), t(math.log(2)))
    assert total_variation(q, p) == squared_hellinger(q, p) == 1


def test_a_point_neither_has_changes_nothing():
    with_it = Categorical(t(0.2, 0.8, 0.0)), Categorical(t(0.6, 0.4, 0.0))
    without = Categorical(t(0.2, 0.8)), Categorical(t(0.6, 0.4))
    for divergence in ALL:
        if has_closed_form(divergence, *without):
            torch.testing.assert_close(divergence(*with_it), divergence(*without))


def test_a_bernoulli_is_a_categorical_on_two_points():
    coin, die = Bernoulli(t(0.3)), Categorical(t(0.1, 0.4, 0.5))
    for divergence in (kl, Renyi(0.4), jensen_shannon, total_variation, chi_squared):
        torch.testing.assert_close(divergence(coin, die), divergence(Categorical(t(0.7, 0.3)), die))
    assert infinite(kl(die, coin))


def test_probabilities_too_small_for_their_type_are_not_zero_when_given_as_logits():
    q, p = Categorical(logits=t(0.0, -2000.0)), Categorical(logits=t(0.0, -1000.0))
    torch.testing.assert_close(kl(p, q), t(0.0))
    even = Categorical(logits=t(0.0, 0.0))
    torch.testing.assert_close(kl(even, q), t(1000 - math.log(2)))
    torch.testing.assert_close(kl(Bernoulli(t(0.5)), Bernoulli(logits=t(-2000.0))), t(1000 - math.log(2)))


@pytest.mark.parametrize(("value", "other"), [(0.0, 0.3), (1.0, 0.3), (0.0, 1.0), (0.0, 0.0), (1.0, 1.0)])
def test_a_certain_coin_has_the_divergence_of_its_side(value, other):
    side = 1 - other if value == 0 else other
    expected = -math.log(side) if side > 0 else math.inf
    torch.testing.assert_close(kl(Bernoulli(t(value)), Bernoulli(t(other))), t(expected))


def test_a_poisson_rate_may_be_zero():
    never, some = Poisson(t(0.0)), Poisson(t(2.0))
    torch.testing.assert_close(kl(never, some), t(2.0))
    assert infinite(kl(some, never))
    assert kl(never, never) == 0
    torch.testing.assert_close(Renyi(0.5)(never, some), t(2.0))
    assert infinite(chi_squared(some, never))


def test_chi_squared_is_infinite_from_twice_the_variance_on():
    p = Normal(t(0.0), t(1.0))
    assert infinite(chi_squared(Normal(t(0.0), t(math.sqrt(2.0) * (1 + 1e-12))), p))
    assert infinite(chi_squared(Normal(t(3.0), t(5.0)), p))
    assert chi_squared(Normal(t(0.0), t(math.sqrt(2) * 0.99)), p).isfinite()
    wide = MultivariateNormal(torch.zeros(2).double(), torch.diag(t(0.5, 2.5)))
    assert infinite(chi_squared(wide, MultivariateNormal(torch.zeros(2).double(), torch.eye(2).double())))
    assert infinite(chi_squared(Laplace(t(0.0), t(2.0)), Laplace(t(0.0), t(1.0))))
    assert infinite(chi_squared(Exponential(t(0.5)), Exponential(t(1.0))))
    assert infinite(chi_squared(Beta(t(0.5), t(1.0)), Beta(t(1.0), t(1.0))))
    assert infinite(chi_squared(Gamma(t(0.5), t(1.0)), Gamma(t(1.0), t(1.0))))


def test_one_infinite_element_leaves_the_others_of_a_batch_and_their_gradients_alone():
    scale = t(0.5, 3.0).requires_grad_()
    value = chi_squared(Normal(t(0.0), scale), Normal(t(0.0), t(1.0)))
    assert value[0].isfinite()
    assert infinite(value[1])
    (gradient,) = torch.autograd.grad(value[0], scale)
    assert gradient.isfinite().all()


def leaves(distribution: Distribution) -> dict[str, Tensor]:
    names = {"logits", "covariance_matrix", "precision_matrix"}
    return {name: getattr(distribution, name) for name in distribution.arg_constraints if name not in names}


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("family", [name for name in FAMILIES if name not in ("independent", "log_normal")])
@given(data=st.data())
@settings(max_examples=8, suppress_health_check=[HealthCheck.differing_executors])
def test_equal_arguments_give_zero_and_a_gradient_of_zero(family, dtype, data):
    drawn = data.draw(FAMILIES[family])
    if family == "poisson" and drawn.rate == 0:
        return  # the least rate there is: the divergence from it has a slope, inwards
    parameters = {name: value.to(dtype).detach() for name, value in leaves(drawn).items()}
    for divergence in ALL:
        q_leaves = {name: value.clone().requires_grad_() for name, value in parameters.items()}
        p_leaves = {name: value.clone().requires_grad_() for name, value in parameters.items()}
        q, p = (type(drawn)(**given) for given in (q_leaves, p_leaves))
        if not has_closed_form(divergence, q, p):
            continue
        value = divergence(q, p)
        small = 1e-9 if dtype == torch.float64 else 1e-3
        assert 0 <= value < small, (divergence, value)
        for gradient in torch.autograd.grad(value, [*q_leaves.values(), *p_leaves.values()], allow_unused=True):
            assert gradient is None or gradient.abs().max() < small, (divergence, gradient)


NEARLY = 1e-7


@pytest.mark.parametrize(
    ("q", "p", "expected"),
    [
        # half the Fisher information times the squared step
        (Normal(t(0.0), t(1.0)), Normal(t(NEARLY), t(1.0)), NEARLY**2 / 2),
        (Normal(t(1e3), t(1e-3)), Normal(t(1e3), t(1e-3 * (1 + NEARLY))), NEARLY**2),
        (Exponential(t(3.0)), Exponential(t(3.0 * (1 + NEARLY))), NEARLY**2 / 2),
        (Poisson(t(4.0)), Poisson(t(4.0 * (1 + NEARLY))), 4 * NEARLY**2 / 2),
        (Laplace(t(0.0), t(1.0)), Laplace(t(NEARLY), t(1.0)), NEARLY**2 / 2),
        (Gamma(t(3.0), t(2.0)), Gamma(t(3.0), t(2.0 * (1 + NEARLY))), 3 * NEARLY**2 / 2),
        (Beta(t(1.0), t(1.0)), Beta(t(1.0 + NEARLY), t(1.0)), NEARLY**2 / 2),
        (Cauchy(t(0.0), t(1.0)), Cauchy(t(NEARLY), t(1.0)), NEARLY**2 / 4),
    ],
    ids=lambda value: type(value).__name__,
)
def test_nearly_equal_arguments_keep_their_digits(q, p, expected):
    torch.testing.assert_close(kl(q, p), t(expected), rtol=1e-5, atol=0)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("scale", [1e-15, 1e15])
def test_tiny_and_huge_scales_change_no_divergence_of_the_density_ratio(dtype, scale):
    unit = torch.tensor(scale, dtype=dtype)
    for make in (Normal, Laplace, Cauchy):
        q, p = make(0.3 * unit, 0.7 * unit), make(-0.2 * unit, 0.9 * unit)
        small_q, small_p = make(t(0.3), t(0.7)), make(t(-0.2), t(0.9))
        for divergence in ALL[:-2]:
            if has_closed_form(divergence, q, p):
                expected = divergence(small_q, small_p).to(dtype)
                torch.testing.assert_close(divergence(q, p), expected, rtol=1e-4, atol=1e-6)


def test_a_spike_against_a_plateau_is_finite_with_a_finite_gradient():
    for dtype in (torch.float32, torch.float64):
        scale = torch.tensor(1e-18, dtype=dtype, requires_grad=True)
        q, p = Normal(torch.zeros((), dtype=dtype), scale), Normal(torch.zeros((), dtype=dtype), 1 / scale.detach())
        for divergence in (kl, Renyi(0.5), Renyi(2.0), bhattacharyya, squared_hellinger, total_variation):
            value = divergence(q, p)
            (gradient,) = torch.autograd.grad(value, scale)
            assert value.isfinite(), divergence
            assert gradient.isfinite(), divergence
        torch.testing.assert_close(kl(q, p).double(), t(2 * math.log(1e18) - 0.5))


def test_float32_agrees_with_float64():
    pairs = [
        (Normal, [(0.3, 1.2), (0.4, 1.1)]),
        (Gamma, [(3.0, 1.2), (2.5, 1.0)]),
        (Beta, [(300.0, 120.0), (310.0, 115.0)]),
        (VonMises, [(0.3, 300.0), (0.35, 250.0)]),
        (Laplace, [(0.3, 1.2), (0.4, 1.1)]),
        (Poisson, [(300.0,), (320.0,)]),
    ]
    for make, (q, p) in pairs:
        single = [make(*(torch.tensor(value) for value in values)) for values in (q, p)]
        double = [make(*(t(value) for value in values)) for values in (q, p)]
        for divergence in (kl, Renyi(0.4), Renyi(1.5), squared_hellinger):
            torch.testing.assert_close(divergence(*single).double(), divergence(*double), rtol=5e-3, atol=1e-6)


def test_large_concentrations_keep_their_digits():
    # both are nearly normal: the divergence of two binomial-like spreads, by 50-digit arithmetic
    torch.testing.assert_close(kl(Gamma(t(1e8), t(1e8)), Gamma(t(1e8), t(1.0001e8))), t(1e8 * 4.9996666916646668e-9))
    assert kl(Dirichlet(t(1e8, 2e8)), Dirichlet(t(1e8, 2e8))) == 0


def test_halves_of_a_distribution_have_the_divergence_of_the_whole():
    for divergence in (kl, Renyi(0.4), total_variation, chi_squared):
        whole = divergence(Normal(t(0.0), t(0.8)), Normal(t(0.0), t(1.3)))
        torch.testing.assert_close(divergence(HalfNormal(t(0.8)), HalfNormal(t(1.3))), whole)


def test_a_continuous_bernoulli_and_the_uniform_distribution_on_its_support_are_at_a_finite_divergence():
    q, p = ContinuousBernoulli(t(0.3)), Uniform(t(0.0), t(1.0))
    torch.testing.assert_close(kl(q, p), -q.entropy())
    x = torch.linspace(0, 1, 100_001, dtype=torch.float64)
    torch.testing.assert_close(kl(p, q), -torch.trapezoid(q.log_prob(x), x), rtol=1e-6, atol=0)
    assert infinite(kl(q, Uniform(t(0.1), t(1.0))))
    assert infinite(kl(Uniform(t(0.0), t(1.1)), q))


def test_batches_broadcast_against_each_other():
    q = Normal(torch.zeros(3, 1).double(), torch.ones(3, 1).double())
    p = Normal(torch.arange(4).double(), torch.ones(4).double())
    for divergence in ALL:
        if has_closed_form(divergence, q, p):
            assert divergence(q, p).shape == (3, 4), divergence
            torch.testing.assert_close(
                divergence(q, p)[1, 2], divergence(Normal(t(0.0), t(1.0)), Normal(t(2.0), t(1.0)))
            )
    full_q = MultivariateNormal(torch.zeros(3, 1, 2).double(), torch.eye(2).double())
    full_p = MultivariateNormal(torch.zeros(4, 2).double(), 2 * torch.eye(2).double())
    for divergence in ALL:
        if has_closed_form(divergence, full_q, full_p):
            assert divergence(full_q, full_p).shape == (3, 4), divergence
    table_q, table_p = OneHotCategorical(torch.ones(3, 1, 5)), OneHotCategorical(torch.ones(4, 5))
    assert jensen_shannon(table_q, table_p).shape == (3, 4)
    assert kl(Uniform(torch.zeros(3, 1), 1.0), Uniform(torch.zeros(4), 2.0)).shape == (3, 4)


def test_a_diagonal_normal_is_a_full_one():
    loc, scale = t(0.3, -0.4), t(0.8, 1.3)
    diagonal = Independent(Normal(loc, scale), 1)
    full = MultivariateNormal(loc, scale_tril=torch.diag(scale))
    other = MultivariateNormal(t(0.0, 0.1), scale_tril=t(1.0, 0.0, 0.4, 0.9).reshape(2, 2))
    for divergence in (kl, Renyi(0.4), chi_squared, squared_wasserstein_2):
        torch.testing.assert_close(divergence(diagonal, other), divergence(full, other))
        torch.testing.assert_close(divergence(other, diagonal), divergence(other, full))
        if divergence is not chi_squared:
            assert divergence(diagonal, full) < 1e-15
