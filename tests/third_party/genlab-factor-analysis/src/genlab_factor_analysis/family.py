"""Gaussian families whose mean is the exact posterior's and whose covariance is the same for every x.

    q(z given x) = N(m(x), V)

For a given V the bound is largest at the exact mean m(x), whatever V is; the families differ in which V they allow.
They have no parameters of their own: q follows the model, and is at its optimum always.
"""

import abc

import torch
from genlab.interfaces import VariationalFamily
from torch import Tensor

from genlab_factor_analysis.model import FactorAnalysis
from genlab_factor_analysis.posterior import GaussianPosterior


class LinearGaussianFamily(VariationalFamily):
    """q at its optimum given the model's parameters."""

    def __init__(self, model: FactorAnalysis, /) -> None:
        """Make one from a recipe's keys.

        Args:
            model: what q follows.
        """
        super().__init__()
        # The methods and not the model: a module kept here would put the model's parameters into the family's state.
        self._posterior_mean, self._posterior_precision = model.posterior_mean, model.posterior_precision

    @abc.abstractmethod
    def scale_tril(self, precision: Tensor) -> Tensor:
        """Return L, `(J, J)` lower triangular, with L L' = V the best covariance allowed.

        Args:
            precision: M, the exact posterior's, `(J, J)`.
        """

    def posterior(self, x: Tensor) -> GaussianPosterior:
        """Return q for a batch."""
        return GaussianPosterior(self._posterior_mean(x), self.scale_tril(self._posterior_precision()))


def inverse_cholesky(precision: Tensor) -> Tensor:
    """Return the lower triangular L with L L' = M^-1, for M positive definite.

    With the rows and columns of M in reverse order, M = U U' for an upper triangular U, and L = U^-T.
    """
    upper = torch.linalg.cholesky(precision.flip(0, 1)).flip(0, 1)
    eye = torch.eye(len(precision), dtype=precision.dtype, device=precision.device)
    factor: Tensor = torch.linalg.solve_triangular(upper, eye, upper=True).T
    return factor
