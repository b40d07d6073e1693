"""Closed forms, quadrature of the definitions over SciPy's densities, and Monte Carlo: three roads, one number."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from numpy.polynomial.legendre import leggauss
from scipy import stats
from torch import distributions
from torch.distributions import Distribution

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
    monte_carlo,
    squared_hellinger,
    total_variation,
)

Array = np.ndarray
DEFINITIONS: dict[Divergence, Callable[[Array, Array, Array], float]] = {
    kl: lambda q, p, w: np.sum(w * _x_log_ratio(q, p)),
    jeffreys: lambda q, p, w: np.sum(w * (_x_log_ratio(q, p) + _x_log_ratio(p, q))),
    jensen_shannon: lambda q, p, w: np.sum(w * (_x_log_ratio(q, (q + p) / 2) + _x_log_ratio(p, (q + p) / 2))) / 2,
    Renyi(0.3): lambda q, p, w: np.log(np.sum(w * q**0.3 * p**0.7)) / -0.7,
    Renyi(1.4): lambda q, p, w: np.log(np.sum(w * _power(q, p, 1.4))) / 0.4,
    AmariAlpha(0.5): lambda q, p, w: 4 / 0.75 * (1 - np.sum(w * q**0.25 * p**0.75)),
    chi_squared: lambda q, p, w: np.sum(w * _power(q, p, 2.0)) - 1,
    total_variation: lambda q, p, w: np.sum(w * np.abs(q - p)) / 2,
    squared_hellinger: lambda q, p, w: np.sum(w * (np.sqrt(q) - np.sqrt(p)) ** 2) / 2,
    bhattacharyya: lambda q, p, w: -np.log(np.sum(w * np.sqrt(q * p))),
}


def _x_log_ratio(q: Array, p: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.where(q > 0, q * np.log(np.where(q > 0, q, 1) / np.where(q > 0, p, 1)), 0.0)


def _power(q: Array, p: Array, order: float) -> Array:
    safe_q, safe_p = np.where(q > 0, q, 1), np.where(q > 0, p, 1)
    return np.where(q > 0, safe_q**order * safe_p ** (1 - order), 0)


def panels(low: float, high: float, count: int = 1200, order: int = 12) -> tuple[Array, Array]:
    """Gauss-Legendre points and weights on equal panels."""
    nodes, weights = leggauss(order)
    edges = np.linspace(low, high, count + 1)
    half = np.diff(edges)[:, None] / 2
    return ((edges[:-1, None] + half) + half * nodes).ravel(), (half * weights).ravel()


@dataclass
class Case:
    q: Distribution
    p: Distribution
    q_density: Callable[[Array], Array]
    p_density: Callable[[Array], Array]
    points: Array
    weights: Array


def t(*values: float) -> torch.Tensor:
    return torch.tensor(values if len(values) > 1 else values[0], dtype=torch.float64)


def on_a_line(make, density, q, p, low, high) -> Case:  # type: ignore[no-untyped-def]
    if high == np.inf:  # heavy tails: over the angle whose tangent is x
        angles, weights = panels(-np.pi / 2, np.pi / 2)
        points, weights = np.tan(angles), weights / np.cos(angles) ** 2
    else:
        points, weights = panels(low, high)
    q_law, p_law = density(*q), density(*p)
    return Case(make(*map(t, q)), make(*map(t, p)), q_law.pdf, p_law.pdf, points, weights)


def on_integers(make, density, q, p, count) -> Case:  # type: ignore[no-untyped-def]
    points = np.arange(count)
    return Case(make(t(q)), make(t(p)), density(q).pmf, density(p).pmf, points, np.ones(count))


def on_a_plane() -> Case:
    means, factors = ([0.3, -0.5], [-0.2, 0.4]), ([[1.0, 0], [0.4, 0.8]], [[1.2, 0], [-0.3, 1.1]])
    q, p = (
        distributions.MultivariateNormal(t(*mean), scale_tril=torch.tensor(factor, dtype=torch.float64))
        for mean, factor in zip(means, factors, strict=True)
    )
    laws = [
        stats.multivariate_normal(mean, np.array(factor) @ np.array(factor).T)
        for mean, factor in zip(means, factors, strict=True)
    ]
    one, weight = panels(-12, 12, count=40, order=6)
    points = np.stack(np.meshgrid(one, one, indexing="ij"), -1).reshape(-1, 2)
    return Case(q, p, laws[0].pdf, laws[1].pdf, points, np.outer(weight, weight).ravel())


def on_a_simplex() -> Case:
    q, p = (2.0, 3.0, 1.5), (1.4, 2.0, 1.8)
    one, weight = panels(0, 1, count=60, order=6)
    u, v = (axis.ravel() for axis in np.meshgrid(one, one, indexing="ij"))
    points = np.stack([u, v * (1 - u), (1 - v) * (1 - u)])
    points /= points.sum(0)
    densities = [stats.dirichlet(concentration).pdf for concentration in (q, p)]
    weights = np.outer(weight, weight).ravel() * (1 - u)
    return Case(distributions.Dirichlet(t(*q)), distributions.Dirichlet(t(*p)), *densities, points, weights)


def gamma_law(concentration: float, rate: float = 1.0):  # type: ignore[no-untyped-def]
    return stats.gamma(concentration, scale=1 / rate)


def exponential_law(rate: float):  # type: ignore[no-untyped-def]
    return stats.expon(scale=1 / rate)


def half_normal_law(scale: float):  # type: ignore[no-untyped-def]
    return stats.halfnorm(scale=scale)


CASES: dict[str, Callable[[], Case]] = {
    "normal": lambda: on_a_line(distributions.Normal, stats.norm, (0.4, 0.8), (-0.3, 1.1), -20, 20),
    "normal_equal_scales": lambda: on_a_line(distributions.Normal, stats.norm, (0.4, 0.8), (-0.3, 0.8), -20, 20),
    "normal_equal_means": lambda: on_a_line(distributions.Normal, stats.norm, (0.4, 0.8), (0.4, 1.1), -20, 20),
    "normal_far": lambda: on_a_line(distributions.Normal, stats.norm, (-4, 1), (4, 1.1), -20, 20),
    "multivariate_normal": on_a_plane,
    "dirichlet": on_a_simplex,
    "beta": lambda: on_a_line(distributions.Beta, stats.beta, (2.0, 3.0), (1.4, 2.3), 0, 1),
    "gamma": lambda: on_a_line(distributions.Gamma, gamma_law, (2.5, 1.5), (1.7, 1.1), 0, 60),
    "exponential": lambda: on_a_line(distributions.Exponential, exponential_law, (1.5,), (0.9,), 0, 60),
    "laplace": lambda: on_a_line(distributions.Laplace, stats.laplace, (0.4, 0.8), (-0.3, 1.1), -60, 60),
    "laplace_equal_rates": lambda: on_a_line(distributions.Laplace, stats.laplace, (0.4, 1.0), (-0.3, 1.0), -60, 60),
    "von_mises": lambda: on_a_line(
        distributions.VonMises, lambda m, k: stats.vonmises(k, m), (0.4, 2.0), (-0.8, 3.1), -np.pi, np.pi
    ),
    "cauchy": lambda: on_a_line(distributions.Cauchy, stats.cauchy, (0.4, 0.8), (-0.3, 1.1), -np.inf, np.inf),
    "half_normal": lambda: on_a_line(distributions.HalfNormal, half_normal_law, (0.8,), (1.1,), 0, 20),
    "log_normal": lambda: on_a_line(
        distributions.LogNormal, lambda m, s: stats.lognorm(s, scale=np.exp(m)), (0.1, 0.3), (-0.1, 0.5), 0, 40
    ),
    "bernoulli": lambda: on_integers(distributions.Bernoulli, stats.bernoulli, 0.2, 0.7, 2),
    "poisson": lambda: on_integers(distributions.Poisson, stats.poisson, 3.2, 4.1, 80),
    "categorical": lambda: Case(
        distributions.Categorical(t(0.2, 0.0, 0.8)),
        distributions.Categorical(t(0.5, 0.2, 0.3)),
        np.array([0.2, 0.0, 0.8]).__getitem__,
        np.array([0.5, 0.2, 0.3]).__getitem__,
        np.arange(3),
        np.ones(3),
    ),
}
cases = pytest.mark.parametrize("name", CASES)


@cases
def test_a_closed_form_is_the_integral_it_stands_for(name):
    case = CASES[name]()
    q, p = case.q_density(case.points), case.p_density(case.points)
    on_planes = name in ("dirichlet", "multivariate_normal")
    compared = 0
    for divergence, definition in DEFINITIONS.items():
        if has_closed_form(divergence, case.q, case.p):
            value = float(divergence(case.q, case.p))
            # |q - p| has kinks, and this density a root at its border, which quadrature does not like
            tolerance = 1e-3 if on_planes else 1e-4 if divergence is total_variation else 1e-5
            assert value == pytest.approx(definition(q, p, case.weights), rel=tolerance, abs=1e-6), divergence
            compared += 1
    assert compared >= (2 if name == "cauchy" else 7)


@cases
def test_monte_carlo_agrees_with_the_integral(name):
    case = CASES[name]()
    q, p = case.q_density(case.points), case.p_density(case.points)
    generator = torch.Generator().manual_seed(1)
    for divergence in (
        kl,
        jensen_shannon,
        total_variation,
        squared_hellinger,
        Renyi(0.3),
        bhattacharyya,
        AmariAlpha(0.5),
    ):
        estimate = monte_carlo(divergence, case.q, case.p, num_samples=2_000, generator=generator)
        exact = DEFINITIONS[divergence](q, p, case.weights)
        assert abs(float(estimate.value) - exact) < 5 * float(estimate.standard_error) + 1e-3, divergence
        assert float(estimate.standard_error) < 0.1 * max(exact, 0.5)
