"""What torch.distributions knows of pairs of different families, against quadrature."""

import math

import numpy as np
import pytest
import torch
from numpy.polynomial.legendre import leggauss
from torch import Tensor
from torch.distributions import (
    Beta,
    ContinuousBernoulli,
    Distribution,
    Exponential,
    Gamma,
    Gumbel,
    Laplace,
    Normal,
    Pareto,
    Uniform,
)
from torch.distributions.kl import _KL_REGISTRY

from genlab.divergences import kl


def t(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


# q, where it has mass, and a different p
FAMILIES: dict[type, tuple[Distribution, tuple[float, float], Distribution]] = {
    Beta: (Beta(t(2.0), t(3.0)), (0, 1), Beta(t(1.4), t(2.3))),
    ContinuousBernoulli: (ContinuousBernoulli(t(0.3)), (0, 1), ContinuousBernoulli(t(0.6))),
    Exponential: (Exponential(t(1.5)), (0, 40), Exponential(t(0.7))),
    Gamma: (Gamma(t(2.0), t(1.5)), (0, 40), Gamma(t(1.3), t(0.6))),
    Gumbel: (Gumbel(t(0.3), t(0.6)), (-2, 30), Gumbel(t(-0.3), t(0.9))),
    Laplace: (Laplace(t(0.3), t(0.7)), (-30, 30), Laplace(t(-0.3), t(1.1))),
    Normal: (Normal(t(0.4), t(0.8)), (-10, 10), Normal(t(-0.2), t(1.1))),
    Pareto: (Pareto(t(0.2), t(4.0)), (0.2, 2000), Pareto(t(0.1), t(2.0))),
    Uniform: (Uniform(t(0.25), t(0.75)), (0.25, 0.75), Uniform(t(0.0), t(1.0))),
}
PAIRS = [pair for pair in _KL_REGISTRY if pair[0] in FAMILIES and pair[1] in FAMILIES]


def log_prob(distribution: Distribution, x: Tensor) -> Tensor:
    support = distribution.support
    assert support is not None
    inside = support.check(x)
    return torch.where(inside, distribution.log_prob(torch.where(inside, x, distribution.mean)), -math.inf)


@pytest.mark.parametrize(("q_type", "p_type"), PAIRS, ids=lambda one: one.__name__)
def test_kl_is_the_integral_it_stands_for(q_type, p_type):
    q, (low, high), _ = FAMILIES[q_type]
    p = FAMILIES[p_type][2]
    nodes, weights = leggauss(12)
    # the panels of a heavy tail grow with it
    edges = np.geomspace(low, high, 2001) if q_type is Pareto else np.linspace(low, high, 2001)
    half = np.diff(edges)[:, None] / 2
    x = torch.tensor((edges[:-1, None] + half + half * nodes).ravel())
    log_q, log_p = log_prob(q, x), log_prob(p, x)
    expected = (torch.tensor((half * weights).ravel()) * log_q.exp() * (log_q - log_p)).sum()
    torch.testing.assert_close(kl(q, p), expected, rtol=1e-4, atol=1e-6)
