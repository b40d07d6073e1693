"""Distributions for the tests of divergences: one strategy a family, all in float64."""

import math

import torch
from hypothesis import strategies as st
from torch import Tensor, distributions
from torch.distributions import Distribution

SEEDS = st.integers(0, 2**32 - 1)


def exact(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def scalar(low: float, high: float) -> st.SearchStrategy[Tensor]:
    return st.floats(low, high).map(exact)


def log_scalar(low: float, high: float) -> st.SearchStrategy[Tensor]:
    return scalar(math.log(low), math.log(high)).map(torch.exp)


def vector(size: int, low: float, high: float) -> st.SearchStrategy[Tensor]:
    return st.lists(st.floats(low, high), min_size=size, max_size=size).map(
        lambda values: torch.tensor(values, dtype=torch.float64)
    )


def simplex(size: int) -> st.SearchStrategy[Tensor]:
    """Probabilities, of which some are zero."""
    weights = st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 1)), min_size=size, max_size=size)
    return weights.filter(any).map(lambda values: torch.tensor(values, dtype=torch.float64) / sum(values))


def triangle(size: int) -> st.SearchStrategy[Tensor]:
    """Cholesky factors."""
    count = size * (size - 1) // 2

    def assemble(diagonal: Tensor, below: Tensor) -> Tensor:
        factor = torch.diag(diagonal.exp())
        rows, columns = torch.tril_indices(size, size, -1)
        factor[rows, columns] = below
        return factor

    return st.builds(assemble, vector(size, -1.0, 1.0), vector(count, -1.0, 1.0))


FAMILIES: dict[str, st.SearchStrategy[Distribution]] = {
    "normal": st.builds(distributions.Normal, scalar(-3, 3), log_scalar(0.2, 5)),
    "multivariate_normal": st.builds(
        lambda loc, tril: distributions.MultivariateNormal(loc, scale_tril=tril), vector(3, -2, 2), triangle(3)
    ),
    "independent": st.builds(
        lambda loc, scale: distributions.Independent(distributions.Normal(loc, scale.exp()), 1),
        vector(3, -2, 2),
        vector(3, -1, 1),
    ),
    "bernoulli": st.builds(distributions.Bernoulli, st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1)).map(exact)),
    "categorical": st.builds(distributions.Categorical, simplex(4)),
    "one_hot": st.builds(distributions.OneHotCategorical, simplex(4)),
    "dirichlet": st.builds(lambda a: distributions.Dirichlet(a.exp()), vector(3, -1, 3)),
    "beta": st.builds(distributions.Beta, log_scalar(0.3, 20), log_scalar(0.3, 20)),
    "gamma": st.builds(distributions.Gamma, log_scalar(0.3, 20), log_scalar(0.1, 10)),
    "exponential": st.builds(distributions.Exponential, log_scalar(0.1, 10)),
    "poisson": st.builds(distributions.Poisson, st.one_of(st.just(exact(0.0)), log_scalar(0.1, 20))),
    "laplace": st.builds(distributions.Laplace, scalar(-3, 3), log_scalar(0.2, 5)),
    "von_mises": st.builds(distributions.VonMises, scalar(-3, 3), log_scalar(0.1, 20)),
    "cauchy": st.builds(distributions.Cauchy, scalar(-3, 3), log_scalar(0.2, 5)),
    "log_normal": st.builds(distributions.LogNormal, scalar(-2, 2), log_scalar(0.2, 2)),
    "half_normal": st.builds(distributions.HalfNormal, log_scalar(0.2, 5)),
}
"""Strategies for one distribution of each family."""

FINITE = ("bernoulli", "categorical", "one_hot")
