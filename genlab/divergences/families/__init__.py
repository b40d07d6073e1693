"""The closed forms genlab ships, a family a file; importing this fills the tables of `genlab.divergences` alone."""

from genlab.divergences.families import (
    cauchy,
    dirichlet,
    finite,
    gamma,
    independent,
    laplace,
    multivariate_normal,
    normal,
    poisson,
    transformed,
    uniform,
    von_mises,
)

__all__ = [
    "cauchy",
    "dirichlet",
    "finite",
    "gamma",
    "independent",
    "laplace",
    "multivariate_normal",
    "normal",
    "poisson",
    "transformed",
    "uniform",
    "von_mises",
]
